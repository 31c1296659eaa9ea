// Cuts turned and scaled crops out of photos.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/warp_affine.wgsl. Change both or none.

import type { Affine } from "../../math/affine.ts";
import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block, Photo } from "../../runtime/memory.ts";
import { tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import { warpAffine } from "./cpu.ts";
import { createWarpAffine } from "./gpu.ts";

/** One crop to cut: which photo, and the map from crop pixels to photo pixels (pixel centres at integers). */
export interface WarpJob {
  readonly photo: Photo;
  readonly cropToPhoto: Affine;
}

/** Gives the crops of all jobs in the form of `spec`, followed by their mirror images if `mirrored`. */
export type WarpAffine = (
  jobs: readonly WarpJob[],
  spec: TensorSpec,
  mirrored: boolean,
) => Block;

/** The kernel. */
export const warpAffineKernel: Kernel<WarpAffine> = {
  name: "warp_affine",
  cpu: (context) => (jobs, spec, mirrored) => {
    const warps = jobs.map(({ photo, cropToPhoto }) => ({
      image: context.photo(photo).image,
      cropToPhoto,
    }));
    const count = jobs.length * (mirrored ? 2 : 1);
    return new CpuBlock(warpAffine(warps, spec, mirrored), tensorShape(spec, count));
  },
  gpu: createWarpAffine,
};
