// Similarities within a batch against the teacher's (Tung and Mori 2019, arXiv 1907.09682, with cosines).
// The one part of the loss that looks at the whole batch: a worker computes the gradient of its own samples
// alone, and has only the templates of the others.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** The samples of a batch that other workers have. */
export type OtherSamples = {
  /** The student's templates, `[m, size]` of length 1. */
  templates: np.Array;
  /** The teacher's. */
  targets: np.Array;
};

/** A part of a batch's loss. */
export type RelationalShare = {
  /** The part of the mean over all pairs that these samples stand first in. */
  share: np.Array;
  /** Has the same gradient by these samples as the whole batch's mean. */
  minimised: np.Array;
};

/**
 * The mean squared difference of the cosines of all pairs of a batch. Consumes its arguments.
 *
 * @param student `[n, size]` of length 1.
 * @param teacher `[n, size]` of length 1.
 * @param others The rest of the batch, if there is any.
 * @param batchSize Samples of the whole batch.
 */
export function relationalLoss(
  student: np.Array,
  teacher: np.Array,
  others: OtherSamples | undefined,
  batchSize: number,
): RelationalShare {
  const among = apart(student.ref, student.ref, teacher.ref, teacher.ref).mul(1 / batchSize ** 2);
  if (!others) {
    student.dispose();
    teacher.dispose();
    return { share: among.ref, minimised: among };
  }
  const across = apart(student, others.templates, teacher, others.targets)
    .mul(1 / batchSize ** 2);
  // Each such pair is there twice, and here once.
  return { share: among.ref.add(across.ref), minimised: among.add(across.mul(2)) };
}

/** Sum of the squared differences of the cosines of every one of `a` and `b`. */
function apart(a: np.Array, b: np.Array, teacherA: np.Array, teacherB: np.Array): np.Array {
  const difference = np.matmul(a, b.transpose()).sub(np.matmul(teacherA, teacherB.transpose()));
  return difference.ref.mul(difference).sum();
}
