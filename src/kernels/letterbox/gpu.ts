// Launches shaders/letterbox.wgsl: the detector's input of a batch of photos on the GPU, one dispatch each.
// Its definition, and the path without a GPU, is cpu.ts.

import { channelPlan, tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import { letterboxFit, type LetterboxJob, turnedSteps } from "./cpu.ts";
import type { GpuContext } from "../../runtime/gpu/context.ts";
import type { Block, Photo } from "../../runtime/memory.ts";
import { letterbox as code } from "../shaders.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";

/** `struct Params` of the shader. */
export const LETTERBOX_PARAMS = uniformLayout({
  photoSize: "vec2u",
  origin: "vec2f",
  step: "f32",
  footprint: "f32",
  size: "u32",
  pixelStride: "u32",
  insideFirst: "vec2u",
  insideEnd: "vec2u",
  first: "u32",
  stepX: "i32",
  stepY: "i32",
  offset: "vec3u",
  gain: "vec3f",
  bias: "vec3f",
});

/** Compiles the kernel for a device. */
export async function createLetterbox(
  context: GpuContext,
): Promise<(jobs: readonly LetterboxJob<Photo>[], spec: TensorSpec, margin?: number) => Block> {
  const pipeline = await context.pipeline({
    label: "letterbox",
    code,
    bindings: ["uniform", "read", "read_write"],
  });
  return (jobs, spec, margin) => {
    const { size } = spec;
    const plan = channelPlan(spec), tiles = Math.ceil(size / 8);
    // The shader counts in pixels, which are `pixelStride` numbers apart.
    const pixelsApart = 3 * size * size / plan.pixelStride;
    const photos = jobs.map(({ photo }) => context.photo(photo));
    return context.produce(
      "letterbox",
      tensorShape(spec, jobs.length),
      photos,
      (out) =>
        jobs.map(({ turns }, slot) => {
          const photo = photos[slot];
          const { scale, padX, padY } = letterboxFit(photo.width, photo.height, size, margin);
          const columns = insideRange(size, padX, scale, photo.width);
          const rows = insideRange(size, padY, scale, photo.height);
          const { first, stepX, stepY } = turnedSteps(size, turns);
          const params = LETTERBOX_PARAMS.pack({
            photoSize: [photo.width, photo.height],
            origin: [(0.5 - padX) / scale, (0.5 - padY) / scale],
            step: 1 / scale,
            footprint: Math.max(1, 1 / scale),
            size,
            insideFirst: [columns.first, rows.first],
            insideEnd: [columns.end, rows.end],
            first: first + slot * pixelsApart,
            stepX,
            stepY,
            ...plan,
          });
          return { pipeline, bindings: [params, photo, out], workgroups: [tiles, tiles, 1] };
        }),
    );
  };
}

/** Returns the positions whose middle lies on the photo, decided in f64 like the TypeScript kernel. */
function insideRange(
  size: number,
  pad: number,
  scale: number,
  length: number,
): { first: number; end: number } {
  let first = 0, end = size;
  while (first < size && (first + 0.5 - pad) / scale <= 0) first++;
  while (end > first && (end - 0.5 - pad) / scale >= length) end--;
  return { first, end };
}
