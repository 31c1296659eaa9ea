// Accuracy and VAL@FAR as the released code of MaskInv computes them (insightface's verification.py, after facenet's):
// squared L2 distances of normalised templates, thresholds of a grid over 0..4. Kept to compare with published numbers.

import { checkFolds, type FoldAccuracy, summarizeFolds } from "./accuracy.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { ComparisonScores } from "./scores.ts";

/** The squared L2 distance of two templates of length 1, from their cosine. */
function distance(score: number): number {
  return Math.max(0, 2 - 2 * score);
}

/**
 * The accuracy of the released code: a pair is called genuine if the squared L2 distance of its templates is below a
 * threshold, which for each fold is the first of 0, 0.01, ... 3.99 that is best on the other folds.
 *
 * @param folds The scores (cosines) of each fold, two folds or more.
 * @returns Mean accuracy, its deviation over the folds, and the thresholds as squared distances.
 * @throws {InvalidArgumentError} If there are fewer than two folds, or one has no scores.
 *
 * @example
 * ```ts
 * import { releasedAccuracy } from "@maskinv/maskinv/evaluate";
 *
 * const fold = { genuine: new Float32Array([0.9]), impostor: new Float32Array([0.1]) };
 * console.log(releasedAccuracy([fold, fold]).thresholds.map((t) => t.toFixed(2))); // ["0.21", "0.21"]
 * ```
 */
export function releasedAccuracy(folds: readonly ComparisonScores[]): FoldAccuracy {
  checkFolds(folds);
  const grid = new Grid(0.01, 400);
  const right = folds.map(({ genuine, impostor }) => {
    const accepted = grid.below(genuine), wrong = grid.below(impostor);
    return accepted.map((count, i) => count + impostor.length - wrong[i]);
  });
  const all = sum(right);
  const best = right.map((ofFold) => {
    let at = 0;
    for (let i = 1; i < all.length; i++) if (all[i] - ofFold[i] > all[at] - ofFold[at]) at = i;
    return at;
  });
  const rates = folds.map(({ genuine, impostor }, i) =>
    right[i][best[i]] / (genuine.length + impostor.length)
  );
  return { ...summarizeFolds(rates), thresholds: best.map((i) => grid.at(i)) };
}

/** Result of {@linkcode valAtFar}. */
export interface ValidationRate {
  /** Mean over the folds of the share of genuine pairs accepted: VAL. */
  readonly val: number;
  /** Standard deviation of it over the folds. */
  readonly deviation: number;
  /** 95% interval of the mean, by Student's t over the folds. */
  readonly interval: readonly [number, number];
  /** Mean over the folds of the share of impostor pairs accepted: what the rate aimed at came to. */
  readonly far: number;
}

/**
 * VAL@FAR as insightface's `calculate_val`: for each fold, the threshold at which the other folds reach the false accept
 * rate, interpolated in a grid of squared distances 0, 0.001, ... 3.999; then the rates of the fold at that threshold.
 * Where the other folds keep a rate over several thresholds, the lowest counts. A threshold is 0 if the rate is never
 * reached.
 *
 * @param folds The scores (cosines) of each fold, two folds or more, with scores of both kinds in each.
 * @param far The false accept rate, above 0 and below 1; 0.001 in the released code.
 * @returns The validation rate and the false accept rate that came with it.
 * @throws {InvalidArgumentError} If there are fewer than two folds, a fold lacks scores, or the rate is out of range.
 *
 * @example
 * ```ts
 * import { valAtFar } from "@maskinv/maskinv/evaluate";
 *
 * const fold = { genuine: new Float32Array([0.9, 0.2]), impostor: new Float32Array([0.1, 0.3]) };
 * console.log(valAtFar([fold, fold], 0.25).val); // 0.5
 * ```
 */
export function valAtFar(folds: readonly ComparisonScores[], far = 0.001): ValidationRate {
  checkFolds(folds);
  const lacking = folds.findIndex(({ genuine, impostor }) => !genuine.length || !impostor.length);
  if (lacking >= 0 || !(far > 0 && far < 1)) {
    throw new InvalidArgumentError(
      lacking >= 0
        ? `Cannot find VAL@FAR as fold ${lacking} lacks genuine or impostor scores`
        : `Cannot find VAL at FAR ${far}: give a rate between 0 and 1`,
    );
  }
  const grid = new Grid(0.001, 4000);
  const accepted = folds.map(({ impostor }) => grid.below(impostor));
  const all = sum(accepted);
  const impostors = folds.reduce((count, { impostor }) => count + impostor.length, 0);
  const rates = folds.map(({ genuine, impostor }, i) => {
    const others = all.map((count, at) =>
      (count - accepted[i][at]) / (impostors - impostor.length)
    );
    const threshold = reach(grid, others, far);
    return { val: shareBelow(genuine, threshold), far: shareBelow(impostor, threshold) };
  });
  const { accuracy: val, deviation, interval } = summarizeFolds(rates.map((rate) => rate.val));
  return {
    val,
    deviation,
    interval,
    far: rates.reduce((s, rate) => s + rate.far, 0) / rates.length,
  };
}

/** Where rates that rise over the grid reach a rate, linear between neighbours; 0 if they never do. */
function reach(grid: Grid, rates: Float64Array, rate: number): number {
  const at = rates.findIndex((value) => value >= rate);
  if (at <= 0) return 0;
  const part = (rate - rates[at - 1]) / (rates[at] - rates[at - 1]);
  return grid.at(at - 1) + part * (grid.at(at) - grid.at(at - 1));
}

function shareBelow(scores: Float32Array, threshold: number): number {
  let count = 0;
  for (const score of scores) if (distance(score) < threshold) count++;
  return count / scores.length;
}

function sum(rows: readonly Float64Array[]): Float64Array {
  return rows[0].map((_, i) => rows.reduce((total, row) => total + row[i], 0));
}

/** Thresholds at equal steps from 0, as numpy's arange gives them. */
class Grid {
  readonly #step: number;
  readonly #size: number;

  constructor(step: number, size: number) {
    this.#step = step;
    this.#size = size;
  }

  at(index: number): number {
    return index * this.#step;
  }

  /** For each threshold, how many scores have a distance below it. */
  below(scores: Float32Array): Float64Array {
    const counts = new Float64Array(this.#size);
    for (const score of scores) {
      const length = distance(score);
      // A first guess by division, put right where rounding went to the wrong side of a threshold.
      let first = Math.floor(length / this.#step) + 1;
      while (first > 0 && length < this.at(first - 1)) first--;
      while (length >= this.at(first)) first++;
      if (first < this.#size) counts[first]++;
    }
    for (let i = 1; i < counts.length; i++) counts[i] += counts[i - 1];
    return counts;
  }
}
