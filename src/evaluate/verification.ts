// How well scores tell genuine from impostor comparisons, in the terms of ISO/IEC 19795-1.
// Used by the LFW script that measures the thresholds of models/manifest.json.

import { InvalidArgumentError } from "../errors.ts";

/** Scores of comparisons whose truth is known. */
export interface ComparisonScores {
  /** Scores of two samples of one person. */
  readonly genuine: Float32Array;
  /** Scores of samples of two persons. */
  readonly impostor: Float32Array;
}

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
  if (!(fmr > 0 && fmr < 1) || impostor.length * fmr < 1) {
    throw new InvalidArgumentError(
      `Cannot find a threshold for FMR ${fmr} in ${impostor.length} impostor scores: ` +
        `it takes an FMR between 0 and 1 and at least ${Math.ceil(1 / fmr)} scores`,
    );
  }
  const sorted = impostor.slice().sort();
  const allowed = Math.floor(impostor.length * fmr);
  return justAbove(sorted[sorted.length - 1 - allowed]);
}

/** The next float32 above a score, so that ties with the score itself fall below the threshold. */
function justAbove(score: number): number {
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

/** Result of {@linkcode foldAccuracy}. */
export interface FoldAccuracy {
  /** Mean over the folds of the share of comparisons decided rightly. */
  readonly accuracy: number;
  /** Standard deviation over the folds. */
  readonly deviation: number;
  /** The threshold of each fold, chosen on the other folds. */
  readonly thresholds: readonly number[];
}

/**
 * The accuracy of LFW's protocol: each fold is decided at the threshold that is best on the other folds
 * (Huang et al., "Labeled Faces in the Wild", 2007).
 *
 * @param folds The scores of each fold, two folds or more.
 * @returns Mean accuracy, its deviation over the folds, and the thresholds.
 * @throws {InvalidArgumentError} If there are fewer than two folds.
 *
 * @example
 * ```ts
 * import { foldAccuracy } from "@maskinv/maskinv/evaluate";
 *
 * const fold = { genuine: new Float32Array([0.8, 0.9]), impostor: new Float32Array([0.1, 0.2]) };
 * console.log(foldAccuracy([fold, fold]).accuracy); // 1
 * ```
 */
export function foldAccuracy(folds: readonly ComparisonScores[]): FoldAccuracy {
  if (folds.length < 2) {
    throw new InvalidArgumentError(
      `Cannot cross-validate ${folds.length} fold: give two folds or more`,
    );
  }
  const thresholds = folds.map((_, left) => bestThreshold(folds.filter((_, i) => i !== left)));
  const accuracies = folds.map(({ genuine, impostor }, i) => {
    const right = genuine.filter((score) => score >= thresholds[i]).length +
      impostor.filter((score) => score < thresholds[i]).length;
    return right / (genuine.length + impostor.length);
  });
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / folds.length;
  const variance = accuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0) /
    folds.length;
  return { accuracy, deviation: Math.sqrt(variance), thresholds };
}

/** The threshold with the most right decisions; the middle of the gap between scores, the lowest of equals. */
function bestThreshold(folds: readonly ComparisonScores[]): number {
  const scored = folds.flatMap(({ genuine, impostor }) => [
    ...Array.from(genuine, (score) => ({ score, genuine: true })),
    ...Array.from(impostor, (score) => ({ score, genuine: false })),
  ]).sort((a, b) => a.score - b.score);
  let right = scored.filter((entry) => entry.genuine).length;
  let most = right, threshold = scored[0].score;
  for (let i = 0; i < scored.length; i++) {
    right += scored[i].genuine ? -1 : 1;
    const next = scored[i + 1]?.score ?? Infinity;
    if (right > most && next > scored[i].score) {
      most = right;
      threshold = Number.isFinite(next) ? (scored[i].score + next) / 2 : scored[i].score + 1e-6;
    }
  }
  return threshold;
}

/**
 * The Wilson score interval of a share, which holds also near 0 and 1 (Wilson, JASA 1927).
 *
 * @param count How often it happened.
 * @param total Of how many, above 0; treated as independent, which comparisons that share a person are not.
 * @param z Normal quantile; 1.96 gives 95%.
 * @returns Lower and upper end, 0..1.
 *
 * @example
 * ```ts
 * import { wilsonInterval } from "@maskinv/maskinv/evaluate";
 *
 * console.log(wilsonInterval(3, 3000).map((end) => end.toFixed(5))); // ["0.00034", "0.00294"]
 * ```
 */
export function wilsonInterval(count: number, total: number, z = 1.96): [number, number] {
  const share = count / total, weight = z * z / total;
  const middle = (share + weight / 2) / (1 + weight);
  const half = z * Math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
