// From a score to a decision: picks the measured threshold for the false match rate that the caller accepts.
// No threshold is ever made up: one that was not measured is refused, or given by the caller in so many words.

import { InvalidArgumentError } from "../errors.ts";
import type { Calibration, ModelEntry, OperatingPoint } from "../model/manifest.ts";

/** Whether a score reaches the threshold. */
export type Decision = "match" | "no-match";

/** A threshold and what is known about its false match rate. */
export interface DecisionRule {
  /** Comparison score from which on a comparison is a match, -1..1. */
  readonly threshold: number;
  /** The measured error rates at the threshold; absent if the caller gave a threshold of their own. */
  readonly measured?: OperatingPoint & Omit<Calibration, "points">;
}

/** What the caller wants of the decision: an accepted false match rate, or a threshold. */
export interface RuleOptions {
  /** Accepted false match rate; one that the manifest has measured. By default 0.001. */
  readonly fmr?: number;
  /** A threshold of the caller's own, -1..1, instead of a measured one. */
  readonly threshold?: number;
}

/**
 * Finds the decision rule for a model.
 *
 * @param entry The model, with its measured operating points.
 * @param mirrored Whether templates add the mirror image, which has thresholds of its own.
 * @param options What the caller wants.
 * @returns The threshold with its measured error rates.
 * @throws {InvalidArgumentError} If both options are given, one is out of range, or the rate was never measured.
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
): DecisionRule {
  const { fmr = 0.001, threshold } = options;
  if (threshold !== undefined) {
    if (options.fmr !== undefined) {
      throw new InvalidArgumentError(
        `Cannot use threshold ${threshold} together with fmr ${fmr}: give one of them`,
      );
    }
    if (!(threshold >= -1 && threshold <= 1)) {
      throw new InvalidArgumentError(
        `Cannot use threshold ${threshold}: give a cosine between -1 and 1`,
      );
    }
    return { threshold };
  }
  const calibration = mirrored ? entry.calibration?.mirrored : entry.calibration?.single;
  const point = calibration?.points.find((candidate) => candidate.fmr === fmr);
  if (!calibration || !point) {
    const known = calibration?.points.map((candidate) => candidate.fmr).join(", ") || "none";
    throw new InvalidArgumentError(
      `Cannot decide at FMR ${fmr} as the measured rates of model "${entry.name}" are ${known}: ` +
        `ask for one of these, or give a threshold of your own`,
    );
  }
  const { points: _, ...origin } = calibration;
  return { threshold: point.threshold, measured: { ...point, ...origin } };
}

/** Decides a score by a rule: see {@linkcode ruleFor}, which has an example. */
export function decide(score: number, rule: DecisionRule): Decision {
  return score >= rule.threshold ? "match" : "no-match";
}
