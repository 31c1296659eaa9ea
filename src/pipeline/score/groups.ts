// What a score is worth for everybody: the false match rate of the worst of the groups of people that were measured.
// The upper end of each group's interval counts, so that a small group is not taken for a safe one.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { CurvePoint, GroupCalibration, GroupCalibrations } from "../../model/calibration.ts";
import { fmrAtScore, type ScoreFmr } from "./fmr.ts";

/** Which groups stand behind a rate. */
export interface GroupsBehind {
  /** How many groups were measured; the statement is true of each. */
  readonly count: number;
  /** The one with the highest rate. */
  readonly worst: string;
}

/** The false match rate of the worst group with a score as the threshold. */
export interface WorstFmr extends ScoreFmr {
  /** How many groups were measured, and which has this rate. */
  readonly groups: GroupsBehind;
}

/**
 * The false match rate that a threshold equal to a score would have in the worst group.
 *
 * @param calibrations What was measured of the groups.
 * @param score A comparison score.
 * @returns The rate, or a bound of it, of the group with the highest upper end of the interval.
 *
 * @example
 * ```ts
 * import { worstFmrAtScore } from "@maskinv/maskinv/score";
 *
 * const group = (name: string, fmr: number) => ({
 *   name,
 *   people: 200,
 *   impostors: 19900,
 *   curve: [[0.2, 0.1, 0.09, 0.11], [0.4, fmr, fmr / 2, 2 * fmr]] as const,
 * });
 * const groups = [group("a", 0.001), group("b", 0.002)];
 * console.log(worstFmrAtScore({ source: "test", points: [], groups }, 0.4).groups.worst); // b
 * ```
 */
export function worstFmrAtScore({ groups }: GroupCalibrations, score: number): WorstFmr {
  const rates = groups.map((group) => ({ group, rate: fmrAtScore(group, score) }));
  const { group, rate } = rates.reduce((a, b) => b.rate.interval[1] > a.rate.interval[1] ? b : a);
  return { ...rate, groups: { count: groups.length, worst: group.name } };
}

/**
 * The lowest threshold that keeps a false match rate in every group.
 *
 * @param calibrations What was measured of the groups.
 * @param fmr The false match rate, above 0.
 * @param label What messages call the calibration.
 * @returns The threshold, and the group that needs it.
 * @throws {InvalidArgumentError} If a group has too few people for the rate.
 */
export function thresholdForGroups(
  { points, groups }: GroupCalibrations,
  fmr: number,
  label = "the model",
): { threshold: number; groups: GroupsBehind; fnmr?: number } {
  const point = points.find((candidate) => candidate.fmr === fmr);
  if (point) {
    const { threshold, worst, fnmr } = point;
    return { threshold, groups: { count: groups.length, worst }, fnmr };
  }
  const found = groups.map((group) => ({ group, threshold: thresholdForBound(group.curve, fmr) }));
  const unable = found.filter(({ threshold }) => threshold === undefined)
    .sort((a, b) => lastBound(b.group) - lastBound(a.group))[0]?.group;
  if (unable) {
    throw new InvalidArgumentError(
      `Cannot decide at FMR ${fmr} for every group of ${label} as "${unable.name}" (${unable.people} people) supports ` +
        `rates from ${unable.curve[0][3]} to ${
          lastBound(unable)
        }: ask for one of these, or for what was measured ` +
        `of all people together (threshold "pooled")`,
    );
  }
  const { group, threshold } = found.reduce((a, b) => b.threshold! > a.threshold! ? b : a);
  return { threshold: threshold!, groups: { count: groups.length, worst: group.name } };
}

function lastBound({ curve }: GroupCalibration): number {
  return curve[curve.length - 1][3];
}

/** The score at which the upper end of the interval comes down to a rate; undefined beyond the curve's ends. */
export function thresholdForBound(curve: readonly CurvePoint[], fmr: number): number | undefined {
  const right = curve.findIndex((point) => point[3] <= fmr);
  if (right < 0 || !(fmr > 0 && fmr <= 1)) return undefined;
  if (right === 0) return curve[0][0];
  const a = curve[right - 1], b = curve[right];
  // Between two points of a curve the logarithm of the rate is taken as straight.
  const part = b[3] < a[3] ? Math.log(fmr / a[3]) / Math.log(b[3] / a[3]) : 0;
  return a[0] + part * (b[0] - a[0]);
}
