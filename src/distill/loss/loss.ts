// The loss of a student: distillation for every sample, classification for those whose identity is known.
// Its gradient by the templates is jax-js's; what comes before the templates is the tape's.

import { numpy as np, valueAndGrad } from "npm:@jax-js/jax@0.1.25";
import { type Bank, contrastLoss, type ContrastOptions } from "./contrast.ts";
import { ELASTIC_ARC, elasticArcLoss, type ElasticArcOptions } from "./elastic_arc.ts";
import { type FixedCentres, fixedCentresLoss } from "./fixed_centres.ts";
import type { CentresOptions, RelationalOptions } from "./options.ts";
import { type OtherSamples, relationalLoss } from "./relational.ts";
import { cosineLoss, normalizeRows, templateLoss } from "./template_loss.ts";

/**
 * What is minimised: `classes * ElasticArc + templates * MSE + contrast.weight * contrast + kd * (1 - cos) +
 * centres.weight * centres + relational.weight * relational`, means over the batch.
 */
export interface LossOptions extends ElasticArcOptions {
  /** Weight of the distillation as the paper has it, by mean squared error. */
  readonly templates: number;
  /** Weight of the distillation by cosine: `1 - cos` of the student's template and the teacher's; none if not given. */
  readonly kd?: number;
  /** Weight of the classification; 0 for none. Samples without identity count as zero in its mean. */
  readonly classes: number;
  /** The contrast with strangers, which the paper does not have; none if not given. */
  readonly contrast?: ContrastOptions;
  /** The classification by the teacher's mean templates; none if not given. */
  readonly centres?: CentresOptions;
  /** The similarities within a batch; none if not given. */
  readonly relational?: RelationalOptions;
}

/**
 * MaskInv with low guidance by the teacher.
 *
 * @example
 * ```ts
 * import { LOW_GUIDANCE } from "@maskinv/maskinv/distill";
 *
 * console.log(LOW_GUIDANCE.templates, LOW_GUIDANCE.scale); // 100 64
 * ```
 */
export const LOW_GUIDANCE: LossOptions = { templates: 100, classes: 1, ...ELASTIC_ARC };
/**
 * MaskInv with high guidance; the paper starts it from the student of low guidance.
 *
 * @example
 * ```ts
 * import { HIGH_GUIDANCE } from "@maskinv/maskinv/distill";
 *
 * console.log(HIGH_GUIDANCE.templates); // 3000
 * ```
 */
export const HIGH_GUIDANCE: LossOptions = { templates: 3000, classes: 1, ...ELASTIC_ARC };

/** What the loss looks at besides templates. */
export type LossInput = {
  /** Templates of the teacher, `[n, size]`. */
  targets: np.Array;
  /** `[n, identities]`, see `elasticArcLoss`. */
  classes: np.Array;
  /** `[n, 1]` */
  margins: np.Array;
  /** What the contrast looks at, if there is one. */
  bank?: Bank;
  /** What the loss of fixed centres looks at, if there is one. */
  fixed?: FixedCentres;
  /** The rest of the batch, for a relational loss of a part of a batch. */
  others?: OtherSamples;
};

/** The parts of a loss, each a scalar, of means over the whole batch; those that are not asked for are not there. */
export type LossParts = {
  /** What is minimised. */
  total: np.Array;
  /** The mean squared error. */
  templates: np.Array;
  /** The cross entropy. */
  classes: np.Array;
  /** The contrast with strangers; zero if there is none. */
  contrast: np.Array;
  /** One less the cosine to the teacher's template. */
  kd?: np.Array;
  /** The cross entropy of fixed centres. */
  centres?: np.Array;
  /** The mean squared difference of similarities. */
  relational?: np.Array;
};

/**
 * Loss and gradients of a part of a batch. To be called inside `jit`.
 *
 * @param raw Templates as the network gives them, `[n, size]`.
 * @param centres Class centres, `[identities, size]`.
 */
export function lossAndGradients(
  options: LossOptions,
  batchSize: number,
  raw: np.Array,
  centres: np.Array,
  input: LossInput,
): { parts: LossParts; templates: np.Array; centres: np.Array } {
  const loss = (raw: np.Array, centres: np.Array, given: LossInput): [np.Array, LossParts] => {
    const student = normalizeRows(raw), { targets, fixed, others } = given, share = 1 / batchSize;
    const weighted: [np.Array, number | undefined][] = [];
    const part = (sum: np.Array, weight?: number): np.Array => {
      weighted.push([sum.ref, weight]);
      return sum;
    };
    const parts = {
      templates: part(templateLoss(student.ref, targets.ref).mul(share), options.templates),
      classes: part(classified(options, student.ref, centres, given).mul(share), options.classes),
      contrast: part(
        contrasted(options, student.ref, given).mul(share),
        options.contrast?.weight ?? 0,
      ),
      ...options.kd !== undefined &&
        { kd: part(cosineLoss(student.ref, targets.ref).mul(share), options.kd) },
      ...options.centres && fixed && {
        centres: part(
          fixedCentresLoss(student.ref, fixed, options.centres).mul(share),
          options.centres.weight,
        ),
      },
    };
    const sum = weighted.map(([value, weight = 0]) => value.mul(weight))
      .reduce((total, value) => total.add(value));
    if (!options.relational) return [sum.ref, { total: sum, ...parts }];
    const { weight } = options.relational;
    const relational = relationalLoss(student, targets, others, batchSize);
    const total = sum.ref.add(relational.share.ref.mul(weight));
    return [
      sum.add(relational.minimised.mul(weight)),
      { total, ...parts, relational: relational.share },
    ];
  };
  const [[total, parts], gradients] = valueAndGrad(loss, { argnums: [0, 1], hasAux: true })(
    raw,
    centres,
    input,
  ) as unknown as [[np.Array, LossParts], [np.Array, np.Array]];
  total.dispose();
  return { parts, templates: gradients[0], centres: gradients[1] };
}

/** Learnt centres without weight have nothing to learn. */
function classified(
  options: LossOptions,
  student: np.Array,
  centres: np.Array,
  { classes, margins }: LossInput,
): np.Array {
  if (options.classes > 0) {
    return elasticArcLoss(student, normalizeRows(centres), classes, margins, options.scale);
  }
  return np.array(0);
}

function contrasted(options: LossOptions, student: np.Array, given: LossInput): np.Array {
  if (options.contrast && given.bank) {
    return contrastLoss(student, given.targets.ref, given.bank, options.contrast);
  }
  return np.array(0);
}
