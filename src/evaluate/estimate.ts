// From ordered scores to estimates: what is measured once on the scores and again on every bootstrap replicate.
// A replicate is a row of numbers; the plan knows which place holds which metric.

import { bootstrap, type OrderedLabelled, percentileInterval } from "./bootstrap.ts";
import { ruleOfThree } from "./intervals.ts";
import type { Estimate, RatesAtThreshold } from "./metrics.ts";
import { countBelow } from "./order.ts";
import { type Sweep, sweep, type SweepInput } from "./sweep.ts";

/** Where the metrics lie in a row; the FNMRs at the target rates follow, then FMR and FNMR of each threshold. */
const EER = 0, AUC = 1, FIRST_TARGET = 2;

/** The metrics of a plan with their intervals. */
export interface Estimates {
  readonly eer: Estimate;
  readonly eerThreshold: number;
  readonly auc: Estimate;
  /** The lowest FNMR at a target rate of the plan. */
  fnmrAt(fmr: number): Estimate;
  /** The error rates at the plan's threshold of that number. */
  ratesAt(index: number): Omit<RatesAtThreshold, "threshold">;
}

/** What to measure of some scores. */
export class MeasuringPlan {
  readonly #scores: OrderedLabelled;
  readonly #targets: readonly number[];
  /** For each threshold, how many genuine and impostor scores lie below it. */
  readonly #below: readonly { readonly genuine: number; readonly impostor: number }[];

  /** A plan for the FNMR at false match rates and for both error rates at thresholds. */
  constructor(
    scores: OrderedLabelled,
    targets: readonly number[],
    thresholds: readonly number[],
  ) {
    this.#scores = scores;
    this.#targets = [...new Set(targets)].sort((a, b) => a - b);
    this.#below = thresholds.map((threshold) => ({
      genuine: countBelow(scores.genuine.values, threshold),
      impostor: countBelow(scores.impostor.values, threshold),
    }));
  }

  /** Measures the scores, of which `visit` is told every operating point, and their replicates. */
  estimate(
    replicates: number,
    seed: number,
    visit: (fmr: number, fnmr: number, threshold: number) => void,
  ): Estimates {
    const { persons, genuine, impostor } = this.#scores;
    const ordered = { genuine: genuine.values, impostor: impostor.values };
    const found = sweep(ordered, this.#targets, visit)!;
    const values = this.#row(ordered, found);
    const rows = bootstrap(this.#scores, replicates, seed, (input) => {
      const replicate = sweep(input, this.#targets);
      return replicate && this.#row(input, replicate);
    });
    const both = Math.min(persons.genuine, persons.impostor);
    const estimate = (at: number, trials: number): Estimate =>
      withInterval(values[at], percentileInterval(rows, at), trials);
    const rates = FIRST_TARGET + this.#targets.length;
    return {
      eer: estimate(EER, both),
      eerThreshold: found.eerThreshold,
      auc: estimate(AUC, both),
      fnmrAt: (fmr) => estimate(FIRST_TARGET + this.#targets.indexOf(fmr), persons.genuine),
      ratesAt: (index) => ({
        fmr: estimate(rates + 2 * index, persons.impostor),
        fnmr: estimate(rates + 2 * index + 1, persons.genuine),
      }),
    };
  }

  #row(input: SweepInput, found: Sweep): number[] {
    const rates = this.#below.flatMap(({ genuine, impostor }) => [
      1 - shareBelow(input.impostor.length, input.impostorWeights, impostor),
      shareBelow(input.genuine.length, input.genuineWeights, genuine),
    ]);
    return [found.eer, found.auc, ...found.fnmrAt, ...rates];
  }
}

/** The estimate of a success rate from that of the error rate. */
export function complement({ value, interval, method }: Estimate): Estimate {
  return {
    value: 1 - value,
    ...(interval && { interval: [1 - interval[1], 1 - interval[0]] as const, method }),
  };
}

/** Resampling cannot say how sure a rate of 0 or 1 is, as every replicate repeats it: the rule of three can. */
function withInterval(
  value: number,
  interval: readonly [number, number] | undefined,
  trials: number,
): Estimate {
  if (value === 0) return { value, interval: [0, ruleOfThree(trials)], method: "rule-of-three" };
  if (value === 1) {
    return { value, interval: [1 - ruleOfThree(trials), 1], method: "rule-of-three" };
  }
  return interval ? { value, interval, method: "bootstrap" } : { value };
}

/** The weighted share of the first `count` of some scores. */
function shareBelow(scores: number, weights: Float32Array | undefined, count: number): number {
  if (!weights) return count / scores;
  let below = 0, all = 0;
  for (let i = 0; i < weights.length; i++) {
    all += weights[i];
    if (i < count) below += weights[i];
  }
  return below / all;
}
