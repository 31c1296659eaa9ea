// Between scores and false match rates, both ways, by the curve that was measured. Between its points the logarithm of the
// rate is taken as straight; beyond its ends nothing is made up: the answer is a bound, or a refusal.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { Calibration, CurvePoint } from "../../model/calibration.ts";

/** How often impostors reach a score. */
export interface ScoreFmr {
  /** The false match rate with the score as the threshold: 1 in `1 / fmr` impostors would match. */
  readonly fmr: number;
  /** Its 95% interval. */
  readonly interval: readonly [number, number];
  /**
   * `"at"` if the rate is `fmr`; `"below"` if the score is beyond what the data can tell, so that the rate is below `fmr`;
   * `"above"` if the score is lower than any that was measured, so that the rate is above `fmr`.
   */
  readonly bound: "at" | "below" | "above";
}

/** A rate that rests on fewer false matches than this is a guess: ISO/IEC 19795-1's rule of 30. */
const RULE_OF_30 = 30;

/**
 * The false match rate that a threshold equal to a score would have.
 *
 * @param calibration What was measured, with its curve.
 * @param score A comparison score.
 * @returns The rate with its interval, or a bound of it beyond the ends of the curve.
 *
 * @example
 * ```ts
 * import { fmrAtScore } from "@maskinv/maskinv/score";
 *
 * const curve = [[0.2, 0.1, 0.09, 0.11], [0.4, 0.001, 0.0005, 0.002]] as const;
 * const calibration = { source: "test", impostors: 30000, genuine: 9, points: [], curve };
 * console.log(fmrAtScore(calibration, 0.3).fmr.toFixed(4)); // 0.0100
 * console.log(fmrAtScore(calibration, 0.9).bound); // "below"
 * ```
 */
export function fmrAtScore({ curve }: Pick<Calibration, "curve">, score: number): ScoreFmr {
  const first = curve[0], last = curve[curve.length - 1];
  if (score > last[0]) return { fmr: last[1], interval: [0, last[3]], bound: "below" };
  if (score < first[0]) {
    return first[1] === 1
      ? { fmr: 1, interval: [1, 1], bound: "at" }
      : { fmr: first[1], interval: [first[2], 1], bound: "above" };
  }
  const right = Math.max(1, curve.findIndex((point) => point[0] >= score));
  const a = curve[right - 1], b = curve[right] ?? a;
  const part = b[0] > a[0] ? (score - a[0]) / (b[0] - a[0]) : 0;
  const between = (column: 1 | 2 | 3): number => logBetween(a[column], b[column], part);
  return { fmr: between(1), interval: [between(2), between(3)], bound: "at" };
}

/**
 * The threshold that has a false match rate, which may lie between the rates that were measured.
 *
 * @param calibration What was measured, with its curve.
 * @param fmr The false match rate, above 0.
 * @param label What messages call the calibration.
 * @returns The score from which on a comparison is a match.
 * @throws {InvalidArgumentError} If the data does not support the rate; says how many impostor pairs it would take.
 *
 * @example
 * ```ts
 * import { thresholdForFmr } from "@maskinv/maskinv/score";
 *
 * const curve = [[0.2, 0.1, 0.09, 0.11], [0.4, 0.001, 0.0005, 0.002]] as const;
 * const calibration = { source: "test", impostors: 30000, genuine: 9, points: [], curve };
 * console.log(thresholdForFmr(calibration, 0.01).toFixed(4)); // 0.3000
 * ```
 */
export function thresholdForFmr(
  calibration: Calibration,
  fmr: number,
  label = "the model",
): number {
  const point = calibration.points.find((candidate) => candidate.fmr === fmr);
  if (point) return point.threshold;
  const { curve, impostors } = calibration;
  const loosest = curve[0], strictest = curve[curve.length - 1];
  if (!(fmr <= loosest[1] && fmr >= strictest[1])) {
    throw new InvalidArgumentError(
      `Cannot decide at FMR ${fmr} as the ${impostors} impostor pairs of ${label} support rates from ` +
        `${loosest[1]} to ${strictest[1]}: ask for one of these, or give a threshold of your own` +
        (fmr > 0 && fmr < strictest[1]
          ? `; FMR ${fmr} takes a calibration with ${Math.ceil(RULE_OF_30 / fmr)} impostor pairs`
          : ""),
    );
  }
  const right = Math.max(1, curve.findIndex((candidate) => candidate[1] <= fmr));
  const a: CurvePoint = curve[right - 1], b: CurvePoint = curve[right] ?? a;
  const part = b[1] < a[1] ? Math.log(fmr / a[1]) / Math.log(b[1] / a[1]) : 0;
  return a[0] + part * (b[0] - a[0]);
}

/** Between two rates, straight in the logarithm; in the rate itself where one of them is 0. */
function logBetween(a: number, b: number, part: number): number {
  const rate = a > 0 && b > 0 ? a * (b / a) ** part : a + part * (b - a);
  // Rounding may carry it past an end by the last digit, and past the curve's end nothing is supported.
  return Math.min(Math.max(rate, Math.min(a, b)), Math.max(a, b));
}
