// Cohort-normalised scores: what a cosine is worth for these two faces. A face that many strangers look like gets lower
// scores for the same cosine, so that one threshold means the same for everyone.
// Adaptive symmetric normalisation (AS-norm: Cumani et al., Interspeech 2011; Matejka et al., Interspeech 2017; for faces
// Linghu et al., IJCB 2024, arXiv 2407.14087):
//   s' = ((s - mean_p) / deviation_p + (s - mean_r) / deviation_r) / 2
// with mean and deviation of each template's highest scores with the cohort. Here s' is brought back to the scale of the
// cosine by the cohort's typical mean and deviation: mean + deviation * s'. That is s * (gain_p + gain_r) + offset_p +
// offset_r, so that a template carries two numbers and a comparison costs one multiplication and one addition more.

import { InvalidArgumentError, TemplateMismatchError } from "../../base/errors.ts";
import { cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";
import { topK } from "../../kernels/top_k/cpu.ts";
import type { Cohort } from "../../model/cohort.ts";
import { compareTemplates, type Normalization, Template } from "./template.ts";

/**
 * The normalisations of templates from their scores with the cohort.
 *
 * @param scores `[templates, rows of the cohort]`, cosines.
 * @param cohort The cohort.
 * @returns One normalisation per template.
 * @throws {InvalidArgumentError} If all of a template's highest scores are the same, or one is not finite.
 */
export function normalizationsOf(scores: Float32Array, { entry }: Cohort): Normalization[] {
  const centres = entry.bare.centres + entry.masked.centres;
  return highestMoments(scores, centres, entry.nearest).map(({ mean, deviation }) => {
    if (!(deviation > 0)) {
      throw new InvalidArgumentError(
        `Cannot normalise a template whose highest scores with the cohort deviate by ${deviation}: ` +
          `make it of a photo, with the cohort's own network`,
      );
    }
    const gain = entry.deviation / deviation / 2;
    return { cohort: entry.sha256, gain, offset: entry.mean / 2 - mean * gain };
  });
}

/**
 * A template with its normalisation.
 *
 * @param template The template; of the cohort's network, not rotated by a gallery's protection.
 * @param cohort The cohort.
 * @returns The template itself if it has that normalisation already.
 * @throws {InvalidArgumentError} If the template is of another network.
 *
 * @example
 * ```ts
 * import { compareNormalized, normalizeTemplate, openCohort, Template } from "@maskinv/maskinv/score";
 *
 * const cohort = await openCohort();
 * if (cohort) {
 *   const made = Array.from({ length: cohort.size }, (_, i) => Math.sin(i));
 *   const template = normalizeTemplate(new Template(made, cohort.entry.network), cohort);
 *   console.log(compareNormalized(template, template) > 0.5); // true
 * }
 * ```
 */
export function normalizeTemplate(template: Template, cohort: Cohort): Template {
  const { embedding, model, normalization } = template, { entry, rows, size } = cohort;
  if (normalization?.cohort === entry.sha256) return template;
  if (model.replace(/\+mirror$/, "") !== entry.network || embedding.length !== size) {
    throw new InvalidArgumentError(
      `Cannot normalise a template of model ${
        model.slice(0, 12)
      } (${embedding.length} numbers) with a cohort of ` +
        `${entry.network.slice(0, 12)} (${size} numbers): use the cohort of its own network`,
    );
  }
  const [made] = normalizationsOf(cosineMatrix(embedding, rows, size), cohort);
  return new Template(embedding, model, made);
}

/** Gain and offset of each row of templates, two after two; NaN where a row is no template. */
export function normalizationRows(templates: Float32Array, cohort: Cohort): Float32Array {
  const { rows, size } = cohort, count = templates.length / size;
  const out = new Float32Array(2 * count).fill(NaN);
  for (let i = 0; i < count; i++) {
    const row = templates.subarray(i * size, (i + 1) * size);
    if (!row.some((value) => value !== 0) || !row.every(Number.isFinite)) continue;
    const [{ gain, offset }] = normalizationsOf(cosineMatrix(row, rows, size), cohort);
    out[2 * i] = gain;
    out[2 * i + 1] = offset;
  }
  return out;
}

/**
 * The comparison score of a cosine.
 *
 * @param cosine The cosine of two templates.
 * @param probe The normalisation of one.
 * @param reference The normalisation of the other.
 * @returns The normalised score: about as large as a cosine, without its limits.
 */
export function normalizedScore(
  cosine: number,
  probe: Pick<Normalization, "gain" | "offset">,
  reference: Pick<Normalization, "gain" | "offset">,
): number {
  return cosine * (probe.gain + reference.gain) + probe.offset + reference.offset;
}

/**
 * The normalised comparison score of two templates.
 *
 * @param probe One template, with its normalisation.
 * @param reference The other.
 * @returns The score, on the scale of the cosine; higher means more alike. The thresholds of a model with a cohort are
 *     for these scores.
 * @throws {TemplateMismatchError} If the templates come from different models, or were not normalised by one cohort.
 *
 * @example
 * ```ts
 * import { compareNormalized, Template } from "@maskinv/maskinv/score";
 *
 * const common = { cohort: "test", gain: 0.5, offset: 0 }, doubles = { ...common, gain: 1.5 };
 * const a = new Template([1, 0], "my-model", common), b = new Template([1, 1], "my-model", doubles);
 * console.log(compareNormalized(a, b).toFixed(3)); // 1.414
 * ```
 */
export function compareNormalized(probe: Template, reference: Template): number {
  const [a, b] = [probe.normalization, reference.normalization];
  if (!a || !b || a.cohort !== b.cohort) {
    throw new TemplateMismatchError(
      `Cannot compare templates normalised by ${shorten(a?.cohort)} and by ${
        shorten(b?.cohort)
      }: ` +
        `normalise both with normalizeTemplate and one cohort, or compare cosines`,
    );
  }
  return normalizedScore(compareTemplates(probe, reference), a, b);
}

/**
 * The comparison score that a model's thresholds are for: normalised where both templates carry their normalisation, the
 * cosine where neither does.
 *
 * @param probe One template.
 * @param reference The other.
 * @returns The score.
 * @throws {TemplateMismatchError} If the templates come from different models, or one is normalised and the other not.
 *
 * @example
 * ```ts
 * import { comparisonScore, Template } from "@maskinv/maskinv/score";
 *
 * const a = new Template([1, 0], "my-model"), b = new Template([1, 1], "my-model");
 * console.log(comparisonScore(a, b).toFixed(3)); // 0.707
 * ```
 */
export function comparisonScore(probe: Template, reference: Template): number {
  return probe.normalization || reference.normalization
    ? compareNormalized(probe, reference)
    : compareTemplates(probe, reference);
}

function shorten(cohort: string | undefined): string {
  return cohort === undefined ? "no cohort" : `cohort ${cohort.slice(0, 12)}`;
}

/** Mean and standard deviation of the highest scores of each row. */
export function highestMoments(
  scores: Float32Array,
  columns: number,
  nearest: number,
): { mean: number; deviation: number }[] {
  const { scores: best } = topK(scores, columns, nearest);
  return Array.from(
    { length: scores.length / columns },
    (_, i) => momentsOf(best.subarray(i * nearest, (i + 1) * nearest)),
  );
}

function momentsOf(values: Float32Array): { mean: number; deviation: number } {
  let sum = 0, squares = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) };
}
