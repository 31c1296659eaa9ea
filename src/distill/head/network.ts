// The condition head as numbers: two linear layers with a ReLU between them, its losses, and their gradient by hand.
// With features at hand a training takes a minute in plain TypeScript, so that neither jax-js nor Python is needed.

import {
  CONDITION_SIZE,
  CONDITION_SLOTS,
  COVERINGS,
  FAULTS,
} from "../../pipeline/embed/condition.ts";

/** Numbers between the two layers. */
export const HIDDEN = 64;

/** The weights, `[outputs, inputs]`, by the names that they have in the graph after `condition.`. */
export type HeadWeights = Readonly<
  Record<"0.weight" | "0.bias" | "2.weight" | "2.bias", Float32Array<ArrayBuffer>>
>;

/** What is known of a sample; what is not known is not trained. */
export interface ConditionTruth {
  /** Cosine with the teacher's template of the clean photo; what is below 0 counts as 0. */
  readonly similarity?: number;
  /** The coverings that it may be: one where it was drawn, several where only "some mask" is known. */
  readonly coverings?: readonly (typeof COVERINGS[number])[];
  readonly darkGlasses?: boolean;
  readonly child?: boolean;
  /** Whether each fault is there; weak ones are left out. */
  readonly faults: Partial<Readonly<Record<typeof FAULTS[number], boolean>>>;
}

/** How much each part of the loss counts. */
const LOSS = { similarity: 4, coverings: 1, darkGlasses: 0.6, child: 0.6, faults: 0.25 };
/** Weight of samples that show children: they are rare, and without it the head would miss most of them. */
const CHILD_WEIGHT = 3;

/** Logits of rows of features, and what lies between the layers. */
export function forward(
  weights: HeadWeights,
  features: Float32Array,
  rows: number,
): { hidden: Float32Array; logits: Float32Array<ArrayBuffer> } {
  const hidden = linear(features, rows, weights["0.weight"], weights["0.bias"]);
  for (let i = 0; i < hidden.length; i++) if (hidden[i] < 0) hidden[i] = 0;
  return { hidden, logits: linear(hidden, rows, weights["2.weight"], weights["2.bias"]) };
}

function linear(
  x: Float32Array,
  rows: number,
  weight: Float32Array,
  bias: Float32Array,
): Float32Array<ArrayBuffer> {
  const outputs = bias.length, inputs = weight.length / outputs;
  const y = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o];
      for (let i = 0, p = row * inputs, q = o * inputs; i < inputs; i++) {
        sum += x[p++] * weight[q++];
      }
      y[row * outputs + o] = sum;
    }
  }
  return y;
}

/** Writes the loss's derivative by each logit of a sample into `out`; gives the loss. */
export function lossGradient(
  logits: Float32Array,
  truth: ConditionTruth,
  out: Float32Array,
): number {
  const { similarity, coverings, darkGlasses, child, faults } = CONDITION_SLOTS;
  out.fill(0);
  let loss = 0;
  const binary = (at: number, wanted: number, weight: number): void => {
    const p = sigmoid(logits[at]);
    out[at] += weight * (p - wanted);
    loss -= weight * (wanted * Math.log(p + EPSILON) + (1 - wanted) * Math.log(1 - p + EPSILON));
  };
  // The cross entropy of a share has its least value where the two shares are equal, as squares have, but is steeper beside it.
  if (truth.similarity !== undefined) {
    binary(similarity, Math.min(1, Math.max(0, truth.similarity)), LOSS.similarity);
  }
  if (truth.coverings) {
    const part = logits.subarray(coverings, coverings + COVERINGS.length);
    const highest = Math.max(...part), shares = Array.from(part, (l) => Math.exp(l - highest));
    const sum = shares.reduce((a, b) => a + b, 0);
    const right = shares.map((share, i) => truth.coverings!.includes(COVERINGS[i]) ? share : 0);
    const within = right.reduce((a, b) => a + b, 0) + EPSILON;
    shares.forEach((share, i) => {
      out[coverings + i] += LOSS.coverings * (share / sum - right[i] / within);
    });
    loss -= LOSS.coverings * Math.log(within / sum + EPSILON);
  }
  if (truth.darkGlasses !== undefined) {
    binary(darkGlasses, Number(truth.darkGlasses), LOSS.darkGlasses);
  }
  if (truth.child !== undefined) {
    binary(child, Number(truth.child), LOSS.child * (truth.child ? CHILD_WEIGHT : 1));
  }
  FAULTS.forEach((name, i) => {
    const there = truth.faults[name];
    if (there !== undefined) binary(faults + i, Number(there), LOSS.faults);
  });
  return loss;
}

const EPSILON = 1e-7;

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** The gradient of a batch's mean loss by each weight; `logitGradients` is what {@linkcode lossGradient} gave for the logits. */
export function backward(
  weights: HeadWeights,
  features: Float32Array,
  hidden: Float32Array,
  logitGradients: Float32Array,
): HeadWeights {
  const rows = logitGradients.length / CONDITION_SIZE, inputs = features.length / rows;
  const made = {
    "0.weight": new Float32Array(HIDDEN * inputs),
    "0.bias": new Float32Array(HIDDEN),
    "2.weight": new Float32Array(CONDITION_SIZE * HIDDEN),
    "2.bias": new Float32Array(CONDITION_SIZE),
  };
  const second = weights["2.weight"], between = new Float32Array(HIDDEN);
  for (let row = 0; row < rows; row++) {
    between.fill(0);
    for (let o = 0; o < CONDITION_SIZE; o++) {
      const value = logitGradients[row * CONDITION_SIZE + o] / rows;
      if (value === 0) continue;
      made["2.bias"][o] += value;
      for (let h = 0, p = row * HIDDEN, q = o * HIDDEN; h < HIDDEN; h++, p++, q++) {
        made["2.weight"][q] += value * hidden[p];
        between[h] += value * second[q];
      }
    }
    for (let h = 0; h < HIDDEN; h++) {
      if (hidden[row * HIDDEN + h] <= 0) continue;
      const value = between[h];
      made["0.bias"][h] += value;
      for (let i = 0, p = row * inputs, q = h * inputs; i < inputs; i++) {
        made["0.weight"][q++] += value * features[p++];
      }
    }
  }
  return made;
}
