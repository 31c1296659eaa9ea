// The template: what is kept of a face, and the only thing that can be compared.
// A nominal type, so that a list of numbers cannot pass for one, and tied to its model, so that no two models' are compared.

import { InvalidArgumentError, TemplateMismatchError } from "../../base/errors.ts";
import { cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";

/** What normalised scores of a template take (see `normalizeTemplate`): its share of a gain and of an offset. */
export interface Normalization {
  /** SHA-256 of the cohort file. */
  readonly cohort: string;
  /** Half of the cohort's typical deviation in units of the template's own. */
  readonly gain: number;
  /** Half of the cohort's typical mean, less the template's own mean times `gain`. */
  readonly offset: number;
}

/**
 * A face's embedding, scaled to length 1, with the model that made it (ISO/IEC 2382-37: a set of stored biometric
 * features). Two templates are compared with {@linkcode compareTemplates}.
 *
 * @example
 * ```ts
 * import { Template } from "@maskinv/maskinv/score";
 *
 * console.log(new Template([3, 4], "my-model").embedding); // Float32Array [0.6, 0.8]
 * ```
 */
export class Template {
  /** The numbers: finite, with sum of squares 1. */
  readonly embedding: Float32Array;
  /** Which model made it, and how: the SHA-256 of the model file, with `+mirror` if the mirror image was added. */
  readonly model: string;
  /** What normalised scores of the template take; absent if it was made without a cohort. */
  readonly normalization?: Normalization;
  // A private field makes the type nominal: an object that merely looks alike is no template.
  readonly #made = true;

  /**
   * Makes a template.
   *
   * @param embedding The numbers, one or more; copied, then scaled to length 1.
   * @param model Which model made it; templates are only compared within one model.
   * @param normalization What normalised scores take, if it is known; see `normalizeTemplate`.
   * @throws {InvalidArgumentError} If the embedding is empty, all zero, or has a number that is not finite.
   */
  constructor(embedding: ArrayLike<number>, model: string, normalization?: Normalization) {
    const values = Float32Array.from(embedding);
    let squares = 0;
    for (const value of values) squares += value * value;
    if (!(squares > 0 && squares < Infinity)) {
      throw new InvalidArgumentError(
        `Cannot make a template of ${values.length} numbers as their sum of squares is ${squares}: ` +
          `give finite numbers that are not all zero`,
      );
    }
    const gain = 1 / Math.sqrt(squares);
    for (let i = 0; i < values.length; i++) values[i] *= gain;
    this.embedding = values;
    this.model = model;
    if (normalization) this.normalization = normalization;
  }

  /** Whether a value is a template. */
  static is(value: unknown): value is Template {
    return typeof value === "object" && value !== null && #made in value;
  }
}

/**
 * The cosine of the angle between two templates: the comparison score without normalisation, see `compareNormalized`.
 *
 * @param probe One template.
 * @param reference The other.
 * @returns The score, in -1..1; higher means more alike. What it is worth is said by a threshold's false match rate.
 * @throws {TemplateMismatchError} If the templates come from different models.
 *
 * @example
 * ```ts
 * import { compareTemplates, Template } from "@maskinv/maskinv/score";
 *
 * const a = new Template([1, 0], "my-model"), b = new Template([1, 1], "my-model");
 * console.log(compareTemplates(a, b).toFixed(3)); // 0.707
 * ```
 */
export function compareTemplates(probe: Template, reference: Template): number {
  if (probe.model !== reference.model || probe.embedding.length !== reference.embedding.length) {
    throw new TemplateMismatchError(
      `Cannot compare a template of model ${describe(probe)} with one of ${describe(reference)}: ` +
        `make both with the same model and the same mirror option`,
    );
  }
  const { embedding } = probe;
  const [score] = cosineMatrix(embedding, reference.embedding, embedding.length);
  return Math.min(1, Math.max(-1, score));
}

function describe({ model, embedding }: Template): string {
  return `${model.length > 24 ? `${model.slice(0, 12)}…` : model} (${embedding.length} numbers)`;
}
