// Launches shaders/top_k.wgsl: the best references of each probe, on the GPU, pass by pass.
// Its definition, and the path without a GPU, is cpu.ts.

import type { GpuContext } from "../../runtime/gpu/context.ts";
import { foldWorkgroups } from "../../runtime/gpu/launch.ts";
import type { GpuBlock } from "../../runtime/gpu/memory.ts";
import { topK as code } from "../shaders.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";
import type { Normalizations } from "../normalizations.ts";

/** `struct Params` of the shader. */
export const TOP_K_PARAMS = uniformLayout({
  rows: "u32",
  columns: "u32",
  k: "u32",
  chunks: "u32",
  firstPass: "u32",
  normalized: "u32",
});

/** Candidates per workgroup. */
const CHUNK = 1024;

/** The largest k: every pass leaves at most a quarter of its candidates. */
export const MAX_K = 256;

/** Scores and indices of the k best, `[rows, k]` each; the indices are u32. */
export interface GpuTopK {
  readonly scores: GpuBlock;
  readonly indices: GpuBlock;
}

/** Compiles the kernel for a device: `[rows, columns]` with `columns >= k`, and k from 1 to {@linkcode MAX_K}. */
export async function createTopK(
  context: GpuContext,
): Promise<(scores: GpuBlock, k: number, normalizations?: Normalizations<GpuBlock>) => GpuTopK> {
  const pipeline = await context.pipeline({
    label: "top_k",
    code,
    bindings: ["uniform", "read", "read", "read_write", "read_write", "read", "read"],
  });

  /** One pass: `[rows, columns]` candidates to `[rows, chunks * k]`. */
  const pass = (
    scores: GpuBlock,
    indices: GpuBlock | undefined,
    k: number,
    normalizations?: Normalizations<GpuBlock>,
  ): GpuTopK => {
    const [rows, columns] = scores.shape;
    const chunks = Math.ceil(columns / CHUNK);
    const given = normalizations ? [normalizations.probes, normalizations.references] : [];
    const inputs = [scores, ...indices ? [indices] : [], ...given];
    const bestIndices = context.allocate([rows, chunks * k], inputs);
    const params = TOP_K_PARAMS.pack({
      ...{ rows, columns, k, chunks },
      firstPass: indices ? 0 : 1,
      normalized: normalizations ? 1 : 0,
    });
    try {
      const best = context.produce("top_k", [rows, chunks * k], inputs, (out) => [{
        pipeline,
        // What is not read, as indices in the first pass, must be bound all the same.
        bindings: [
          ...[params, scores, indices ?? scores, out, bestIndices],
          ...[given[0] ?? scores, given[1] ?? scores],
        ],
        workgroups: foldWorkgroups(rows * chunks),
      }]);
      return { scores: best, indices: bestIndices };
    } catch (error) {
      bestIndices[Symbol.dispose]();
      throw error;
    }
  };

  return (scores, k, normalizations) => {
    // Later passes rank what the first one has normalised.
    let best = pass(scores, undefined, k, normalizations);
    while (best.scores.shape[1] > k) {
      using _candidates = best.scores;
      using _indices = best.indices;
      best = pass(best.scores, best.indices, k);
    }
    return best;
  };
}
