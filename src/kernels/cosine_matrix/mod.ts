// Comparison scores of many templates with many.
// What it computes is defined in cpu.ts, which gemm.ts replaces where onnxruntime is faster; gpu.ts launches
// shaders/cosine_matrix.wgsl. Change all or none.

import { CpuBlock } from "../../runtime/cpu/memory.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { checkNormalizations, type Normalizations, normalizeScores } from "../normalizations.ts";
import { checkDimensions, cosineMatrix } from "./cpu.ts";
import { createGemm, gemmPays } from "./gemm.ts";
import { createCosineMatrix } from "./gpu.ts";

/**
 * Gives the scores of all probes, `[m, dim]`, with all references, `[n, dim]`, as `[m, n]`; all rows of length 1. Scores are
 * cosines, or normalised if gains and offsets are given.
 */
export type CosineMatrix = (
  probes: Block,
  references: Block,
  normalizations?: Normalizations,
) => Promise<Block>;

/** The kernel. */
export const cosineMatrixKernel: Kernel<CosineMatrix> = {
  name: "cosine_matrix",
  cpu: (context) => {
    const gemm = createGemm(context);
    return async (probes, references, normalizations) => {
      const { data: left, shape: [m, dim] } = context.block(probes);
      const { data: right, shape: [n, referenceDim] } = context.block(references);
      checkDimensions(dim, referenceDim);
      const scores = gemmPays(m, n, dim)
        ? await gemm(left, right, dim)
        : cosineMatrix(left, right, dim);
      if (normalizations) {
        checkNormalizations(normalizations, m, n);
        normalizeScores(scores, {
          probes: context.block(normalizations.probes).data,
          references: context.block(normalizations.references).data,
        });
      }
      return new CpuBlock(scores, [m, n]);
    };
  },
  gpu: createCosineMatrix,
};
