// Cuts turned and scaled crops out of photos.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/warp_affine.wgsl. Change both or none.

import type { CpuContext } from "../../runtime/cpu/context.ts";
import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import { unpackCropMap } from "../crop_maps.ts";
import { warpAffine } from "./cpu.ts";
import { createWarpAffine } from "./gpu.ts";
import type { WarpJob, WarpJobs } from "./jobs.ts";

export type { WarpJob } from "./jobs.ts";

/** Gives the crops of all jobs in the form of `spec`, followed by their mirror images if `mirrored`. */
export type WarpAffine = (jobs: WarpJobs, spec: TensorSpec, mirrored: boolean) => Block;

/** The kernel. */
export const warpAffineKernel: Kernel<WarpAffine> = {
  name: "warp_affine",
  cpu: (context) => (jobs, spec, mirrored) => {
    const warps = listed(context, jobs, spec).map(({ photo, cropToPhoto }) => ({
      image: context.photo(photo).image,
      cropToPhoto,
    }));
    const count = warps.length * (mirrored ? 2 : 1);
    return new CpuBlock(warpAffine(warps, spec, mirrored), tensorShape(spec, count));
  },
  gpu: createWarpAffine,
};

function listed(context: CpuContext, jobs: WarpJobs, { size }: TensorSpec): readonly WarpJob[] {
  if (!("maps" in jobs)) return jobs;
  const { data } = context.block(jobs.maps);
  return jobs.photos.map((photo, i) => ({ photo, cropToPhoto: unpackCropMap(data, i, size) }));
}
