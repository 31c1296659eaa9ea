// Softmax over centres that do not move, with an angular margin for the true one: ArcFace (Deng et al. 2019, arXiv
// 1801.07698) with the teacher's mean templates in place of learnt classes.

import { nn, numpy as np } from "npm:@jax-js/jax@0.1.25";
import { moved } from "./elastic_arc.ts";
import type { CentresOptions } from "./options.ts";

/** The centres, and which are those of the samples. */
export type FixedCentres = {
  /** All centres, `[classes, size]`, rows of length 1. */
  table: np.Array;
  /** The centre of each sample, `[n, size]`. */
  centres: np.Array;
  /** `[n, classes]`: one at the class of the sample, else zero. */
  classes: np.Array;
};

/** What is left out of a softmax has such a logit. */
const ABSENT = -1e9;

/**
 * Sum over samples of the cross entropy. Consumes its arguments.
 *
 * @param student `[n, size]` of length 1.
 */
export function fixedCentresLoss(
  student: np.Array,
  { table, centres, classes }: FixedCentres,
  { margin, temperature, alike }: CentresOptions,
): np.Array {
  const turned = table.transpose();
  const near = np.greater(np.matmul(centres, turned.ref), alike).astype(np.float32);
  const hidden = near.mul(np.subtract(1, classes.ref)).mul(ABSENT);
  const cosines = np.matmul(student, turned);
  const farther = moved(cosines.ref, np.array(margin));
  const logits = cosines.ref.add(classes.ref.mul(farther.sub(cosines))).mul(1 / temperature);
  return nn.logSoftmax(logits.add(hidden)).mul(classes).sum().mul(-1);
}
