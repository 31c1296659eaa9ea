// From crops to embeddings, and the networks that read the same crops. A network on crops is added here.

/**
 * Embedding models: the manifest that says what each model is, how it wants its pixels, and which thresholds were
 * measured for it. Embedding itself is `Verifier.embed`, as it needs a device.
 *
 * @module
 */
export {
  type ConditionLimits,
  type Manifest,
  type ModelEntry,
  parseManifest,
  type Variant,
} from "../../model/manifest.ts";
export type {
  Calibration,
  CurvePoint,
  MaskSituation,
  ModelCalibration,
  OperatingPoint,
  SituationCalibrations,
} from "../../model/calibration.ts";
export type { ModelReader, ModelSource } from "../../model/model.ts";
export type { TensorSpec } from "../../runtime/tensor_spec.ts";
export type { AlignedFace, EmbeddedFace } from "./embed.ts";
export { type Cause, causesInWords, explainIncomparable, type Incomparable } from "./comparable.ts";
export {
  type Condition,
  CONDITION_SIZE,
  type Covering,
  type Fault,
  readConditions,
} from "./condition.ts";
