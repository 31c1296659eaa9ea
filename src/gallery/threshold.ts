// From the false positive identification rate that a search may have to a threshold. A search compares the probe with
// every template, so that each comparison must be far less likely to err than the search as a whole.

import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import { modelName, type Variant } from "../model/manifest.ts";
import { type ModelSource, openModels } from "../model/model.ts";
import type { Calibration, SituationCalibrations } from "../model/calibration.ts";
import { fmrAtScore, type ScoreFmr, thresholdForFmr } from "../pipeline/score/fmr.ts";
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
  /** The comparison score from which on a comparison is a match, -1..1. */
  readonly threshold: number;
  /** The false match rate of one comparison at the threshold. */
  readonly fmr: number;
  /** Its 95% interval. */
  readonly interval: readonly [low: number, high: number];
  /** False where the rate asked for is lower than any that was measured: this is the strictest threshold that was. */
  readonly supported: boolean;
}

/** What was measured of the scores of a model, for searches. */
export interface SearchThresholds {
  /**
   * The threshold of a false match rate; of several mask situations that fit, the strictest.
   *
   * @param fmr The false match rate of one comparison, above 0 and at most 1.
   * @param masks Whether probe and references wear masks, where that is known.
   * @returns The threshold, or the strictest that was measured; `undefined` if nothing was measured.
   * @throws {InvalidArgumentError} If the rate is out of its range.
   */
  forFmr(fmr: number, masks: MaskStates): MeasuredThreshold | undefined;
  /** How often impostors reach a score; `undefined` if nothing was measured. */
  fmrAt(score: number, masks: MaskStates): ScoreFmr | undefined;
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
}

/**
 * Opens the measured thresholds of a model.
 *
 * @param options The same as the verifier's.
 * @returns The thresholds.
 * @throws {ModelError} If the manifest cannot be read, or lacks the model.
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
  const { models, mirror = false } = options;
  const { manifest } = await openModels(models);
  const model = modelName(manifest, options.model, options.variant), entry = manifest[model];
  if (!entry) {
    throw new ModelError(
      `Cannot open the thresholds of model "${model}" as the manifest has no such model: name another`,
    );
  }
  return searchThresholds((mirror ? entry.calibration?.mirrored : entry.calibration?.single) ?? {});
}

/**
 * Makes thresholds of calibrations.
 *
 * @param measured The calibrations of one kind of templates, by mask situation; none if there are none.
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
export function searchThresholds(measured: SituationCalibrations): SearchThresholds {
  const fmrAt = (score: number, masks: MaskStates): ScoreFmr | undefined =>
    situationsOf(measured, masks).candidates.map(({ calibration }) =>
      fmrAtScore(calibration, score)
    )
      .sort((a, b) => b.fmr - a.fmr)[0];
  return {
    fmrAt,
    forFmr(fmr, masks): MeasuredThreshold | undefined {
      if (!(fmr > 0 && fmr <= 1)) {
        throw new InvalidArgumentError(
          `Cannot decide at FMR ${fmr}: give a rate above 0 and at most 1`,
        );
      }
      const rules = situationsOf(measured, masks).candidates.map(({ calibration }) =>
        strictest(calibration, fmr)
      );
      if (rules.length === 0) return undefined;
      const threshold = Math.max(...rules.map((rule) => rule.threshold));
      const supported = rules.every((rule) => rule.supported);
      const seen = fmrAt(threshold, masks)!;
      return { threshold, fmr: seen.fmr, interval: seen.interval, supported };
    },
  };
}

/** The threshold of a rate, or of the lowest rate that the data supports. */
function strictest(
  calibration: Calibration,
  fmr: number,
): Pick<MeasuredThreshold, "threshold" | "supported"> {
  const { curve, points } = calibration, last = curve[curve.length - 1];
  if (fmr < last[1] && !points.some((point) => point.fmr === fmr)) {
    return { threshold: last[0], supported: false };
  }
  // A rate above those that were measured gets the threshold of the highest one, which is stricter than asked.
  const threshold = thresholdForFmr(calibration, Math.min(fmr, curve[0][1]));
  return { threshold, supported: true };
}
