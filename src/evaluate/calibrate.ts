// Measures what a model's scores are worth in each mask situation: thresholds for false match rates, tried on people that
// did not choose them, and the rate behind every score. What the manifest stores and `verify` uses.

import { InvalidArgumentError } from "../base/errors.ts";
import {
  type Calibration,
  type GroupCalibration,
  type GroupCalibrations,
  type GroupPoint,
  MASK_SITUATIONS,
  type MaskSituation,
  type OperatingPoint,
  type SituationCalibrations,
} from "../model/calibration.ts";
import { thresholdForGroups } from "../pipeline/score/groups.ts";
import { fmrCurve, GROUP_PER_DECADE, rounded, roundedUp } from "./fmr_curve.ts";
import { descending, groupCurve, type GroupTemplates } from "./group_curves.ts";
import { compareFold, type FoldScores, isAcquired, type PairRows } from "./fold_pairs.ts";
import { foldInterval, ruleOfThree } from "./intervals.ts";
import { type OrderedScores, orderScores } from "./order.ts";
import { allowedMatches, falseMatchRate, falseNonMatchRate, justAbove } from "./verification.ts";

/** Templates of photos of known people. */
export interface CalibrationInput {
  /** Numbers per template. */
  readonly dim: number;
  /** Templates of the photos as they are, `[n, dim]`; a row of NaN or zeros where no face was acquired. */
  readonly clean: Float32Array;
  /** Templates of the same photos with a mask on the face; without them only the situation `none` is measured. */
  readonly masked?: Float32Array;
  /** The person of each row. */
  readonly identity: Uint32Array;
  /** The fold of each row; no person may be in two folds. */
  readonly fold: Uint32Array;
  /** Data set and protocol, in words. */
  readonly source: string;
  /** Gain and offset of each row, two after two, if scores are to be normalised by a cohort; else they are cosines. */
  readonly normalizations?: { readonly clean: Float32Array; readonly masked?: Float32Array };
  /** Groups of people whose worst is to decide; by default none, and only the whole is measured. */
  readonly groups?: {
    /** Their data sets and protocol, in words. */
    readonly source: string;
    /** What the people of the data set itself are called: they are one more group. */
    readonly whole: string;
    readonly templates: readonly GroupTemplates[];
  };
}

/** Options of {@linkcode calibrate}. */
export interface CalibrationOptions {
  /** False match rates to find thresholds for, loosest first; by default 0.01, 0.001 and 0.0001. */
  readonly rates?: readonly number[];
}

/** The fewest false matches that a rate may rest on: ISO/IEC 19795-1's rule of 30, for errors within 30%. */
const RULE_OF_30 = 30;

/**
 * Measures thresholds and the false match rate over the score. Impostor comparisons are all pairs of rows of different
 * people within a fold, genuine ones all pairs of rows of one person; with one mask, each row is the masked one once.
 * Pairs with a row that was not acquired are left out, as a comparison that cannot be made says neither yes nor no.
 *
 * @param input Templates, people and folds.
 * @param options The rates.
 * @returns For each situation, the threshold of each rate on all folds, with the rates that thresholds of the other folds
 *     have on each fold (mean, 95% interval by Student's t), and the curve of the rate over the score (95% interval by
 *     the jackknife over persons).
 * @throws {InvalidArgumentError} If arrays do not fit each other, a person is in two folds, there are fewer than two folds
 *     with impostor pairs, no genuine pairs, or too few impostor pairs for a rate: says how many it takes.
 *
 * @example
 * ```ts
 * import { calibrate } from "@maskinv/maskinv/evaluate";
 *
 * // 40 people in two folds, two photos each, templates at random angles.
 * const angles = Array.from({ length: 80 }, (_, i) => Math.floor(i / 2) * 2.4 + (i % 2) * 0.1);
 * const { none } = calibrate({
 *   dim: 2,
 *   clean: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
 *   identity: Uint32Array.from(angles, (_, i) => Math.floor(i / 2)),
 *   fold: Uint32Array.from(angles, (_, i) => i < 40 ? 0 : 1),
 *   source: "angles",
 * }, { rates: [0.1] });
 * console.log(none?.impostors, none?.genuine); // 1520 40
 * ```
 */
export function calibrate(
  input: CalibrationInput,
  options: CalibrationOptions = {},
): SituationCalibrations {
  const steps = calibrationSteps(input, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** As {@linkcode calibrate}, with a stop before each situation, which takes seconds. */
export function* calibrationSteps(
  input: CalibrationInput,
  options: CalibrationOptions = {},
): Generator<MaskSituation, SituationCalibrations, void> {
  const { rates = [1e-2, 1e-3, 1e-4] } = options;
  const folds = rowsOfFolds(input, rates);
  const { clean, masked, normalizations } = input;
  const gains: Record<MaskSituation, PairRows["normalizations"]> | undefined = normalizations && {
    none: { probes: normalizations.clean, references: normalizations.clean },
    one: { probes: normalizations.masked!, references: normalizations.clean },
    both: { probes: normalizations.masked!, references: normalizations.masked! },
  };
  const sides: Record<MaskSituation, readonly [Float32Array, Float32Array] | undefined> = {
    none: [clean, clean],
    one: masked && [masked, clean],
    both: masked && [masked, masked],
  };
  const found: [MaskSituation, Calibration][] = [];
  for (const situation of MASK_SITUATIONS) {
    const [probes, references] = sides[situation] ?? [];
    if (!probes || !references) continue;
    yield situation;
    const pairs = { ...input, probes, references, normalizations: gains?.[situation] };
    found.push([situation, measure(pairs, folds, rates, situation)]);
  }
  return Object.fromEntries(found);
}

function measure(
  data: PairRows & Omit<CalibrationInput, "normalizations">,
  rowsOfFold: readonly Uint32Array[],
  rates: readonly number[],
  situation: MaskSituation,
): Calibration {
  const folds = rowsOfFold.map((rows) => compareFold(data, rows))
    .filter(({ impostor }) => impostor.length > 0);
  const impostors = folds.reduce((sum, { impostor }) => sum + impostor.length, 0);
  const genuine = folds.reduce((sum, fold) => sum + fold.genuine.length, 0);
  checkSupport(folds.length, impostors, genuine, rates, situation);
  const all = new Float32Array(impostors);
  const foldOf = new Uint16Array(impostors);
  let at = 0;
  folds.forEach(({ impostor }, fold) => {
    all.set(impostor, at);
    foldOf.fill(fold, at, at += impostor.length);
  });
  const ordered = orderScores(all, "impostor");
  const failures = countFailures(data);
  return {
    source: `${data.source}; ${PROTOCOL}` +
      (failures > 0 ? `; ${failures} failures to acquire left out` : ""),
    impostors,
    genuine,
    points: rates.map((fmr) => operatingPoint(fmr, folds, ordered, foldOf)),
    curve: fmrCurve(folds, ordered.values, RULE_OF_30),
    ...(data.groups && { worst: measureGroups(data.groups, folds, ordered, rates, situation) }),
  };
}

/** The curves of all groups, the whole data set among them, and the thresholds that hold for each. */
function measureGroups(
  { source, whole, templates }: NonNullable<CalibrationInput["groups"]>,
  folds: readonly FoldScores[],
  ordered: OrderedScores,
  rates: readonly number[],
  situation: MaskSituation,
): GroupCalibrations {
  const people = new Set(
    folds.flatMap(({ impostorIdentities }) => [...new Set(impostorIdentities)]),
  );
  const everybody: GroupCalibration = {
    name: whole,
    people: people.size,
    impostors: ordered.values.length,
    curve: descending(fmrCurve(folds, ordered.values, RULE_OF_30, GROUP_PER_DECADE)),
  };
  const groups = [everybody, ...templates.flatMap((group) => groupCurve(group, situation) ?? [])];
  const points = rates.flatMap((fmr): GroupPoint[] => {
    const supported = groups.every(({ curve }) => curve[curve.length - 1][3] <= fmr);
    if (!supported) return [];
    const { threshold, groups: { worst } } = thresholdForGroups(
      { source, points: [], groups },
      fmr,
    );
    const missed = folds.flatMap(({ genuine }) =>
      genuine.length > 0 ? [falseNonMatchRate(genuine, roundedUp(threshold))] : []
    );
    const fnmr = missed.reduce((sum, rate) => sum + rate, 0) / missed.length;
    return [{ fmr, threshold: roundedUp(threshold), worst, fnmr: rounded(fnmr) }];
  });
  return { source, points, groups };
}

const PROTOCOL =
  "impostors are all pairs of different people within a fold, genuine all pairs of " +
  "one person; points: means over folds at thresholds from the other folds, intervals by Student's t; " +
  "curve: all folds, intervals by the jackknife over people";

/** The threshold of a rate on all folds, and what thresholds from the other folds come to on each fold. */
function operatingPoint(
  fmr: number,
  folds: readonly FoldScores[],
  ordered: OrderedScores,
  foldOf: Uint16Array,
): OperatingPoint {
  const total = ordered.values.length;
  const thresholds = folds.map(({ impostor }, left) =>
    thresholdWithout(ordered, foldOf, allowedMatches(total - impostor.length, fmr), left)
  );
  const measured = folds.map(({ impostor }, i) => falseMatchRate(impostor, thresholds[i]));
  const missed = folds.flatMap(({ genuine }, i) =>
    genuine.length > 0 ? [falseNonMatchRate(genuine, thresholds[i])] : []
  );
  const { mean, interval } = foldInterval(measured);
  return {
    fmr,
    threshold: roundedUp(thresholdWithout(ordered, foldOf, allowedMatches(total, fmr))),
    measuredFmr: rounded(mean),
    interval: mean > 0
      ? [rounded(interval[0]), rounded(interval[1])]
      : [0, rounded(ruleOfThree(total))],
    fnmr: rounded(missed.reduce((sum, rate) => sum + rate, 0) / missed.length),
  };
}

/** The lowest threshold with no more than so many false matches in all folds, or in all but one. */
function thresholdWithout(
  { values, order }: OrderedScores,
  foldOf: Uint16Array,
  most: number,
  left?: number,
): number {
  let allowed = most;
  for (let i = values.length - 1; i >= 0; i--) {
    if (foldOf[order[i]] !== left && allowed-- === 0) return justAbove(values[i]);
  }
  return values[0];
}

function checkSupport(
  folds: number,
  impostors: number,
  genuine: number,
  rates: readonly number[],
  situation: MaskSituation,
): void {
  const masks = `masks on ${situation} of the faces`;
  if (folds < 2 || genuine === 0) {
    throw new InvalidArgumentError(
      `Cannot calibrate (${masks}) with ${folds} folds that have pairs of different people and ` +
        `${genuine} pairs of one person: give two folds or more, and people with two photos or more`,
    );
  }
  const strictest = Math.min(...rates);
  const needed = Math.ceil(RULE_OF_30 / strictest);
  if (impostors >= needed) return;
  throw new InvalidArgumentError(
    `Cannot calibrate for FMR ${strictest} (${masks}) with ${impostors} impostor pairs: ` +
      `it takes ${needed} to see 30 false matches (ISO/IEC 19795-1); give more people or a higher rate`,
  );
}

/** The rows of each fold; throws InvalidArgumentError if the input contradicts itself. */
function rowsOfFolds(input: CalibrationInput, rates: readonly number[]): Uint32Array[] {
  const { dim, clean, masked = clean, identity, fold } = input;
  const n = identity.length;
  if (fold.length !== n || clean.length !== n * dim || masked.length !== n * dim) {
    throw new InvalidArgumentError(
      `Cannot calibrate with ${clean.length} clean and ${masked.length} masked numbers, ${n} identities ` +
        `and ${fold.length} folds: give ${dim} numbers, an identity and a fold per row`,
    );
  }
  const bad = rates.find((rate) => !(rate > 0 && rate < 1));
  if (bad !== undefined || rates.length === 0) {
    throw new InvalidArgumentError(
      `Cannot calibrate for FMR ${bad ?? "(none)"}: give rates between 0 and 1`,
    );
  }
  const foldOfPerson = new Map<number, number>();
  const rows = new Map<number, number[]>();
  for (let row = 0; row < n; row++) {
    const known = foldOfPerson.get(identity[row]) ?? fold[row];
    if (known !== fold[row]) {
      throw new InvalidArgumentError(
        `Cannot calibrate as person ${identity[row]} is in folds ${known} and ${fold[row]}: ` +
          `put each person into one fold`,
      );
    }
    foldOfPerson.set(identity[row], known);
    const list = rows.get(known);
    if (list) list.push(row);
    else rows.set(known, [row]);
  }
  return [...rows.values()].map((list) => Uint32Array.from(list));
}

function countFailures({ probes, references, identity, dim }: PairRows): number {
  let count = 0;
  for (let row = 0; row < identity.length; row++) {
    if (!isAcquired(probes, row, dim)) count++;
    if (references !== probes && !isAcquired(references, row, dim)) count++;
  }
  return count;
}
