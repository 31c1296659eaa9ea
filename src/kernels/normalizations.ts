// What the kernels of scores know of normalisation: score = cosine * (gain_p + gain_r) + offset_p + offset_r, with a gain
// and an offset of each probe and of each reference. pipeline/score/normalize.ts says where they come from.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Block } from "../runtime/memory.ts";

/** Gain and offset of each row, `[rows, 2]`. */
export interface Normalizations<Rows = Block> {
  readonly probes: Rows;
  readonly references: Rows;
}

/** Throws InvalidArgumentError unless there is a gain and an offset for each of so many probes and references. */
export function checkNormalizations(
  { probes, references }: Normalizations<Pick<Block, "shape">>,
  m: number,
  n: number,
): void {
  for (const [shape, rows] of [[probes.shape, m], [references.shape, n]] as const) {
    if (shape.length === 2 && shape[0] === rows && shape[1] === 2) continue;
    throw new InvalidArgumentError(
      `Cannot normalise the scores of ${rows} rows by a block of shape ${shape.join("x")}: ` +
        `give a gain and an offset for each, ${rows}x2`,
    );
  }
}

/** Turns cosines, `[m, n]`, into normalised scores, in place; both shaders do the same to each number. */
export function normalizeScores(
  scores: Float32Array,
  { probes, references }: Normalizations<Float32Array>,
): void {
  const m = probes.length / 2, n = references.length / 2;
  for (let i = 0; i < m; i++) {
    const gain = probes[2 * i], offset = probes[2 * i + 1];
    for (let j = 0; j < n; j++) {
      const at = i * n + j;
      scores[at] = scores[at] * (gain + references[2 * j]) + (offset + references[2 * j + 1]);
    }
  }
}
