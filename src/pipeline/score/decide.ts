// From a score to a decision: picks the measured threshold for the false match rate that the caller accepts.
// No threshold is ever made up: one that the data does not support is refused, or given by the caller in so many words.

import { InvalidArgumentError } from "../../base/errors.ts";
import type {
  MaskSituation,
  OperatingPoint,
  SituationCalibrations,
} from "../../model/calibration.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import { fmrAtScore, type ScoreFmr, thresholdForFmr } from "./fmr.ts";
import { type MaskStates, type SituationBasis, situationsOf } from "./situation.ts";

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
}

/** A threshold and what is known about its false match rate. */
export interface DecisionRule {
  /** Comparison score from which on a comparison is a match, -1..1. */
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
}

/** What the caller wants of the decision: an accepted false match rate, or a threshold. */
export interface RuleOptions {
  /** Accepted false match rate; any that the calibration's data supports. By default 0.001. */
  readonly fmr?: number;
  /** A threshold of the caller's own, -1..1, instead of a measured one. */
  readonly threshold?: number;
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
 * @throws {InvalidArgumentError} If both options are given, one is out of range, or a calibration of the model, whichever
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
  const { fmr = 0.001, threshold } = options;
  if (threshold !== undefined) return givenRule(threshold, options.fmr);
  const measured = calibrationsOf(entry, mirrored);
  const rules = Object.entries(measured).map(([situation, calibration]) => {
    const label = `model "${entry.name}"${mirrored ? ", mirrored" : ""} (masked: ${situation})`;
    return { situation, calibration, threshold: thresholdForFmr(calibration, fmr, label) };
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
  const { situation, calibration, threshold: highest } = fitting.reduce((a, b) =>
    b.threshold > a.threshold ? b : a
  );
  const { points, source, impostors, genuine } = calibration;
  const point = points.find((candidate) => candidate.fmr === fmr);
  const { interval } = fmrAtScore(calibration, highest);
  const { threshold: _, ...rates } = point ??
    { fmr, threshold: highest, measuredFmr: fmr, interval };
  return {
    threshold: highest,
    basis,
    measured: { ...rates, situation: situation as MaskSituation, source, impostors, genuine },
  };
}

/** Whether the caller's wish, or what was measured of the model, gives a threshold at all. */
export function hasRule(entry: ModelEntry, mirrored: boolean, options: RuleOptions = {}): boolean {
  return options.fmr !== undefined || options.threshold !== undefined ||
    Object.keys(calibrationsOf(entry, mirrored)).length > 0;
}

/** Decides a score by a rule: see {@linkcode ruleFor}, which has an example. */
export function decide(score: number, rule: Pick<DecisionRule, "threshold">): Decision {
  return score >= rule.threshold ? "match" : "no-match";
}

/**
 * How often impostors would reach a score: the highest rate of the mask situations that fit.
 *
 * @param entry The model, with its calibration.
 * @param mirrored Whether templates add the mirror image.
 * @param score The comparison score.
 * @param masks The mask states of the two faces, as for {@linkcode ruleFor}.
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
): ComparisonFmr | undefined {
  const { candidates, basis } = situationsOf(calibrationsOf(entry, mirrored), masks);
  const rates = candidates.map(({ situation, calibration }) => ({
    ...fmrAtScore(calibration, score),
    situation,
    basis,
  }));
  return rates.sort((a, b) => b.fmr - a.fmr)[0];
}

function calibrationsOf(entry: ModelEntry, mirrored: boolean): SituationCalibrations {
  return (mirrored ? entry.calibration?.mirrored : entry.calibration?.single) ?? {};
}

function givenRule(threshold: number, fmr: number | undefined): DecisionRule {
  if (fmr !== undefined) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold} together with fmr ${fmr}: give one of them`,
    );
  }
  if (!(threshold >= -1 && threshold <= 1)) {
    throw new InvalidArgumentError(
      `Cannot use threshold ${threshold}: give a cosine between -1 and 1`,
    );
  }
  return { threshold, basis: "given" };
}
