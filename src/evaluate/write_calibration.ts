// Puts measured calibrations into the text of a manifest. The curve's rows stay on one line each, so that a change of a
// model's calibration can be read as a diff.

import { ModelError } from "../base/errors.ts";
import type { SituationCalibrations } from "../model/calibration.ts";
import { rounded } from "./fmr_curve.ts";
import { manifestJson, parseManifest } from "../model/manifest.ts";

/**
 * Gives the text of a manifest with a model's calibrations replaced; situations that are not given stay as they were.
 *
 * @param manifestText The text of `manifest.json`.
 * @param modelName The model's name in it.
 * @param kind Whether the templates were of the face alone or with its mirror image added.
 * @param calibrations What `calibrate` has measured.
 * @param scores Which scores were measured: cosines, or those normalised by the model's cohort. By default cosines.
 * @returns The new text; everything else in it is as before.
 * @throws {ModelError} If the manifest is not valid, lacks the model, or would not be valid afterwards.
 *
 * @example
 * ```ts
 * import { writeCalibration } from "@maskinv/maskinv/evaluate";
 *
 * const text = await Deno.readTextFile("models/manifest.json");
 * const { student } = JSON.parse(text).models;
 * const same = writeCalibration(text, "student", "single", student.calibration.single);
 * console.log(JSON.stringify(JSON.parse(same)) === JSON.stringify(JSON.parse(text))); // true
 * ```
 */
export function writeCalibration(
  manifestText: string,
  modelName: string,
  kind: "single" | "mirrored",
  calibrations: SituationCalibrations,
  scores: "cosine" | "normalized" = "cosine",
): string {
  const known = parseManifest(manifestText);
  if (!Object.hasOwn(known, modelName)) {
    throw new ModelError(
      `Cannot write a calibration as the manifest has no model "${modelName}": name one of it`,
    );
  }
  if (scores === "normalized" && !known[modelName].cohort) {
    throw new ModelError(
      `Cannot write a calibration of normalised scores as model "${modelName}" has no cohort: build it first`,
    );
  }
  const json = JSON.parse(manifestText);
  const entry = scores === "normalized" ? json.models[modelName].cohort : json.models[modelName];
  const others = entry.calibration ?? {};
  entry.calibration = { ...others, [kind]: { ...others[kind], ...calibrations } };
  const text = manifestJson(json);
  parseManifest(text);
  return text;
}

/**
 * Gives the text of a manifest in which a model's condition head knows how often children match; as it was if the model
 * has no such head.
 *
 * @param manifestText The text of `manifest.json`.
 * @param modelName The model's name in it.
 * @param childFmr Share of the pairs of different children that match at the default threshold, 0..1.
 * @returns The new text.
 * @throws {ModelError} If the manifest is not valid.
 *
 * @example
 * ```ts
 * import { writeChildFmr } from "@maskinv/maskinv/evaluate";
 *
 * const text = await Deno.readTextFile("models/manifest.json");
 * console.log(JSON.parse(writeChildFmr(text, "student", 0.25)).models.student.condition.childFmr); // 0.25
 * ```
 */
export function writeChildFmr(manifestText: string, modelName: string, childFmr: number): string {
  if (!parseManifest(manifestText)[modelName]?.condition) return manifestText;
  const json = JSON.parse(manifestText);
  json.models[modelName].condition.childFmr = rounded(childFmr);
  return manifestJson(json);
}
