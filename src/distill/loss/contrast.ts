// Contrastive distillation: the student's template must be nearer to the teacher's of the same photo than to the teacher's
// of all other people. After Tian et al. (2020), arXiv 1910.10699, with the whole bank of templates instead of a sample.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** How the student's template is held against those of others. */
export interface ContrastOptions {
  /** Weight in the loss; 0 for none. */
  readonly weight: number;
  /** What cosines are divided by, above 0: the smaller, the more the nearest strangers count. Such as 0.1. */
  readonly temperature: number;
  /**
   * The teacher's score, -1 to below 1, from which a photo may show the same person, so that it is no stranger; photos of the
   * same identity never are. 0.6 is what `prepare` takes for the same person.
   */
  readonly alike: number;
}

/** The teacher's templates of all photos, and to which samples they are strangers. */
export type Bank = {
  /** `[photos, size]` of length 1. */
  templates: np.Array;
  /** `[n, photos]`: zero where the identity is the sample's, else one. */
  others: np.Array;
};

/**
 * Sum over samples of the cross entropy of the teacher's template of the same photo among those of strangers. Consumes
 * its arguments.
 *
 * @param student `[n, size]` of length 1.
 * @param teacher `[n, size]` of length 1.
 */
export function contrastLoss(
  student: np.Array,
  teacher: np.Array,
  bank: Bank,
  { temperature, alike }: ContrastOptions,
): np.Array {
  const templates = bank.templates.transpose();
  const strange = np.matmul(teacher.ref, templates.ref).less(alike).astype(np.float32);
  // Cosines less one: no exponential is above one.
  const logits = (cosines: np.Array): np.Array => cosines.sub(1).mul(1 / temperature);
  const genuine = logits(student.ref.mul(teacher).sum(-1));
  const strangers = np.exp(logits(np.matmul(student, templates))).mul(strange).mul(bank.others);
  return np.log(np.exp(genuine.ref).add(strangers.sum(-1))).sub(genuine).sum();
}
