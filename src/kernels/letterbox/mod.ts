// Fits whole photos into the square input of a detector, upright or turned by quarters.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/letterbox.wgsl. Change both or none.

import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block, Photo } from "../../runtime/memory.ts";
import { tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import { letterbox, type LetterboxJob } from "./cpu.ts";
import { createLetterbox } from "./gpu.ts";

/**
 * Gives the photos in the form of `spec`, `[n, size, size, 3]` or `[n, 3, size, size]`: centred, black around them, with
 * a border of `margin` times the photo's longer side on each side.
 */
export type Letterbox = (
  jobs: readonly LetterboxJob<Photo>[],
  spec: TensorSpec,
  margin?: number,
) => Block;

/** The kernel. */
export const letterboxKernel: Kernel<Letterbox> = {
  name: "letterbox",
  cpu: (context) => (jobs, spec, margin) => {
    const images = jobs.map(({ photo, turns }) => ({ photo: context.photo(photo).image, turns }));
    return new CpuBlock(letterbox(images, spec, margin), tensorShape(spec, jobs.length));
  },
  gpu: createLetterbox,
};
