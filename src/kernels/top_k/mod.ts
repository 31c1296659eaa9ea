// The best references of each probe.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/top_k.wgsl. Change both or none.

import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { checkNormalizations, type Normalizations } from "../normalizations.ts";
import { type RankedScores, topK } from "./cpu.ts";
import { createTopK, MAX_K } from "./gpu.ts";

/** A ranking under way: whoever ranks many blocks reads all of them with a single wait for the device. */
export interface Ranking extends Disposable {
  /** What `Runtime.read` has to bring. */
  readonly blocks: readonly Block[];
  /** The ranking, from what was read of `blocks`. */
  ranked(values: readonly Float32Array[]): RankedScores;
}

/**
 * Ranks each row of scores, `[m, n]`, by its k best; with gains and offsets, cosines by the normalised scores that they
 * become. What is given must live on if it is among `Ranking.blocks`.
 */
export type TopK = (scores: Block, k: number, normalizations?: Normalizations) => Ranking;

/** The kernel. */
export const topKKernel: Kernel<TopK> = {
  name: "top_k",
  cpu: (context) => (scores, k, normalizations) => {
    const { data, shape: [rows, columns] } = context.block(scores);
    if (normalizations) checkNormalizations(normalizations, rows, columns);
    const ranking = topK(
      data,
      columns,
      k,
      normalizations && {
        probes: context.block(normalizations.probes).data,
        references: context.block(normalizations.references).data,
      },
    );
    return { blocks: [], ranked: () => ranking, [Symbol.dispose](): void {} };
  },
  gpu: async (context) => {
    const launch = await createTopK(context);
    return (scores, k, normalizations) => {
      const block = context.block(scores), [rows, columns] = block.shape;
      if (normalizations) checkNormalizations(normalizations, rows, columns);
      const count = Math.min(k, columns);
      // The kernel sorts at most so many, and rows without columns have no best.
      if (count > MAX_K || count === 0 || rows === 0) {
        return rankAfterReading(scores, k, normalizations);
      }
      const best = launch(
        block,
        count,
        normalizations && {
          probes: context.block(normalizations.probes),
          references: context.block(normalizations.references),
        },
      );
      return {
        blocks: [best.scores, best.indices],
        ranked: ([values, { buffer, byteOffset, length }]) => ({
          scores: values,
          indices: new Uint32Array(buffer, byteOffset, length),
        }),
        [Symbol.dispose](): void {
          best.scores[Symbol.dispose]();
          best.indices[Symbol.dispose]();
        },
      };
    };
  },
};

function rankAfterReading(scores: Block, k: number, normalizations?: Normalizations): Ranking {
  const [, columns] = scores.shape;
  const given = normalizations ? [normalizations.probes, normalizations.references] : [];
  return {
    blocks: [scores, ...given],
    ranked: ([values, probes, references]) =>
      topK(values, columns, k, normalizations && { probes, references }),
    [Symbol.dispose](): void {},
  };
}
