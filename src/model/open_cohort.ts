// Opens the cohort of a model without a verifier, for programs that normalise stored templates themselves.

import { ModelError } from "../base/errors.ts";
import type { Cohort } from "./cohort.ts";
import { modelName, type Variant } from "./manifest.ts";
import { type ModelSource, openModels } from "./model.ts";

/** Whose cohort. */
export interface CohortChoice {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The embedding model's name in the manifest; by default `"student"`. */
  readonly model?: string;
  /** A smaller form of the model, which has a cohort of its own. */
  readonly variant?: Variant;
}

/**
 * Opens the cohort that scores of a model are normalised against.
 *
 * @param choice Whose cohort; by default that of the package's student.
 * @returns The cohort; undefined if the model has none, and its cosines decide.
 * @throws {ModelError} If the manifest cannot be read or lacks the model, or the cohort is of another network, missing or
 *     corrupt.
 *
 * @example
 * ```ts
 * import { openCohort } from "@maskinv/maskinv/score";
 *
 * const cohort = await openCohort({ model: "teacher" });
 * console.log(cohort === undefined); // true: only the student has one
 * ```
 */
export async function openCohort(choice: CohortChoice = {}): Promise<Cohort | undefined> {
  const store = await openModels(choice.models);
  const name = modelName(store.manifest, choice.model, choice.variant);
  if (store.manifest[name]) return await store.loadCohort(name);
  throw new ModelError(
    `Cannot open the cohort of model "${name}" as the manifest has no such model: name another`,
  );
}
