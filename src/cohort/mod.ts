// Cohorts and groups of people: from a folder of aligned crops to what scores are normalised against, and to the thresholds
// that hold for each group. Who is in a cohort, and which groups are measured, may be changed here; how a score is
// normalised is in pipeline/score, how a false match rate is measured in evaluate.

/**
 * Cohorts: what comparison scores are normalised against, made of the templates of many people.
 *
 * @module
 */
export { buildCohort, type BuiltCohort, type CohortOptions } from "./build.ts";
export { type GroupOptions, openGroups } from "./groups.ts";
export { writeCohort } from "./write.ts";
export type { CohortEntry, CohortPart } from "../model/cohort.ts";
