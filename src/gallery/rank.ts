// From candidate rows to ranked identities. Scores are computed anew in double precision here, so that every store
// gives the same numbers and the same order, whatever hardware or database found the candidates.

import type { Candidate } from "./store.ts";

/** A row that may be among the best, and whose it is. */
export interface CandidateRow {
  readonly identity: string;
  readonly embedding: Float32Array;
}

/** So many more identities than asked for are looked at, as rounding may swap those whose scores are almost equal. */
export const SLACK = 8;

/**
 * The k identities with the highest scores.
 *
 * @param probe The probe's embedding, of length 1.
 * @param rows Candidate rows: at least all rows that could decide the first k identities.
 * @param k How many identities; all if there are fewer.
 * @returns Best first; equal scores in the order of the names.
 */
export function rankIdentities(
  probe: Float32Array,
  rows: Iterable<CandidateRow>,
  k: number,
): Candidate[] {
  const best = new Map<string, number>();
  for (const { identity, embedding } of rows) {
    const score = cosine(probe, embedding);
    if (score > (best.get(identity) ?? -Infinity)) best.set(identity, score);
  }
  return Array.from(best, ([identity, score]) => ({ identity, score }))
    .sort((a, b) => b.score - a.score || (a.identity < b.identity ? -1 : 1))
    .slice(0, k);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return Math.min(1, Math.max(-1, sum));
}
