// Measuring: data sets, comparison scores of whole protocols, error rates with their intervals, and reports.
// A metric or a data set may be added here; what is changed must agree with the reference implementations of the tests.

/**
 * Error rates, thresholds and intervals of biometric verification, in the terms of ISO/IEC 19795-1.
 *
 * @module
 */
export {
  type Dataset,
  DATASET_KINDS,
  type DatasetImage,
  type DatasetKind,
  type DatasetPair,
  type LeftOutFile,
  type LeftOutReason,
} from "./dataset/dataset.ts";
export { type LfwPair, parseLfwPairs } from "./dataset/lfw.ts";
export { type DatasetOptions, openDataset } from "./dataset/open.ts";
export type { DrawOptions } from "./dataset/person_folders.ts";
export { evaluate, type EvaluateOptions } from "./run/evaluate.ts";
export type { Evaluation, ScenarioResult, WorstPair } from "./run/evaluation.ts";
export type { Failure, RunFacts } from "./run/template_table.ts";
export type { RunOptions, RunProgress } from "./run/run_options.ts";
export { type ModelChoice, parseModelChoice } from "./run/models.ts";
export {
  type ColorList,
  type ColorLists,
  type DrawnMasks,
  type MaskStyle,
  type OfficialMasks,
  parseColorList,
} from "./run/masks.ts";
export {
  calibrateModel,
  type CalibrateModelOptions,
  type GroupSource,
  type ModelCalibrations,
} from "./run/calibrate_model.ts";
export type { TemplateKind } from "./run/embedder.ts";
export { type ReportFileOptions, writeReport } from "./report/write.ts";
export { type Protocol, PROTOCOLS, type Scenario, SCENARIOS } from "./run/protocol.ts";
export { type ComparisonScores, joinFolds, type LabelledScores, NOT_COMPARED } from "./scores.ts";
export {
  falseMatchRate,
  falseNonMatchRate,
  thresholdAtFmr,
  trueMatchRateAtFmr,
} from "./verification.ts";
export { type FoldAccuracy, foldAccuracy } from "./accuracy.ts";
export { releasedAccuracy, valAtFar, type ValidationRate } from "./released.ts";
export { type Separability, separability } from "./moments.ts";
export { errorCurve, type ErrorPoint } from "./roc.ts";
export { ruleOfThree, wilsonInterval } from "./intervals.ts";
export { type OrderedScores, orderScores } from "./order.ts";
export { verificationReport } from "./verification_report.ts";
export type {
  BandPoint,
  Estimate,
  IntervalMethod,
  RatesAtThreshold,
  ReportOptions,
  TarAtFmr,
  VerificationMetrics,
} from "./metrics.ts";
export { calibrate, type CalibrationInput, type CalibrationOptions } from "./calibrate.ts";
export { groupCurve, type GroupTemplates } from "./group_curves.ts";
export { writeCalibration, writeChildFmr } from "./write_calibration.ts";
export type {
  Calibration,
  CurvePoint,
  MaskSituation,
  OperatingPoint,
  SituationCalibrations,
} from "../model/calibration.ts";
export type { DeviceChoice } from "../runtime/start.ts";
export type { FaceChoice } from "../pipeline/detect/choose.ts";
export type { PixelData } from "../image/image.ts";
export type { MaskTexture } from "../kernels/mask_overlay/layer.ts";
export type { ModelReader, ModelSource } from "../model/model.ts";
