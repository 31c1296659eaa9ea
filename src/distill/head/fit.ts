// Fits the head to features: AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) on shuffled batches, the rate along a
// cosine, the weights of the last steps averaged. Features are standardised here, and the first layer takes that over.

import { CONDITION_SIZE } from "../../pipeline/embed/condition.ts";
import { chanceOf, shuffled } from "../data/chance.ts";
import {
  backward,
  type ConditionTruth,
  forward,
  type HeadWeights,
  HIDDEN,
  lossGradient,
} from "./network.ts";

/** How the head is fitted. */
export interface FitOptions {
  /** Times that each sample is seen; by default 30. */
  readonly epochs?: number;
  /** Samples of a step; by default 128. */
  readonly batch?: number;
  /** Highest learning rate; by default 0.004. */
  readonly rate?: number;
  /** Weight decay; by default 0.02. */
  readonly decay?: number;
  /** Seed of the first weights and of the order; by default 1. */
  readonly seed?: number;
  /** Told the mean loss of each epoch. */
  readonly progress?: (epoch: number, loss: number) => void;
}

const NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"] as const;
/** Decay of the running means of the gradient, its square, and the weights. */
const FIRST = 0.9, SECOND = 0.999, AVERAGE = 0.998;

/** Fits a head; `features` has a row per truth. */
export function fitHead(
  features: Float32Array,
  truths: readonly ConditionTruth[],
  options: FitOptions = {},
): HeadWeights {
  const { epochs = 30, batch = 128, rate = 0.004, decay = 0.02, seed = 1, progress } = options;
  const inputs = features.length / truths.length;
  const scale = standardOf(features, truths.length);
  const rows = standardised(features, scale);
  const weights = firstWeights(inputs, seed), means = copyOf(weights);
  const first = zerosOf(weights), second = zerosOf(weights);
  const perEpoch = Math.floor(truths.length / batch), steps = epochs * perEpoch;
  const x = new Float32Array(batch * inputs);
  const logitGradients = new Float32Array(batch * CONDITION_SIZE);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(truths.length, seed * 1000 + epoch);
    let sum = 0;
    for (let k = 0; k < perEpoch; k++) {
      for (let i = 0; i < batch; i++) {
        const at = order[k * batch + i] * inputs;
        x.set(rows.subarray(at, at + inputs), i * inputs);
      }
      const { hidden, logits } = forward(weights, x, batch);
      for (let i = 0; i < batch; i++) {
        const from = i * CONDITION_SIZE, to = from + CONDITION_SIZE;
        const truth = truths[order[k * batch + i]];
        sum += lossGradient(logits.subarray(from, to), truth, logitGradients.subarray(from, to));
      }
      const gradient = backward(weights, x, hidden, logitGradients);
      step++;
      const now = rate * Math.min(1, step / 100) * (0.5 + 0.5 * Math.cos(Math.PI * step / steps));
      const share = Math.min(AVERAGE, step / (step + 10));
      for (const name of NAMES) {
        const w = weights[name], g = gradient[name], m = first[name], v = second[name];
        const kept = name.endsWith("weight") ? 1 - now * decay : 1, mean = means[name];
        for (let i = 0; i < w.length; i++) {
          m[i] = FIRST * m[i] + (1 - FIRST) * g[i];
          v[i] = SECOND * v[i] + (1 - SECOND) * g[i] * g[i];
          const moment = m[i] / (1 - FIRST ** step);
          w[i] = kept * w[i] - now * moment / (Math.sqrt(v[i] / (1 - SECOND ** step)) + 1e-8);
          mean[i] = share * mean[i] + (1 - share) * w[i];
        }
      }
    }
    progress?.(epoch + 1, sum / (perEpoch * batch));
  }
  return withScale(means, scale);
}

interface Standard {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

function standardOf(features: Float32Array, rows: number): Standard {
  const inputs = features.length / rows;
  const mean = new Float64Array(inputs), deviation = new Float64Array(inputs);
  for (let i = 0; i < features.length; i++) mean[i % inputs] += features[i] / rows;
  for (let i = 0; i < features.length; i++) {
    deviation[i % inputs] += (features[i] - mean[i % inputs]) ** 2 / rows;
  }
  return { mean, deviation: deviation.map((square) => Math.sqrt(square) + 1e-6) };
}

function standardised(features: Float32Array, { mean, deviation }: Standard): Float32Array {
  const inputs = mean.length;
  return features.map((value, i) => (value - mean[i % inputs]) / deviation[i % inputs]);
}

/** The weights for features as they are: `W (x - mean) / deviation + b`. */
function withScale(weights: HeadWeights, { mean, deviation }: Standard): HeadWeights {
  const inputs = mean.length;
  const weight = weights["0.weight"].map((value, i) => value / deviation[i % inputs]);
  const bias = weights["0.bias"].map((value, h) =>
    value - mean.reduce((sum, m, i) => sum + m * weight[h * inputs + i], 0)
  );
  return { ...weights, "0.weight": weight, "0.bias": bias };
}

function firstWeights(inputs: number, seed: number): HeadWeights {
  const chance = chanceOf(`condition head ${seed}`);
  const normal = (length: number, deviation: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, () => deviation * chance.normal());
  return {
    "0.weight": normal(HIDDEN * inputs, Math.sqrt(2 / inputs)),
    "0.bias": new Float32Array(HIDDEN),
    "2.weight": normal(CONDITION_SIZE * HIDDEN, 0.05),
    "2.bias": new Float32Array(CONDITION_SIZE),
  };
}

function copyOf(weights: HeadWeights): HeadWeights {
  return mapped(weights, (values) => values.slice());
}

function zerosOf(weights: HeadWeights): HeadWeights {
  return mapped(weights, (values) => new Float32Array(values.length));
}

function mapped(
  weights: HeadWeights,
  make: (values: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>,
): HeadWeights {
  const [a, b, c, d] = NAMES.map((name) => make(weights[name]));
  return { "0.weight": a, "0.bias": b, "2.weight": c, "2.bias": d };
}
