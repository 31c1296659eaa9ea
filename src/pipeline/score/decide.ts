// From a score to a decision: picks the measured threshold for the false match rate that the caller accepts.
// No threshold is ever made up: one that the data does not support is refused, or given by the caller in so many words.

import { InvalidArgumentError } from "../../base/errors.ts";
import {
  type Calibration,
  type MaskSituation,
  MAX_THRESHOLD,
  MIN_THRESHOLD,
  type OperatingPoint,
  type SituationCalibrations,
} from "../../model/calibration.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import { fmrAtScore, type ScoreFmr, thresholdForFmr } from "./fmr.ts";
import { type GroupsBehind, thresholdForGroups, worstFmrAtScore } from "./groups.ts";
import { type MaskStates, type SituationBasis, situationsOf } from "./situation.ts";

/** The false match rate that decides where the caller names none. */
export const DEFAULT_FMR = 0.001;

/** Whether a score reaches the threshold. */
export type Decision = "match" | "no-match";

/** What was measured at a threshold. */
export interface MeasuredRates extends Omit<OperatingPoint, "threshold" | "fnmr"> {
  /** False non-match rate seen at the threshold; absent between the rates that the calibration has measured. */
  readonly fnmr?: number;
  /** The mask situation that was measured. */
  readonly situation: MaskSituation;
  /** Data set and protocol, in words. */
  readonly source: string;
  /** Number of impostor comparisons behind the false match rate. */
  readonly impostors: number;
  /** Number of genuine comparisons behind the false non-match rate. */
  readonly genuine: number;
  /** The groups of people for each of which the rate holds; absent if it holds for all people together. */
  readonly groups?: GroupsBehind;
}

/** A threshold and what is known about its false match rate. */
export interface DecisionRule {
  /** Comparison score from which on a comparison is a match. */
  readonly threshold: number;
  /** How the threshold was chosen: by the masks of the faces, or `"given"` by the caller. */
  readonly basis: SituationBasis | "given";
  /** The measured error rates at the threshold; absent if the caller gave a threshold of their own. */
  readonly measured?: MeasuredRates;
}

/** How often impostors reach the score of a comparison, and what that was measured on. */
export interface ComparisonFmr extends ScoreFmr {
  /** The mask situation that was measured. */
  readonly situation: MaskSituation;
  /** How the situation was chosen. */
  readonly basis: SituationBasis;
  /** The groups of people for each of which the upper end of the interval holds; absent for all people together. */
  readonly groups?: GroupsBehind;
}

/**
 * Whose false match rate counts: that of the worst group of people that was measured (the default where groups were), or
 * that of all people together.
 */
export type GroupChoice = "worst-group" | "pooled";

/** What the caller wants of the decision: an accepted false match rate, or a threshold. */
export interface RuleOptions {
  /** Accepted false match rate; any that the calibration's data supports. By default 0.001. */
  readonly fmr?: number;
  /**
   * Whose false match rate counts: that of the worst group of people that was measured (`"worst-group"`, the default where
   * groups were measured), or that of all people together (`"pooled"`, lower thresholds that some groups pay for). Or a
   * threshold of the caller's own, instead of a measured one.
   */
  readonly threshold?: number | GroupChoice;
  /**
   * Which score decides: by default the one that is normalised by the model's cohort (`"cohort"`), if it has one, or the
   * cosine (`"none"`). Each has thresholds of its own.
   */
  readonly normalize?: "cohort" | "none";
}

/**
 * Finds the decision rule for a model and the masks of two faces.
 *
 * @param entry The model, with its calibration.
 * @param mirrored Whether templates add the mirror image, which has thresholds of its own.
 * @param options What the caller wants.
 * @param masks The mask states of the two faces, where a network has told them: a face counts as masked or bare if that is
 *     at least 80% probable. Of several situations that fit, the one with the highest threshold counts.
 * @returns The threshold with its measured error rates.
 * @throws {InvalidArgumentError} If a rate and a threshold are given, one is out of range, or a calibration of the model, whichever
 *     the masks, does not support the rate; says how many impostor pairs it would take.
 *
 * @example
 * ```ts
 * import { decide, ruleFor } from "@maskinv/maskinv/score";
 * import { parseManifest } from "@maskinv/maskinv/embed";
 *
 * const text = await Deno.readTextFile("models/manifest.json");
 * const rule = ruleFor(parseManifest(text).student, false, { fmr: 0.001 });
 * console.log(decide(0.9, rule)); // "match"
 * ```
 */
export function ruleFor(
  entry: ModelEntry,
  mirrored: boolean,
  options: RuleOptions = {},
  masks?: MaskStates,
): DecisionRule {
  const { fmr = DEFAULT_FMR, threshold } = options;
  if (typeof threshold === "number") {
    return givenRule(threshold, options.fmr, isNormalized(entry, options));
  }
  checkGroupChoice(threshold);
  const measured = calibrationsOf(entry, mirrored, options);
  const rules = Object.entries(measured).map(([situation, calibration]) => {
    const label = `model "${entry.name}"${mirrored ? ", mirrored" : ""} (masked: ${situation})`;
    const found = measuredThreshold(calibration, fmr, threshold, label);
    return { situation, calibration, ...found };
  });
  if (rules.length === 0) {
    throw new InvalidArgumentError(
      `Cannot decide at FMR ${fmr} as no scores of model "${entry.name}"${
        mirrored ? " with mirror" : ""
      } were calibrated: calibrate it, or give a threshold of your own`,
    );
  }
  const { candidates, basis } = situationsOf(measured, masks);
  const fitting = rules.filter((rule) => candidates.some((c) => c.situation === rule.situation));
  const { situation, calibration, threshold: highest, ...rates } = fitting.reduce((a, b) =>
    b.threshold > a.threshold ? b : a
  );
  const { source, impostors, genuine } = calibration;
  const of = { situation: situation as MaskSituation, source, impostors, genuine };
  return { threshold: highest, basis, measured: { ...of, fmr, ...rates } };
}

/** The threshold of a rate, and what is known of it. */
function measuredThreshold(
  calibration: Calibration,
  fmr: number,
  choice: GroupChoice | undefined,
  label: string,
):
  & { readonly threshold: number }
  & Partial<MeasuredRates>
  & Pick<OperatingPoint, "measuredFmr" | "interval"> {
  const { worst } = calibration;
  if (choice === "worst-group" && !worst) {
    throw new InvalidArgumentError(
      `Cannot decide by the worst group as no groups of people were measured for ${label}: ` +
        `calibrate it with --groups, or give the threshold "pooled"`,
    );
  }
  if (worst && choice !== "pooled") {
    const found = thresholdForGroups(worst, fmr, label);
    const { fmr: measuredFmr, interval } = worstFmrAtScore(worst, found.threshold);
    const { source } = worst;
    const group = worst.groups.find(({ name }) => name === found.groups.worst);
    return { measuredFmr, interval, source, impostors: group?.impostors ?? 0, ...found };
  }
  const threshold = thresholdForFmr(calibration, fmr, label);
  const point = calibration.points.find((candidate) => candidate.fmr === fmr);
  if (!point) {
    const { interval } = fmrAtScore(calibration, threshold);
    return { threshold, measuredFmr: fmr, interval };
  }
  const { measuredFmr, interval, fnmr } = point;
  return { threshold, measuredFmr, interval, fnmr };
}

/** Whether the caller's wish, or what was measured of the model, gives a threshold at all. */
export function hasRule(entry: ModelEntry, mirrored: boolean, options: RuleOptions = {}): boolean {
  return options.fmr !== undefined || options.threshold !== undefined ||
    Object.keys(calibrationsOf(entry, mirrored, options)).length > 0;
}

/** Decides a score by a rule: see {@linkcode ruleFor}, which has an example. */
export function decide(score: number, rule: Pick<DecisionRule, "threshold">): Decision {
  return score >= rule.threshold ? "match" : "no-match";
}

/**
 * How often impostors would reach a score: the highest rate of the mask situations that fit, of the worst group of people
 * where groups were measured.
 *
 * @param entry The model, with its calibration.
 * @param mirrored Whether templates add the mirror image.
 * @param score The comparison score.
 * @param masks The mask states of the two faces, as for {@linkcode ruleFor}.
 * @param options Whether the score is normalised, and whose rate counts, as for {@linkcode ruleFor}.
 * @returns The rate; undefined if the model was never calibrated.
 *
 * @example
 * ```ts
 * import { scoreFmr } from "@maskinv/maskinv/score";
 * import { parseManifest } from "@maskinv/maskinv/embed";
 *
 * const { student } = parseManifest(await Deno.readTextFile("models/manifest.json"));
 * console.log(scoreFmr(student, false, 0.99)?.bound); // "below"
 * ```
 */
export function scoreFmr(
  entry: ModelEntry,
  mirrored: boolean,
  score: number,
  masks?: MaskStates,
  options: Pick<RuleOptions, "normalize" | "threshold"> = {},
): ComparisonFmr | undefined {
  const { candidates, basis } = situationsOf(calibrationsOf(entry, mirrored, options), masks);
  const rates = candidates.map(({ situation, calibration }): ComparisonFmr => {
    const { worst } = calibration;
    const rate = worst && options.threshold !== "pooled"
      ? worstFmrAtScore(worst, score)
      : fmrAtScore(calibration, score);
    return { ...rate, situation, basis };
  });
  return rates.sort((a, b) => b.interval[1] - a.interval[1])[0];
}

/** Whether scores of the model are normalised, as far as the caller wishes it. */
export function isNormalized(
  entry: Pick<ModelEntry, "cohort">,
  { normalize }: Pick<RuleOptions, "normalize"> = {},
): boolean {
  return entry.cohort !== undefined && normalize !== "none";
}

/**
 * What was measured of the scores that decide: normalised ones where the model has a cohort.
 *
 * @param entry The model.
 * @param mirrored Whether templates add the mirror image.
 * @param options With `normalize` `"none"`, what was measured of cosines.
 * @returns The calibrations by mask situation; none if nothing was measured.
 *
 * @example
 * ```ts
 * import { calibrationsOf } from "@maskinv/maskinv/score";
 * import { parseManifest } from "@maskinv/maskinv/embed";
 *
 * const { student } = parseManifest(await Deno.readTextFile("models/manifest.json"));
 * console.log(calibrationsOf(student, false, { normalize: "none" }).none?.source.slice(0, 3)); // lfw
 * ```
 */
export function calibrationsOf(
  entry: Pick<ModelEntry, "calibration" | "cohort">,
  mirrored: boolean,
  options: Pick<RuleOptions, "normalize"> = {},
): SituationCalibrations {
  const { calibration } = isNormalized(entry, options) ? entry.cohort! : entry;
  return (mirrored ? calibration?.mirrored : calibration?.single) ?? {};
}

/** Throws InvalidArgumentError unless a threshold that is no number says whose rate counts, or is absent. */
export function checkGroupChoice(
  threshold: string | undefined,
): asserts threshold is GroupChoice | undefined {
  if (threshold === undefined || threshold === "worst-group" || threshold === "pooled") return;
  throw new InvalidArgumentError(
    `Cannot use threshold "${threshold}": give a number, "worst-group" or "pooled"`,
  );
}

function givenRule(
  threshold: number,
  fmr: number | undefined,
  normalized: boolean,
): DecisionRule {
  if (fmr !== undefined) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold} together with fmr ${fmr}: give one of them`,
    );
  }
  const [least, most] = normalized ? [MIN_THRESHOLD, MAX_THRESHOLD] : [-1, 1];
  if (!(threshold >= least && threshold <= most)) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold}: give a ${
        normalized ? "normalised score" : "cosine"
      } between ${least} and ${most}`,
    );
  }
  return { threshold, basis: "given" };
}
