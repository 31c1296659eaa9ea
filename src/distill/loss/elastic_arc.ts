// ElasticFace-Arc (Boutros et al. 2022, arXiv 2109.09416): cross entropy over identities with an angular margin that is
// drawn anew for every sample, so that no class is pushed into a margin that it cannot have.

import { nn, numpy as np } from "npm:@jax-js/jax@0.1.25";
import { chanceOf } from "../data/chance.ts";

/** Margin and scale of ElasticFace-Arc. */
export interface ElasticArcOptions {
  /** Scale of the logits; 64 in the paper. */
  readonly scale: number;
  /** Mean margin in radians; 0.5 in the paper. */
  readonly margin: number;
  /** Standard deviation of margins in radians; 0.05 in the paper. */
  readonly deviation: number;
}

/** The paper's options. */
export const ELASTIC_ARC: ElasticArcOptions = { scale: 64, margin: 0.5, deviation: 0.05 };

/** The margins of samples `from` to `to` (not included) of a step; by seed, step and sample alone. */
export function drawMargins(
  options: ElasticArcOptions,
  seed: number,
  step: number,
  from: number,
  to: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: to - from },
    (_, i) =>
      options.margin + options.deviation * chanceOf(`margin ${seed} ${step} ${from + i}`).normal(),
  );
}

/**
 * Sum over samples of the cross entropy. Consumes its arguments.
 *
 * @param templates `[n, size]` of length 1.
 * @param centres `[identities, size]` of length 1.
 * @param classes `[n, identities]`: one at the identity of a sample; a row of zeros takes no part.
 * @param margins `[n, 1]` radians.
 */
export function elasticArcLoss(
  templates: np.Array,
  centres: np.Array,
  classes: np.Array,
  margins: np.Array,
  scale: number,
): np.Array {
  const cosines = np.matmul(templates, centres.transpose());
  const logits = cosines.ref.add(classes.ref.mul(moved(cosines.ref, margins).sub(cosines)))
    .mul(scale);
  return nn.logSoftmax(logits).mul(classes).sum().mul(-1);
}

/** The cosine of a larger angle: cos(a + m) = cos a cos m - sin a sin m. Consumes its arguments. */
export function moved(cosines: np.Array, margins: np.Array): np.Array {
  // At the ends the derivative of the sine is infinite.
  const inner = np.clip(cosines, -1 + 1e-6, 1 - 1e-6);
  const sines = np.sqrt(np.subtract(1, inner.ref.mul(inner.ref)));
  return inner.mul(np.cos(margins.ref)).sub(sines.mul(np.sin(margins)));
}
