// Intervals for any metric by resampling persons, not comparisons: comparisons that share a person rise and fall together.
// Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", CVIU 2004; for scores
// between two persons Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007.

import { randomNumbers } from "../math/random.ts";
import type { OrderedScores } from "./order.ts";
import type { Persons } from "./persons.ts";
import type { LabelledScores } from "./scores.ts";
import type { SweepInput } from "./sweep.ts";

/** Labelled scores in order, and the persons behind them. */
export interface OrderedLabelled {
  readonly labels: LabelledScores;
  readonly genuine: OrderedScores;
  readonly impostor: OrderedScores;
  readonly persons: Persons;
}

/**
 * Measures replicates in which each person occurs as often as chance draws them: a genuine comparison counts as often as
 * its person, an impostor comparison as often as its two persons, multiplied. That product makes intervals rather too wide
 * than too narrow (Owen 2007): comparisons that nearly share no persons get up to 1.7 times the width they need.
 *
 * @param scores Ordered scores.
 * @param replicates How many.
 * @param seed Makes the draws repeat.
 * @param measure Gives the metrics of a replicate, or undefined if it has nothing to measure.
 * @returns The metrics of each replicate.
 */
export function bootstrap(
  scores: OrderedLabelled,
  replicates: number,
  seed: number,
  measure: (input: SweepInput) => readonly number[] | undefined,
): (readonly number[])[] {
  if (replicates === 0) return [];
  const { persons, labels: { genuineIdentity, impostorIdentities } } = scores;
  const { values: genuine, order: genuineOrder } = scores.genuine;
  const { values: impostor, order: impostorOrder } = scores.impostor;
  const person = persons.follow(genuineIdentity, genuineOrder, 1, 0);
  const first = persons.follow(impostorIdentities, impostorOrder, 2, 0);
  const second = persons.follow(impostorIdentities, impostorOrder, 2, 1);
  const random = randomNumbers(seed);
  const times = new Float32Array(persons.count);
  const genuineWeights = new Float32Array(genuine.length);
  const impostorWeights = new Float32Array(impostor.length);
  const rows: (readonly number[])[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    times.fill(0);
    for (let draw = 0; draw < times.length; draw++) times[Math.floor(random() * times.length)]++;
    for (let i = 0; i < genuineWeights.length; i++) genuineWeights[i] = times[person[i]];
    for (let i = 0; i < impostorWeights.length; i++) {
      impostorWeights[i] = times[first[i]] * times[second[i]];
    }
    const row = measure({ genuine, impostor, genuineWeights, impostorWeights });
    if (row) rows.push(row);
  }
  return rows;
}

/** The 95% percentile interval of one metric over the replicates; undefined with fewer than 20 of them. */
export function percentileInterval(
  rows: readonly (readonly number[])[],
  metric: number,
): [number, number] | undefined {
  if (rows.length < 20) return undefined;
  const values = Float64Array.from(rows, (row) => row[metric]).sort();
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** Linear between neighbouring order statistics. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1), low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
