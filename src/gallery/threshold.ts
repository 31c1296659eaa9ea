// From the false positive identification rate that a search may have to a threshold. A search compares the probe with
// every template, so that each comparison must be far less likely to err than the search as a whole.

import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import { modelName, type Variant } from "../model/manifest.ts";
import { type ModelSource, openModels } from "../model/model.ts";
import type {
  Calibration,
  GroupCalibrations,
  SituationCalibrations,
} from "../model/calibration.ts";
import type { Cohort } from "../model/cohort.ts";
import { calibrationsOf, type GroupChoice, type RuleOptions } from "../pipeline/score/decide.ts";
import { fmrAtScore, type ScoreFmr, thresholdForFmr } from "../pipeline/score/fmr.ts";
import {
  type GroupsBehind,
  thresholdForGroups,
  worstFmrAtScore,
} from "../pipeline/score/groups.ts";
import { type MaskStates, situationsOf } from "../pipeline/score/situation.ts";

/**
 * The false match rate that each comparison may have so that a search of a person who is not enrolled finds someone
 * no more often than said: FMR = 1 - (1 - FPIR)^(1/N), for N comparisons that err independently (ISO/IEC 19795-1).
 * Templates of one person err together, and people who look alike too, which makes the true FPIR lower.
 *
 * @param fpir False positive identification rate, above 0 and below 1.
 * @param comparisons Number of templates in the gallery; an empty gallery counts as 1.
 * @returns The false match rate.
 * @throws {InvalidArgumentError} If the rate is out of its range.
 *
 * @example
 * ```ts
 * import { fmrForFpir } from "@maskinv/maskinv/gallery";
 *
 * console.log(fmrForFpir(0.01, 100).toExponential(2)); // 1.01e-4
 * ```
 */
export function fmrForFpir(fpir: number, comparisons: number): number {
  if (!(fpir > 0 && fpir < 1)) {
    throw new InvalidArgumentError(
      `Cannot search at a FPIR of ${fpir}: give a rate above 0 and below 1, such as 0.01`,
    );
  }
  // expm1 and log1p keep the digits that 1 - (1 - x) would lose.
  return -Math.expm1(Math.log1p(-fpir) / Math.max(1, comparisons));
}

/** The inverse: the false positive identification rate of a search in so many templates. */
export function fpirForFmr(fmr: number, comparisons: number): number {
  return -Math.expm1(Math.max(1, comparisons) * Math.log1p(-fmr));
}

/** A threshold and how often impostors reach it. */
export interface MeasuredThreshold {
  /** The comparison score from which on a comparison is a match. */
  readonly threshold: number;
  /** The false match rate of one comparison at the threshold. */
  readonly fmr: number;
  /** Its 95% interval. */
  readonly interval: readonly [low: number, high: number];
  /** False where the rate asked for is lower than any that was measured: this is the strictest threshold that was. */
  readonly supported: boolean;
  /** The groups of people in each of which the upper end of the interval holds; absent for all people together. */
  readonly groups?: GroupsBehind;
}

/** How often impostors reach a score, of which people. */
export interface SearchFmr extends ScoreFmr {
  /** As in {@linkcode MeasuredThreshold}. */
  readonly groups?: GroupsBehind;
}

/** What was measured of the scores of a model, for searches. */
export interface SearchThresholds {
  /** What the scores are normalised by; absent if they are cosines. */
  readonly cohort?: Cohort;
  /**
   * The threshold of a false match rate; of several mask situations that fit, the strictest.
   *
   * @param fmr The false match rate of one comparison, above 0 and at most 1.
   * @param masks Whether probe and references wear masks, where that is known.
   * @param whose Whose rate counts.
   * @returns The threshold, or the strictest that was measured; `undefined` if nothing was measured.
   * @throws {InvalidArgumentError} If the rate is out of its range, or the worst group is asked for and none was measured.
   */
  forFmr(fmr: number, masks: MaskStates, whose?: GroupChoice): MeasuredThreshold | undefined;
  /** How often impostors reach a score; `undefined` if nothing was measured. */
  fmrAt(score: number, masks: MaskStates, whose?: GroupChoice): SearchFmr | undefined;
}

/** Which thresholds to open: those of the verifier that makes the templates. */
export interface ThresholdOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The embedding model's name in the manifest; by default `"student"`. */
  readonly model?: string;
  /** The variant of the model; by default the model itself. */
  readonly variant?: Variant;
  /** Whether templates add the mirror image's embedding. By default false. */
  readonly mirror?: boolean;
  /**
   * Which scores a gallery compares: normalised ones (`"cohort"`, the default where the model has a cohort) or cosines
   * (`"none"`). Each has thresholds of its own.
   */
  readonly normalize?: RuleOptions["normalize"];
}

/**
 * Opens the measured thresholds of a model, and the cohort that its scores are normalised by.
 *
 * @param options The same as the verifier's.
 * @returns The thresholds.
 * @throws {ModelError} If the manifest cannot be read or lacks the model, or its cohort is missing or corrupt.
 *
 * @example
 * ```ts
 * import { openThresholds } from "@maskinv/maskinv/gallery";
 *
 * const thresholds = await openThresholds();
 * const [often, rarely] = [0.01, 0.0001].map((fmr) => thresholds.forFmr(fmr, [undefined, undefined]));
 * console.log(rarely!.threshold > often!.threshold); // true
 * ```
 */
export async function openThresholds(options: ThresholdOptions = {}): Promise<SearchThresholds> {
  const { models, mirror = false, normalize } = options;
  const store = await openModels(models), { manifest } = store;
  const model = modelName(manifest, options.model, options.variant), entry = manifest[model];
  if (!entry) {
    throw new ModelError(
      `Cannot open the thresholds of model "${model}" as the manifest has no such model: name another`,
    );
  }
  const cohort = normalize === "none" ? undefined : await store.loadCohort(model);
  return searchThresholds(calibrationsOf(entry, mirror, { normalize }), cohort);
}

/**
 * Makes thresholds of calibrations.
 *
 * @param measured The calibrations of one kind of templates, by mask situation; none if there are none.
 * @param cohort What the scores of these calibrations are normalised by; cosines without.
 * @returns The thresholds.
 *
 * @example
 * ```ts
 * import { searchThresholds } from "@maskinv/maskinv/gallery";
 *
 * const curve = [[0.2, 0.1, 0.09, 0.11], [0.4, 0.001, 0.0005, 0.002]] as const;
 * const none = { source: "test", impostors: 30000, genuine: 9, points: [], curve };
 * const thresholds = searchThresholds({ none });
 * console.log(thresholds.forFmr(0.01, [undefined, undefined])?.threshold.toFixed(3)); // 0.300
 * console.log(thresholds.forFmr(1e-6, [undefined, undefined])?.supported); // false
 * ```
 */
export function searchThresholds(
  measured: SituationCalibrations,
  cohort?: Cohort,
): SearchThresholds {
  const fmrAt = (score: number, masks: MaskStates, whose?: GroupChoice): SearchFmr | undefined =>
    situationsOf(measured, masks).candidates.map(({ calibration }) => {
      const groups = groupsOf(calibration, whose);
      return groups ? worstFmrAtScore(groups, score) : fmrAtScore(calibration, score);
    }).sort((a, b) => b.interval[1] - a.interval[1])[0];
  return {
    ...(cohort && { cohort }),
    fmrAt,
    forFmr(fmr, masks, whose): MeasuredThreshold | undefined {
      if (!(fmr > 0 && fmr <= 1)) {
        throw new InvalidArgumentError(
          `Cannot decide at FMR ${fmr}: give a rate above 0 and at most 1`,
        );
      }
      const rules = situationsOf(measured, masks).candidates.map(({ calibration }) =>
        strictest(calibration, fmr, whose)
      );
      if (rules.length === 0) return undefined;
      const threshold = Math.max(...rules.map((rule) => rule.threshold));
      const supported = rules.every((rule) => rule.supported);
      const { bound: _, ...seen } = fmrAt(threshold, masks, whose)!;
      return { threshold, ...seen, supported };
    },
  };
}

/** The threshold of a rate, or of the lowest rate that the data supports. */
function strictest(
  calibration: Calibration,
  fmr: number,
  whose: GroupChoice | undefined,
): Pick<MeasuredThreshold, "threshold" | "supported"> {
  const measured = groupsOf(calibration, whose);
  if (measured) return strictestForGroups(measured, fmr);
  const { curve, points } = calibration, last = curve[curve.length - 1];
  if (fmr < last[1] && !points.some((point) => point.fmr === fmr)) {
    return { threshold: last[0], supported: false };
  }
  // A rate above those that were measured gets the threshold of the highest one, which is stricter than asked.
  const threshold = thresholdForFmr(calibration, Math.min(fmr, curve[0][1]));
  return { threshold, supported: true };
}

/** As {@linkcode strictest}, for every group: the lowest rate is the one that the smallest group supports. */
function strictestForGroups(
  measured: GroupCalibrations,
  fmr: number,
): Pick<MeasuredThreshold, "threshold" | "supported"> {
  const least = Math.max(...measured.groups.map(({ curve }) => curve[curve.length - 1][3]));
  const supported = fmr >= least || measured.points.some((point) => point.fmr === fmr);
  const { threshold } = thresholdForGroups(measured, supported ? fmr : least);
  return { threshold, supported };
}

/** The groups whose rates count, if any do. */
function groupsOf(
  { worst }: Calibration,
  whose: GroupChoice | undefined,
): GroupCalibrations | undefined {
  if (whose === "worst-group" && !worst) {
    throw new InvalidArgumentError(
      `Cannot search by the worst group as no groups of people were measured: calibrate the model with ` +
        `--groups, or give the threshold "pooled"`,
    );
  }
  return whose === "pooled" ? undefined : worst;
}
