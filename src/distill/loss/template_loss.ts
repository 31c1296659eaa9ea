// Template-level distillation: the student's template against the teacher's of the clean face.
// Huber et al. (2021), arXiv 2112.05646: mean squared error of templates of length 1, over samples and numbers.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** Rows of length 1. Consumes its argument. */
export function normalizeRows(x: np.Array): np.Array {
  const squares = x.ref.mul(x.ref).sum(-1, { keepdims: true });
  // The smallest number only guards a template of zeros.
  return x.div(np.sqrt(squares.add(1e-12)));
}

/**
 * Sum over samples of the mean squared error of their templates, `[n, size]` of length 1 each. Consumes its arguments.
 *
 * The cosine loss `1 - cos` is the same thing times `size / 2`, since |a - b|^2 = 2 - 2 cos for length 1.
 */
export function templateLoss(student: np.Array, teacher: np.Array): np.Array {
  const size = student.shape[1];
  const difference = student.sub(teacher);
  return difference.ref.mul(difference).sum().mul(1 / size);
}

/** Sum over samples of one less the cosine, of rows of length 1. Consumes its arguments. */
export function cosineLoss(student: np.Array, teacher: np.Array): np.Array {
  return np.subtract(1, student.mul(teacher).sum(-1)).sum();
}
