/**
 * maskinv: face verification that still knows you behind a mask, anywhere TypeScript runs.
 *
 * @example Compare two photos
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 *
 * await using verifier = await createVerifier();
 * const result = await verifier.verify("tests/photos/collins.jpg", "tests/photos/collins_masked.jpg");
 * if (result.kind === "compared") console.log(result.decision, result.score);
 * ```
 *
 * @module
 */
export * from "./src/base/errors.ts";
export { createVerifier } from "./src/verify/create.ts";
export type {
  DetectOptions,
  EmbedAllOptions,
  Verifier,
  VerifyOptions,
} from "./src/verify/verifier.ts";
export type { PhotoOptions, VerifierOptions } from "./src/verify/options.ts";
export { explainFinding } from "./src/verify/result.ts";
export type * from "./src/verify/result.ts";
export type { DeviceChoice } from "./src/runtime/start.ts";
export type { Image, ImageInput, PixelData } from "./src/image/image.ts";
export { compareTemplates, Template } from "./src/pipeline/score/template.ts";
export type {
  ComparisonFmr,
  Decision,
  DecisionRule,
  MeasuredRates,
  RuleOptions,
} from "./src/pipeline/score/decide.ts";
export type { ScoreFmr } from "./src/pipeline/score/fmr.ts";
export type { SituationBasis } from "./src/pipeline/score/situation.ts";
export type { FaceChoice } from "./src/pipeline/detect/choose.ts";
export type { Box, Face, FaceWithMesh, Landmarks } from "./src/pipeline/detect/face.ts";
export type { Alignment } from "./src/pipeline/align/arcface.ts";
export type { Affine, Point } from "./src/math/affine.ts";
export type { AlignedFace, EmbeddedFace } from "./src/pipeline/embed/embed.ts";
export type { ModelReader, ModelSource } from "./src/model/model.ts";
export type { Variant } from "./src/model/manifest.ts";
export type {
  Calibration,
  CurvePoint,
  MaskSituation,
  OperatingPoint,
} from "./src/model/calibration.ts";
export { applyMask } from "./src/mask/apply.ts";
export {
  MASK_KINDS,
  type MaskKind,
  type MaskOptions,
  type Pattern,
  PATTERNS,
  type Wearing,
  WEARINGS,
} from "./src/mask/kinds.ts";
export type { Cause, Incomparable } from "./src/pipeline/embed/comparable.ts";
export type { Condition, Covering, Fault } from "./src/pipeline/embed/condition.ts";
export type { MaskState, MaskStateName } from "./src/pipeline/embed/mask_state.ts";
