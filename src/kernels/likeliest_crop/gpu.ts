// Launches shaders/likeliest_crop.wgsl: the crops around what a detector has found, without waiting for its maps.
// The definition is cpu.ts.

import type { GpuContext } from "../../runtime/gpu/context.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";
import type { Block } from "../../runtime/memory.ts";
import { CROP_MAP_LENGTH } from "../crop_maps.ts";
import { likeliestCrop as code } from "../shaders.ts";
import type { LikeliestCropOptions, PlacedPhoto } from "./cpu.ts";

/** `struct Params` of the shader. */
export const LIKELIEST_CROP_PARAMS = uniformLayout({
  size: "u32",
  channelsLast: "u32",
  cropSize: "f32",
  room: "f32",
});

/** `struct Picture` of the shader. */
export const LIKELIEST_CROP_PICTURE = uniformLayout({ pad: "vec2f", scale: "f32" });

/** Compiles the kernel for a device. */
export async function createLikeliestCrop(
  context: GpuContext,
): Promise<
  (maps: readonly Block[], photos: readonly PlacedPhoto[], options: LikeliestCropOptions) => Block
> {
  const pipeline = await context.pipeline({
    label: "likeliest_crop",
    code,
    bindings: ["uniform", "read", "read", "read", "read", "read_write"],
  });
  return (given, photos, { size, layout, cropSize, room }) => {
    const maps = given.map((map) => context.block(map));
    const channelsLast = layout === "NHWC" ? 1 : 0;
    const params = LIKELIEST_CROP_PARAMS.pack({ size, channelsLast, cropSize, room });
    const pictures = LIKELIEST_CROP_PICTURE.pack(
      ...photos.map(({ scale, padX, padY }) => ({ pad: [padX, padY] as const, scale })),
    );
    const shape = [photos.length, CROP_MAP_LENGTH];
    return context.produce("likeliest_crop", shape, maps, (out) => [
      { pipeline, bindings: [params, ...maps, pictures, out], workgroups: [photos.length, 1, 1] },
    ]);
  };
}
