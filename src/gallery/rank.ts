// From candidate rows to ranked identities. Scores are computed anew in double precision here, so that every store
// gives the same numbers and the same order, whatever hardware or database found the candidates.

import { normalizedScore } from "../pipeline/score/normalize.ts";
import type { Normalization, Template } from "../pipeline/score/template.ts";
import type { Candidate } from "./store.ts";

/** A row that may be among the best, and whose it is. */
export interface CandidateRow {
  readonly identity: string;
  readonly embedding: Float32Array;
  /** Needed where the probe has one. */
  readonly normalization?: Pick<Normalization, "gain" | "offset">;
}

/** So many more identities than asked for are looked at, as rounding may swap those whose scores are almost equal. */
export const SLACK = 8;

/**
 * The k identities with the highest scores.
 *
 * @param probe The probe; scores are normalised if it has a normalisation, and cosines else.
 * @param rows Candidate rows: at least all rows that could decide the first k identities.
 * @param k How many identities; all if there are fewer.
 * @returns Best first; equal scores in the order of the names.
 */
export function rankIdentities(
  probe: Pick<Template, "embedding" | "normalization">,
  rows: Iterable<CandidateRow>,
  k: number,
): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const { identity, embedding, normalization } of rows) {
    const cosine = cosineOf(probe.embedding, embedding);
    const score = probe.normalization
      ? normalizedScore(cosine, probe.normalization, normalization!)
      : cosine;
    if (score > (best.get(identity)?.score ?? -Infinity)) {
      best.set(identity, { identity, score, cosine });
    }
  }
  return [...best.values()]
    .sort((a, b) => b.score - a.score || (a.identity < b.identity ? -1 : 1))
    .slice(0, k);
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return Math.min(1, Math.max(-1, sum));
}
