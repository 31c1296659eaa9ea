/**
 * Templates, comparison scores and decisions.
 *
 * @module
 */
export { decide, type Decision, type DecisionRule, ruleFor, type RuleOptions } from "./decide.ts";
export { compareTemplates, Template } from "./template.ts";
export { cosineMatrix } from "./cosine_matrix.ts";
export { type RankedScores, topK } from "./top_k.ts";
export type { Calibration, ModelEntry, OperatingPoint } from "../model/manifest.ts";
