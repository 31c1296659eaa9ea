// Templates, comparison scores and decisions. A rule may be changed here; the score itself is the kernel cosine_matrix.

/**
 * Templates, comparison scores and decisions.
 *
 * @module
 */
export {
  calibrationsOf,
  type ComparisonFmr,
  decide,
  type Decision,
  type DecisionRule,
  type GroupChoice,
  type MeasuredRates,
  ruleFor,
  type RuleOptions,
  scoreFmr,
} from "./decide.ts";
export { type GroupsBehind, thresholdForGroups, type WorstFmr, worstFmrAtScore } from "./groups.ts";
export { fmrAtScore, type ScoreFmr, thresholdForFmr } from "./fmr.ts";
export type { MaskStates, SituationBasis } from "./situation.ts";
export {
  compareNormalized,
  comparisonScore,
  normalizedScore,
  normalizeTemplate,
} from "./normalize.ts";
export { compareTemplates, type Normalization, Template } from "./template.ts";
export { cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";
export { type RankedScores, topK } from "../../kernels/top_k/cpu.ts";
export { type CohortChoice, openCohort } from "../../model/open_cohort.ts";
export type { Cohort, CohortEntry, CohortPart } from "../../model/cohort.ts";
export type { ModelEntry } from "../../model/manifest.ts";
export type {
  Calibration,
  CurvePoint,
  GroupCalibration,
  GroupCalibrations,
  GroupPoint,
  MaskSituation,
  ModelCalibration,
  OperatingPoint,
  SituationCalibrations,
} from "../../model/calibration.ts";
