// A Linear layer of a checkpoint: one matrix, or EdgeFace's pair of low rank (`linear1`, `linear2`; George et al. 2023,
// arXiv 2307.01838, section III-B). A pair is multiplied out: one layer is one step on a GPU, and its name stays.

import { CheckpointError } from "../../base/errors.ts";
import type { Weights } from "./weights.ts";

/** A Linear layer, `[outputs, inputs]` in row-major order; numbers are made anew at every call. */
export interface Linear {
  weight(): Float32Array<ArrayBuffer>;
  readonly bias?: () => Float32Array<ArrayBuffer>;
}

/** Whether there is a Linear layer of that name, in either form. */
export function hasLinear(weights: Weights, name: string): boolean {
  return weights.has(`${name}.weight`) || weights.has(`${name}.linear1.weight`);
}

/** Outputs of a Linear layer in either form; undefined if there is none. */
export function linearOutputs(weights: Weights, name: string): number | undefined {
  return (weights.sizes(`${name}.weight`)[0] ?? weights.sizes(`${name}.linear2.weight`)[0]);
}

/**
 * The layer of that name and these sizes, each row times `scale` where a layer scale follows it.
 *
 * @throws {CheckpointError} If the checkpoint has none, or one of other sizes.
 */
export function takeLinear(
  weights: Weights,
  name: string,
  outputs: number,
  inputs: number,
  scaleName?: string,
): Linear {
  const scale = scaleName !== undefined && weights.has(scaleName)
    ? weights.take(scaleName, outputs)
    : undefined;
  const matrix = takeMatrix(weights, name, outputs, inputs);
  const scaled = (values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> => {
    if (!scale) return values;
    const factors = scale.values(), length = values.length / outputs;
    for (let i = 0; i < values.length; i++) values[i] *= factors[Math.floor(i / length)];
    return values;
  };
  const biasName = [`${name}.bias`, `${name}.linear2.bias`].find((each) => weights.has(each));
  const bias = biasName === undefined ? undefined : weights.take(biasName, outputs);
  return {
    weight: () => scaled(matrix()),
    ...bias && { bias: () => scaled(bias.values()) },
  };
}

function takeMatrix(
  weights: Weights,
  name: string,
  outputs: number,
  inputs: number,
): () => Float32Array<ArrayBuffer> {
  if (!weights.has(`${name}.linear1.weight`)) {
    const tensor = weights.take(`${name}.weight`, outputs, inputs);
    return () => tensor.values();
  }
  const [rank] = weights.sizes(`${name}.linear1.weight`);
  if (rank > Math.max(outputs, inputs)) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its ${name} is a pair of rank ${rank} for [${outputs},${inputs}]: ` +
        `give one of a network that maskinv knows`,
    );
  }
  const inner = weights.take(`${name}.linear1.weight`, rank, inputs);
  const outer = weights.take(`${name}.linear2.weight`, outputs, rank);
  return () => product(outer.values(), inner.values(), outputs, rank, inputs);
}

/** `[rows, inner] x [inner, columns]`, summed in float64. */
function product(
  left: Float32Array,
  right: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(rows * columns), sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let i = 0; i < inner; i++) {
      const factor = left[row * inner + i];
      for (let column = 0; column < columns; column++) {
        sums[column] += factor * right[i * columns + column];
      }
    }
    result.set(sums, row * columns);
  }
  return result;
}
