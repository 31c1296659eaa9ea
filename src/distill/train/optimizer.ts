// Optimisers on flat arrays: stochastic gradient descent with momentum, as the paper, and AdamW.

import type { FlatLayout } from "./flat.ts";

/** Stochastic gradient descent. */
export interface SgdOptions {
  /** Which it is. */
  readonly kind: "sgd";
  /** The highest learning rate. */
  readonly rate: number;
  /** Share of the last move that is made again; 0.9 in the paper. */
  readonly momentum: number;
  /** Share of the weights that is added to the gradient; 5e-4 in the paper. */
  readonly decay: number;
  /** Longest gradient; longer ones are scaled down to it. 5 in the paper. */
  readonly clip: number;
}

/** AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), betas 0.9 and 0.999. */
export interface AdamWOptions {
  /** Which it is. */
  readonly kind: "adamw";
  /** The highest learning rate. */
  readonly rate: number;
  /** Share of the weights that is taken away per step, times the learning rate. */
  readonly decay: number;
  /** Longest gradient; longer ones are scaled down to it. */
  readonly clip: number;
  /**
   * Whether the rate of each parameter is multiplied by its root mean square, as in Adafactor (Shazeer and Stern 2018,
   * arXiv 1804.04235). Folding batch norms leaves weights of 0.02 beside biases of 14: no one rate suits both.
   */
  readonly relative?: boolean;
}

/** Least root mean square that counts for a relative rate, so that zeros can move. */
const MIN_SCALE = 1e-3;

/** An optimiser. */
export type OptimizerOptions = SgdOptions | AdamWOptions;

/** What an optimiser remembers: moves (SGD), or first and second moments (AdamW), each as long as the parameters. */
export type OptimizerState = readonly Float32Array<ArrayBuffer>[];

/** The memory before the first step. */
export function firstState(options: OptimizerOptions, length: number): OptimizerState {
  return Array.from(
    { length: options.kind === "sgd" ? 1 : 2 },
    () => new Float32Array(length),
  );
}

/** Scales a gradient down to a length; returns the length before. */
export function clipLength(gradient: Float32Array, maxLength: number): number {
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
  const length = Math.sqrt(squares);
  if (length > maxLength) {
    const factor = maxLength / length;
    for (let i = 0; i < gradient.length; i++) gradient[i] *= factor;
  }
  return length;
}

/**
 * Moves parameters and state by one step, in place.
 *
 * @param rate The learning rate of this step.
 * @param step How many steps were made before.
 * @returns The length of the gradient before it was clipped.
 */
export function update(
  options: OptimizerOptions,
  layout: FlatLayout,
  parameters: Float32Array,
  gradient: Float32Array,
  state: OptimizerState,
  rate: number,
  step: number,
): number {
  const length = clipLength(gradient, options.clip);
  for (const { name, start, length: count, rate: share = 1 } of layout.slots) {
    const decay = decayOf(options, name);
    const end = start + count;
    if (options.kind === "sgd") {
      const [moves] = state;
      for (let i = start; i < end; i++) {
        moves[i] = options.momentum * moves[i] + gradient[i] + decay * parameters[i];
        parameters[i] -= rate * share * moves[i];
      }
    } else {
      const [first, second] = state;
      const speed = rate * share *
        (options.relative ? scaleOf(parameters.subarray(start, end)) : 1);
      const fix1 = 1 - 0.9 ** (step + 1), fix2 = 1 - 0.999 ** (step + 1);
      for (let i = start; i < end; i++) {
        const value = gradient[i];
        first[i] += 0.1 * (value - first[i]);
        second[i] += 0.001 * (value * value - second[i]);
        const move = first[i] / fix1 / (Math.sqrt(second[i] / fix2) + 1e-8);
        parameters[i] -= speed * (move + decay * parameters[i]);
      }
    }
  }
  return length;
}

/**
 * The decay of a parameter. Biases, slopes and what norms and attention scale by are few and not what overfits: decay
 * would only move the folded norms.
 */
export function decayOf(options: OptimizerOptions, name: string): number {
  return /\.(bias|slope|temperature)$|norm\w*\.weight$|^stem\.1\.|downsample\.0\./.test(name)
    ? 0
    : options.decay;
}

function scaleOf(values: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  return Math.max(MIN_SCALE, Math.sqrt(squares / values.length));
}

/** Moves the running mean of parameters towards them. Shorter memory at the start, so that the first weights fade. */
export function average(
  mean: Float32Array,
  parameters: Float32Array,
  keep: number,
  step: number,
): void {
  const share = 1 - Math.min(keep, (1 + step) / (10 + step));
  for (let i = 0; i < mean.length; i++) mean[i] += share * (parameters[i] - mean[i]);
}
