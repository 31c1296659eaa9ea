// From the false positive identification rate that a search may have to a threshold. A search compares the probe with
// every template, so that each comparison must be far less likely to err than the search as a whole.

import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import { modelName, type Variant } from "../model/manifest.ts";
import { type ModelSource, openModels } from "../model/model.ts";
import { ruleFor } from "../pipeline/score/decide.ts";
import type { MaskStates } from "../pipeline/score/situation.ts";

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

/**
 * Gives the threshold of a false match rate, from what was measured.
 *
 * @param fmr The false match rate of one comparison.
 * @param masks Whether probe and references wear masks, where that is known.
 * @returns The comparison score from which on a comparison is a match.
 * @throws {InvalidArgumentError} If the rate is lower than the measurements support.
 */
export type ThresholdAt = (fmr: number, masks: MaskStates) => number;

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
 * Opens the measured thresholds of a model. A rate above those that were measured gets the threshold of the highest
 * one, which is stricter than asked; a rate below is refused.
 *
 * @param options The same as the verifier's.
 * @returns The thresholds.
 * @throws {ModelError} If the manifest cannot be read, or lacks the model.
 *
 * @example
 * ```ts
 * import { openThresholds } from "@maskinv/maskinv/gallery";
 *
 * const thresholdAt = await openThresholds();
 * const unknown = [undefined, undefined] as const;
 * console.log(thresholdAt(0.0001, unknown) > thresholdAt(0.01, unknown)); // true
 * ```
 */
export async function openThresholds(options: ThresholdOptions = {}): Promise<ThresholdAt> {
  const { models, mirror = false } = options;
  const { manifest } = await openModels(models);
  const model = modelName(manifest, options.model, options.variant), entry = manifest[model];
  if (!entry) {
    throw new ModelError(
      `Cannot open the thresholds of model "${model}" as the manifest has no such model: name another`,
    );
  }
  const measured = mirror ? entry.calibration?.mirrored : entry.calibration?.single;
  const loosest = Math.min(...Object.values(measured ?? {}).map(({ curve }) => curve[0][1]));
  return (fmr, masks) => ruleFor(entry, mirror, { fmr: Math.min(fmr, loosest) }, masks).threshold;
}
