// The accuracy of LFW's protocol with exact thresholds: those between two scores, not those of a grid.
// released.ts has the accuracy as the released code of face networks computes it.

import { InvalidArgumentError } from "../base/errors.ts";
import { foldInterval } from "./intervals.ts";
import { orderScores } from "./order.ts";
import type { ComparisonScores } from "./scores.ts";

/** Result of {@linkcode foldAccuracy}. */
export interface FoldAccuracy {
  /** Mean over the folds of the share of comparisons decided rightly. */
  readonly accuracy: number;
  /** Standard deviation over the folds. */
  readonly deviation: number;
  /** 95% interval of the mean, by Student's t over the folds. */
  readonly interval: readonly [number, number];
  /** The threshold of each fold, chosen on the other folds. */
  readonly thresholds: readonly number[];
}

/**
 * The accuracy of LFW's protocol: each fold is decided at the threshold that is best on the other folds
 * (Huang et al., "Labeled Faces in the Wild", 2007). The threshold lies in the middle of a gap between scores; of
 * equally good ones the lowest is taken.
 *
 * @param folds The scores of each fold, two folds or more.
 * @returns Mean accuracy, its deviation over the folds, and the thresholds.
 * @throws {InvalidArgumentError} If there are fewer than two folds, or one has no scores.
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
  checkFolds(folds);
  const genuine = folds.map((fold) => fold.genuine), impostor = folds.map((fold) => fold.impostor);
  const stream = orderEvents(genuine, impostor);
  const thresholds = folds.map((_, left) => bestThreshold(stream, left));
  const accuracies = folds.map((fold, i) => {
    let right = 0;
    for (const score of fold.genuine) if (score >= thresholds[i]) right++;
    for (const score of fold.impostor) if (score < thresholds[i]) right++;
    return right / (fold.genuine.length + fold.impostor.length);
  });
  return { ...summarizeFolds(accuracies), thresholds };
}

/** Mean, deviation (divided by n, as numpy's) and interval over folds. */
export function summarizeFolds(rates: readonly number[]): Omit<FoldAccuracy, "thresholds"> {
  const { mean, interval } = foldInterval(rates);
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return { accuracy: mean, deviation: Math.sqrt(variance), interval };
}

/** Throws unless there are folds to leave out and each has scores. */
export function checkFolds(folds: readonly ComparisonScores[]): void {
  if (folds.length < 2) {
    throw new InvalidArgumentError(
      `Cannot cross-validate ${folds.length} fold: give two folds or more`,
    );
  }
  const empty = folds.findIndex(({ genuine, impostor }) => genuine.length + impostor.length === 0);
  if (empty >= 0) {
    throw new InvalidArgumentError(`Cannot cross-validate as fold ${empty} has no scores`);
  }
}

/** All scores in ascending order, with the fold of each and what it is: `2 * fold + (genuine ? 1 : 0)`. */
interface Events {
  readonly scores: Float32Array;
  readonly labels: Uint16Array;
}

function orderEvents(genuine: readonly Float32Array[], impostor: readonly Float32Array[]): Events {
  const lists = [...genuine, ...impostor];
  const all = new Float32Array(lists.reduce((sum, list) => sum + list.length, 0));
  const labels = new Uint16Array(all.length);
  let at = 0;
  lists.forEach((list, i) => {
    const fold = i % genuine.length, kind = i < genuine.length ? 1 : 0;
    all.set(list, at);
    labels.fill(2 * fold + kind, at, at += list.length);
  });
  const { values, order } = orderScores(all);
  const ordered = new Uint16Array(all.length);
  for (let i = 0; i < ordered.length; i++) ordered[i] = labels[order[i]];
  return { scores: values, labels: ordered };
}

/** The threshold with the most right decisions in all folds but one. */
function bestThreshold({ scores, labels }: Events, left: number): number {
  // Counted from the threshold at which all match: what is right there does not change which threshold is best.
  let right = 0, best = 0, last = NaN, threshold = NaN;
  for (let i = 0; i < scores.length; i++) {
    const label = labels[i];
    if (label >> 1 === left) continue;
    const score = scores[i];
    if (score !== last) {
      if (Number.isNaN(last)) threshold = score;
      else if (right > best) {
        best = right;
        threshold = (last + score) / 2;
      }
      last = score;
    }
    right += label & 1 ? -1 : 1;
  }
  if (right > best) threshold = last + 1e-6;
  return threshold;
}
