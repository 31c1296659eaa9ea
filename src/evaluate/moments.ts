// How far genuine and impostor scores lie apart, by their means and variances: the G-mean, I-mean and FDR of MaskInv's
// tables, and d'. They look at the whole distributions, where error rates look at the tails.

import { InvalidArgumentError } from "../base/errors.ts";
import { type ComparisonScores, NOT_COMPARED } from "./scores.ts";

/** Means of the two kinds of scores and how separable they are. */
export interface Separability {
  /** Mean genuine score: the G-mean. */
  readonly genuineMean: number;
  /** Mean impostor score: the I-mean. */
  readonly impostorMean: number;
  /** Fisher discriminant ratio, (G-mean - I-mean)^2 / (sum of variances); absent if both variances are 0. */
  readonly fdr?: number;
  /** d' (sensitivity index), |G-mean - I-mean| / sqrt(mean of variances); absent if both variances are 0. */
  readonly dPrime?: number;
}

/**
 * Means, FDR and d' of the comparisons that could be made: scores of {@linkcode NOT_COMPARED} are left out, as they
 * measure nothing. Variances are those of the scores at hand (divided by n).
 *
 * @param scores Genuine and impostor scores.
 * @returns The means, and the ratios if they are defined.
 * @throws {InvalidArgumentError} If no genuine or no impostor comparison could be made.
 *
 * @example
 * ```ts
 * import { separability } from "@maskinv/maskinv/evaluate";
 *
 * const genuine = new Float32Array([0.5, 1]), impostor = new Float32Array([0, 0.5]);
 * console.log(separability({ genuine, impostor }).fdr); // 2
 * ```
 */
export function separability(scores: ComparisonScores): Separability {
  const genuine = moments(scores.genuine, "genuine");
  const impostor = moments(scores.impostor, "impostor");
  const distance = genuine.mean - impostor.mean;
  const variance = genuine.variance + impostor.variance;
  return {
    genuineMean: genuine.mean,
    impostorMean: impostor.mean,
    ...(variance > 0 && {
      fdr: distance ** 2 / variance,
      dPrime: Math.abs(distance) / Math.sqrt(variance / 2),
    }),
  };
}

function moments(scores: Float32Array, kind: string): { mean: number; variance: number } {
  let count = 0, sum = 0;
  for (const score of scores) {
    if (score === NOT_COMPARED) continue;
    count++;
    sum += score;
  }
  if (count === 0) {
    throw new InvalidArgumentError(
      `Cannot take the mean of ${kind} scores as none of ${scores.length} comparisons could be made`,
    );
  }
  const mean = sum / count;
  let squares = 0;
  for (const score of scores) if (score !== NOT_COMPARED) squares += (score - mean) ** 2;
  return { mean, variance: squares / count };
}
