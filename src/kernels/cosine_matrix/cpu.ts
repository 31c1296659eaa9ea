// Comparison scores of many templates with many: the reference of shaders/cosine_matrix.wgsl and the path without a GPU.
// Templates have length 1, so that the cosine is the inner product.

import { InvalidArgumentError } from "../../base/errors.ts";

/** Throws InvalidArgumentError unless probes and references have as many dimensions. */
export function checkDimensions(probeDim: number, referenceDim: number): void {
  if (probeDim === referenceDim) return;
  throw new InvalidArgumentError(
    `Cannot compare probes of ${probeDim} dimensions with references of ${referenceDim}: ` +
      `take both from the same model`,
  );
}

/**
 * Returns the cosine of every probe with every reference.
 *
 * @param probes `[m, dim]`, rows of length 1.
 * @param references `[n, dim]`, rows of length 1.
 * @param dim The number of dimensions.
 * @returns `[m, n]`, each in -1..1.
 */
export function cosineMatrix(
  probes: Float32Array,
  references: Float32Array,
  dim: number,
): Float32Array<ArrayBuffer> {
  const m = probes.length / dim, n = references.length / dim;
  const out = new Float32Array(m * n);
  const even = dim - dim % 4;
  // Blocks of references stay in the cache while every probe passes over them.
  const block = Math.max(1, Math.floor(32768 / dim));
  for (let start = 0; start < n; start += block) {
    const end = Math.min(n, start + block);
    for (let i = 0; i < m; i++) {
      const from = i * dim;
      for (let j = start; j < end; j++) {
        const to = j * dim;
        // Four sums hide the latency of the additions.
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
        for (; k < even; k += 4) {
          s0 += probes[from + k] * references[to + k];
          s1 += probes[from + k + 1] * references[to + k + 1];
          s2 += probes[from + k + 2] * references[to + k + 2];
          s3 += probes[from + k + 3] * references[to + k + 3];
        }
        for (; k < dim; k++) s0 += probes[from + k] * references[to + k];
        out[i * n + j] = s0 + s1 + (s2 + s3);
      }
    }
  }
  return out;
}
