// The false match rate over the score, with intervals that know who was compared: what turns a score into "1 in N".
// Variance by the delete-one-person jackknife. It counts what is peculiar to single pairs, and not to persons, twice (Efron
// and Stein, Annals of Statistics 1981), which is taken off once; it never falls below that of independent pairs.
// Interval by Wilson's formula at the number of independent comparisons with that variance.

import { wilsonInterval, Z95 } from "./intervals.ts";
import type { FoldScores } from "./fold_pairs.ts";
import { countBelow } from "./order.ts";
import type { CurvePoint } from "../model/calibration.ts";

/** Points per factor of ten in the rate: between neighbours, the logarithm of the rate is as good as straight. */
const PER_DECADE = 20;
/** ... in the curve of a group, of which there are many. */
export const GROUP_PER_DECADE = 8;
/** Scores of the curve and thresholds are rounded up to this grid. */
const GRID = 1e4;

/** The lowest score of the grid that is not below a score: rounding up never lets more impostors in. */
export function roundedUp(score: number): number {
  return Math.ceil(score * GRID - 1e-6) / GRID;
}

/**
 * The curve from FMR 1 down to the lowest rate with enough false matches.
 *
 * @param folds The impostor scores of each fold with their persons.
 * @param ordered The same scores in ascending order.
 * @param minMatches The fewest false matches that a rate may rest on.
 * @param perDecade Points per factor of ten in the rate.
 * @returns Points with ascending scores and descending rates.
 */
export function fmrCurve(
  folds: readonly FoldScores[],
  ordered: Float32Array,
  minMatches: number,
  perDecade = PER_DECADE,
): CurvePoint[] {
  const total = ordered.length;
  const steps = Math.ceil(perDecade * Math.log10(total / minMatches));
  const points: { score: number; matches: number }[] = [];
  for (let step = 0; step <= steps; step++) {
    const wanted = Math.max(minMatches, Math.round(total * 10 ** (-step / perDecade)));
    const score = step === 0
      ? Math.floor(ordered[0] * GRID) / GRID
      : roundedUp(ordered[total - wanted]);
    const matches = total - countBelow(ordered, score);
    const last = points.at(-1);
    if (matches < minMatches || (last && (matches >= last.matches || score <= last.score))) {
      continue;
    }
    points.push({ score, matches });
  }
  const deviations = jackknife(folds, points.map(({ score }) => score));
  return points.map(({ score, matches }, i) => {
    const fmr = matches / total;
    // As many independent comparisons as would be as sure of the rate; never more than there are.
    const independent = fmr < 1 ? Math.min(total, fmr * (1 - fmr) / deviations[i] ** 2) : total;
    const [low, high] = wilsonInterval(fmr * independent, independent, Z95);
    return [score, rounded(fmr), rounded(low), rounded(high)];
  });
}

/** The standard error of the false match rate at each score, by leaving out one person after the other. */
function jackknife(folds: readonly FoldScores[], scores: readonly number[]): number[] {
  const persons = new Map<number, number>();
  for (const { impostorIdentities } of folds) {
    for (const person of impostorIdentities) {
      if (!persons.has(person)) persons.set(person, persons.size);
    }
  }
  // Column b of a person's row counts comparisons of the person that reach exactly the first b scores.
  const width = scores.length + 1, ascending = Float64Array.from(scores);
  const counts = new Float64Array(persons.size * width), all = new Float64Array(width);
  for (const { impostor, impostorIdentities } of folds) {
    for (let i = 0; i < impostor.length; i++) {
      const reached = countUpTo(ascending, impostor[i]);
      counts[persons.get(impostorIdentities[2 * i])! * width + reached]++;
      counts[persons.get(impostorIdentities[2 * i + 1])! * width + reached]++;
      all[reached]++;
    }
  }
  for (let row = 0; row < persons.size; row++) {
    sumFromEnd(counts.subarray(row * width, (row + 1) * width));
  }
  sumFromEnd(all);
  return scores.map((_, point) => {
    const column = point + 1;
    const left = Array.from({ length: persons.size }, (_, row) => {
      const rest = all[0] - counts[row * width];
      return rest > 0 ? (all[column] - counts[row * width + column]) / rest : 0;
    });
    const mean = left.reduce((sum, rate) => sum + rate, 0) / left.length;
    const squares = left.reduce((sum, rate) => sum + (rate - mean) ** 2, 0);
    const variance = (left.length - 1) / left.length * squares;
    const rate = all[column] / all[0], ofPairs = rate * (1 - rate) / all[0];
    return Math.sqrt(Math.max(ofPairs, variance - ofPairs));
  });
}

/** How many of some ascending scores are not above a score. */
function countUpTo(ascending: Float64Array, score: number): number {
  let low = 0, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sumFromEnd(row: Float64Array): void {
  for (let i = row.length - 2; i >= 0; i--) row[i] += row[i + 1];
}

/** Four digits: more would claim what was not measured. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
