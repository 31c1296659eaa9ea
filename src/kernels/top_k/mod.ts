// The best references of each probe.
// What it computes is defined in cpu.ts; gpu.ts launches shaders/top_k.wgsl. Change both or none.

import type { Kernel } from "../../runtime/kernel.ts";
import type { Block } from "../../runtime/memory.ts";
import { type RankedScores, topK } from "./cpu.ts";
import { createTopK, MAX_K } from "./gpu.ts";

/** A ranking under way: whoever ranks many blocks reads all of them with a single wait for the device. */
export interface Ranking extends Disposable {
  /** What `Runtime.read` has to bring. */
  readonly blocks: readonly Block[];
  /** The ranking, from what was read of `blocks`. */
  ranked(values: readonly Float32Array[]): RankedScores;
}

/** Ranks each row of scores, `[m, n]`, by its k best. The scores must live on if they are among `Ranking.blocks`. */
export type TopK = (scores: Block, k: number) => Ranking;

/** The kernel. */
export const topKKernel: Kernel<TopK> = {
  name: "top_k",
  cpu: (context) => (scores, k) => {
    const { data, shape: [, columns] } = context.block(scores);
    const ranking = topK(data, columns, k);
    return { blocks: [], ranked: () => ranking, [Symbol.dispose](): void {} };
  },
  gpu: async (context) => {
    const launch = await createTopK(context);
    return (scores, k) => {
      const block = context.block(scores), [rows, columns] = block.shape;
      const count = Math.min(k, columns);
      // The kernel sorts at most so many, and rows without columns have no best.
      if (count > MAX_K || count === 0 || rows === 0) return rankAfterReading(scores, k);
      const best = launch(block, count);
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

function rankAfterReading(scores: Block, k: number): Ranking {
  const [, columns] = scores.shape;
  return {
    blocks: [scores],
    ranked: ([values]) => topK(values, columns, k),
    [Symbol.dispose](): void {},
  };
}
