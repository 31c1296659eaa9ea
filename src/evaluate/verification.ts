// Error rates at a threshold and thresholds for an error rate, in the terms of ISO/IEC 19795-1.
// metrics.ts has all of them at once, with intervals.

import { InvalidArgumentError } from "../base/errors.ts";
import type { ComparisonScores } from "./scores.ts";

/**
 * The false match rate at a threshold: the share of impostor comparisons that score at least the threshold.
 *
 * @param impostor Impostor scores.
 * @param threshold Score from which on a comparison is a match.
 * @returns The rate, 0..1.
 * @throws {InvalidArgumentError} If there are no scores.
 *
 * @example
 * ```ts
 * import { falseMatchRate } from "@maskinv/maskinv/evaluate";
 *
 * console.log(falseMatchRate(new Float32Array([0.1, 0.2, 0.3, 0.5]), 0.5)); // 0.25
 * ```
 */
export function falseMatchRate(impostor: Float32Array, threshold: number): number {
  return shareAtLeast(impostor, threshold, "impostor");
}

/**
 * The false non-match rate at a threshold: the share of genuine comparisons that score below it.
 *
 * @param genuine Genuine scores.
 * @param threshold Score from which on a comparison is a match.
 * @returns The rate, 0..1.
 * @throws {InvalidArgumentError} If there are no scores.
 *
 * @example
 * ```ts
 * import { falseNonMatchRate } from "@maskinv/maskinv/evaluate";
 *
 * console.log(falseNonMatchRate(new Float32Array([0.4, 0.6, 0.7, 0.8]), 0.5)); // 0.25
 * ```
 */
export function falseNonMatchRate(genuine: Float32Array, threshold: number): number {
  return 1 - shareAtLeast(genuine, threshold, "genuine");
}

function shareAtLeast(scores: Float32Array, threshold: number, kind: string): number {
  if (scores.length === 0) {
    throw new InvalidArgumentError(
      `Cannot give an error rate as there are no ${kind} scores: give some`,
    );
  }
  let count = 0;
  for (const score of scores) if (score >= threshold) count++;
  return count / scores.length;
}

/**
 * The lowest threshold whose false match rate does not exceed `fmr` on these impostor scores.
 *
 * @param impostor Impostor scores, at least `1 / fmr` of them.
 * @param fmr The false match rate aimed at, above 0 and below 1.
 * @returns The threshold: just above the highest impostor score that has to be turned away.
 * @throws {InvalidArgumentError} If there are too few scores to support `fmr`; says how many it takes.
 *
 * @example
 * ```ts
 * import { thresholdAtFmr } from "@maskinv/maskinv/evaluate";
 *
 * const scores = Float32Array.from({ length: 100 }, (_, i) => i / 100);
 * console.log(thresholdAtFmr(scores, 0.02).toFixed(3)); // 0.970
 * ```
 */
export function thresholdAtFmr(impostor: Float32Array, fmr: number): number {
  if (!(fmr > 0 && fmr < 1) || !supportsFmr(impostor.length, fmr)) {
    throw new InvalidArgumentError(
      `Cannot find a threshold for FMR ${fmr} in ${impostor.length} impostor scores: ` +
        `it takes an FMR between 0 and 1 and at least ${Math.ceil(1 / fmr)} scores`,
    );
  }
  return orderedThreshold(impostor.slice().sort(), fmr);
}

/** Whether so many impostor comparisons can show a false match rate at all: one of them has to be a false match. */
export function supportsFmr(impostors: number, fmr: number): boolean {
  return allowedMatches(impostors, fmr) >= 1;
}

/** As {@linkcode thresholdAtFmr}, of ascending scores that support the rate. */
export function orderedThreshold(impostor: Float32Array, fmr: number): number {
  return justAbove(impostor[impostor.length - 1 - allowedMatches(impostor.length, fmr)]);
}

/** The most false matches in so many impostor comparisons whose share does not exceed a rate. */
export function allowedMatches(impostors: number, fmr: number): number {
  // 100 * 0.29 is a little less than 29, though 29 / 100 is 0.29: the share decides, not the product.
  let allowed = Math.round(impostors * fmr);
  while (allowed / impostors > fmr) allowed--;
  return allowed;
}

/** The next float32 above a score, so that ties with the score itself fall below the threshold. */
export function justAbove(score: number): number {
  const value = new Float32Array([score]);
  const bits = new Int32Array(value.buffer);
  if (score === 0) bits[0] = 1;
  else bits[0] += score > 0 ? 1 : -1;
  return value[0];
}

/**
 * The share of genuine comparisons that match at the threshold with false match rate `fmr`: the TAR@FMR of the field.
 *
 * @param scores Genuine and impostor scores.
 * @param fmr The false match rate.
 * @returns The rate, 0..1.
 * @throws {InvalidArgumentError} If the impostor scores cannot support `fmr`.
 *
 * @example
 * ```ts
 * import { trueMatchRateAtFmr } from "@maskinv/maskinv/evaluate";
 *
 * const impostor = Float32Array.from({ length: 100 }, (_, i) => i / 200);
 * console.log(trueMatchRateAtFmr({ genuine: new Float32Array([0.4, 0.9]), impostor }, 0.01)); // 0.5
 * ```
 */
export function trueMatchRateAtFmr(scores: ComparisonScores, fmr: number): number {
  return 1 - falseNonMatchRate(scores.genuine, thresholdAtFmr(scores.impostor, fmr));
}
