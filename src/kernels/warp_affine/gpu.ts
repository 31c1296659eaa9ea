// Launches shaders/warp_affine.wgsl: crops of faces, and FaceMesh's crops, on the GPU.
// One dispatch per photo fills its crops of one common block. The definition is cpu.ts.

import { channelPlan, tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import type { GpuContext } from "../../runtime/gpu/context.ts";
import { type Binding, type Dispatch, MAX_WORKGROUPS } from "../../runtime/gpu/launch.ts";
import type { GpuMemory, GpuPhoto } from "../../runtime/gpu/memory.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";
import type { Block } from "../../runtime/memory.ts";
import { packCropMaps } from "../crop_maps.ts";
import { warpAffine as code } from "../shaders.ts";
import type { WarpJobs } from "./jobs.ts";

/** `struct Params` of the shader. */
export const WARP_AFFINE_PARAMS = uniformLayout({
  photoSize: "vec2i",
  size: "u32",
  pixelStride: "u32",
  crops: "u32",
  mirrored: "u32",
  firstMap: "u32",
  offset: "vec3u",
  gain: "vec3f",
  bias: "vec3f",
});

/** What one dispatch cuts out of one photo. */
interface PhotoWarps {
  readonly photo: GpuPhoto;
  readonly maps: Binding;
  /** The first of its maps, and how many they are. */
  readonly firstMap: number;
  readonly count: number;
}

/** Compiles the kernel for a device. */
export async function createWarpAffine(
  context: GpuContext,
): Promise<(jobs: WarpJobs, spec: TensorSpec, mirrored: boolean) => Block> {
  const pipeline = await context.pipeline({
    label: "warp_affine",
    code,
    bindings: ["uniform", "read", "read", "read_write"],
  });
  return (jobs, spec, mirrored) => {
    const { size } = spec;
    const common = { size, mirrored: mirrored ? 1 : 0, ...channelPlan(spec) };
    const tiles = Math.ceil(size / 8);
    const crops = "maps" in jobs ? jobs.photos.length : jobs.length;
    const warps = photoWarps(context, jobs, size);
    const inputs: GpuMemory[] = warps.map(({ photo }) => photo);
    if ("maps" in jobs) inputs.push(context.block(jobs.maps));
    const shape = tensorShape(spec, crops * (mirrored ? 2 : 1));
    return context.produce(
      "warp_affine",
      shape,
      inputs,
      (out) =>
        warps.map(({ photo, maps, firstMap, count }): Dispatch => {
          const photoSize = [photo.width, photo.height] as const;
          const params = WARP_AFFINE_PARAMS.pack({ ...common, photoSize, crops, firstMap });
          return {
            pipeline,
            bindings: [params, photo, maps, out],
            workgroups: [tiles, tiles, count],
          };
        }),
    );
  };
}

function photoWarps(context: GpuContext, jobs: WarpJobs, size: number): PhotoWarps[] {
  if ("maps" in jobs) {
    const maps = context.block(jobs.maps);
    return jobs.photos.map((photo, i) => ({
      photo: context.photo(photo),
      maps,
      firstMap: i,
      count: 1,
    }));
  }
  const perPhoto = Map.groupBy(
    jobs.map(({ cropToPhoto }, slot) => ({ cropToPhoto, slot })),
    ({ slot }) => context.photo(jobs[slot].photo),
  );
  const warps: PhotoWarps[] = [];
  for (const [photo, ofPhoto] of perPhoto) {
    for (let start = 0; start < ofPhoto.length; start += MAX_WORKGROUPS) {
      const part = ofPhoto.slice(start, start + MAX_WORKGROUPS);
      const maps = packCropMaps(part, size);
      warps.push({ photo, maps, firstMap: 0, count: part.length });
    }
  }
  return warps;
}
