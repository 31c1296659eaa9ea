// Turns what an embedding network gives into rows of length 1.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/blend_normalize.wgsl. Change both or none.

import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { blendNormalize } from "./cpu.ts";
import { createBlendNormalize } from "./gpu.ts";

/**
 * Adds each embedding and its mirror image's if `mirrored`, and scales the sum to length 1: `[n, dim]`, or
 * `[2 n, dim]` with the mirror images in the second half, to `[n, dim]`.
 */
export type BlendNormalize = (embeddings: Block, mirrored: boolean) => Block;

/** The kernel. */
export const blendNormalizeKernel: Kernel<BlendNormalize> = {
  name: "blend_normalize",
  cpu: (context) => (embeddings, mirrored) => {
    const { data, shape: [rows, dim] } = context.block(embeddings);
    return new CpuBlock(blendNormalize(data, dim, mirrored), [mirrored ? rows / 2 : rows, dim]);
  },
  gpu: createBlendNormalize,
};
