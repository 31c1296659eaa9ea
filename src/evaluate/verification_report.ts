// Measures a verification experiment: sorts its scores once, sweeps over them once for the metrics and once more for every
// bootstrap replicate, and adds what is measured per fold.

import { foldAccuracy } from "./accuracy.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { complement, MeasuringPlan } from "./estimate.ts";
import type { Estimate, ReportOptions, VerificationMetrics } from "./metrics.ts";
import { separability } from "./moments.ts";
import { countBelow, orderScores } from "./order.ts";
import { Persons } from "./persons.ts";
import { releasedAccuracy, valAtFar } from "./released.ts";
import { CurveThinner } from "./roc.ts";
import { type ComparisonScores, joinFolds, type LabelledScores, NOT_COMPARED } from "./scores.ts";
import { justAbove, orderedThreshold, supportsFmr } from "./verification.ts";

/**
 * Measures a verification experiment.
 *
 * @param folds Labelled scores of each fold; one fold if the protocol has none. A comparison that could not be made has
 *     the score -1 ({@linkcode NOT_COMPARED}).
 * @param options What to measure beside the metrics that are always there.
 * @returns The table.
 * @throws {InvalidArgumentError} If there are no genuine or no impostor scores, one is NaN, labels do not fit the scores,
 *     or an option is out of range.
 *
 * @example
 * ```ts
 * import { verificationReport } from "@maskinv/maskinv/evaluate";
 *
 * const { eer, auc, zeroFmr } = verificationReport([{
 *   genuine: new Float32Array([0.9, 0.8, 0.7, 0.2]),
 *   genuineIdentity: new Uint32Array([0, 1, 2, 3]),
 *   impostor: new Float32Array([0.1, 0.2, 0.3, 0.1]),
 *   impostorIdentities: new Uint32Array([0, 1, 1, 2, 2, 3, 3, 0]),
 * }]);
 * console.log(eer.value, zeroFmr.value, auc.value); // 0.25 0.25 0.84375
 * ```
 */
export function verificationReport(
  folds: readonly LabelledScores[],
  options: ReportOptions = {},
): VerificationMetrics {
  const { rates = [1e-2, 1e-3, 1e-4], thresholds = [], seed = 1, points = 1000 } = options;
  const bad = [...rates.filter((rate) => !(rate > 0 && rate < 1)), ...thresholds.filter(isNaN)];
  if (bad.length > 0) {
    throw new InvalidArgumentError(
      `Cannot measure at ${
        bad[0]
      }: give false match rates between 0 and 1 and thresholds that are numbers`,
    );
  }
  const labels = joinFolds(folds);
  const genuine = orderScores(labels.genuine, "genuine");
  const impostor = orderScores(labels.impostor, "impostor");
  const persons = new Persons(labels);
  const impostors = impostor.values.length, comparisons = genuine.values.length + impostors;
  const supported = rates.filter((rate) => supportsFmr(impostors, rate));
  const bandRates = logSteps(1 / impostors, 10);
  const targets = [0, 1e-2, 1e-3, ...supported, ...bandRates];
  const plan = new MeasuringPlan({ labels, genuine, impostor, persons }, targets, thresholds);
  const replicates = options.replicates ?? defaultReplicates(comparisons);
  if (!(Number.isInteger(replicates) && replicates >= 0)) {
    throw new InvalidArgumentError(
      `Cannot make ${replicates} bootstrap replicates: give a whole number, 0 for no intervals`,
    );
  }
  const curve = new CurveThinner(genuine.values.length, impostors, points);
  const estimates = plan.estimate(
    replicates,
    seed,
    (fmr, fnmr, threshold) => curve.add(fmr, fnmr, threshold),
  );
  return {
    counts: {
      genuine: genuine.values.length,
      impostor: impostors,
      persons: persons.count,
      genuineNotCompared: countBelow(genuine.values, justAbove(NOT_COMPARED)),
      impostorNotCompared: countBelow(impostor.values, justAbove(NOT_COMPARED)),
    },
    eer: estimates.eer,
    eerThreshold: estimates.eerThreshold,
    zeroFmr: estimates.fnmrAt(0),
    ...(supportsFmr(impostors, 1e-2) && { fmr100: estimates.fnmrAt(1e-2) }),
    ...(supportsFmr(impostors, 1e-3) && { fmr1000: estimates.fnmrAt(1e-3) }),
    auc: estimates.auc,
    tarAtFmr: supported.map((fmr) => ({
      fmr,
      threshold: orderedThreshold(impostor.values, fmr),
      tar: complement(estimates.fnmrAt(fmr)),
    })),
    atThresholds: thresholds.map((threshold, i) => ({ threshold, ...estimates.ratesAt(i) })),
    ...foldMetrics(folds),
    ...separabilityOf(labels),
    curve: curve.points,
    band: bandRates.map((fmr) => ({ fmr, fnmr: estimates.fnmrAt(fmr) })),
  };
}

/** As many replicates as 200 million weighted scores make, from 100 to 1000. */
function defaultReplicates(scores: number): number {
  return Math.max(100, Math.min(1000, Math.floor(2e8 / scores)));
}

/** Rates from the least to 1 in equal steps of the logarithm. */
function logSteps(minRate: number, perDecade: number): number[] {
  const steps = Math.ceil(-Math.log10(minRate) * perDecade);
  return Array.from({ length: steps + 1 }, (_, i) => 10 ** (Math.log10(minRate) * (1 - i / steps)))
    .filter(Number.isFinite);
}

type FoldMetrics = Pick<VerificationMetrics, "accuracy" | "releasedAccuracy" | "valAtFar">;

function foldMetrics(folds: readonly ComparisonScores[]): FoldMetrics {
  const filled = folds.filter(({ genuine, impostor }) => genuine.length + impostor.length > 0);
  if (filled.length < 2) return {};
  const estimate = (
    value: number,
    { deviation, interval }: { deviation: number; interval: readonly [number, number] },
  ): Estimate & { deviation: number } => ({ value, interval, method: "folds", deviation });
  const exact = foldAccuracy(filled), released = releasedAccuracy(filled);
  const full = filled.every(({ genuine, impostor }) => genuine.length * impostor.length > 0);
  const val = full ? valAtFar(filled) : undefined;
  return {
    accuracy: estimate(exact.accuracy, exact),
    releasedAccuracy: estimate(released.accuracy, released),
    ...(val && { valAtFar: { ...estimate(val.val, val), far: val.far } }),
  };
}

function separabilityOf(scores: ComparisonScores): Pick<VerificationMetrics, "separability"> {
  const some = (list: Float32Array): boolean => list.some((score) => score !== NOT_COMPARED);
  return some(scores.genuine) && some(scores.impostor)
    ? { separability: separability(scores) }
    : {};
}
