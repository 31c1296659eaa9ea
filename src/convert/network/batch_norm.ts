// A batch norm at inference is a factor and a shift per channel: behind a convolution both are folded into its weights.
// One before a convolution with a border of zeros is not folded: its shift does not apply to the border, which is added
// after the norm. Computed in double precision; what is written is float32.

import type { Tensor } from "../onnx/graph.ts";
import type { StoredTensor } from "../torch/stored_tensor.ts";
import type { Weights } from "./weights.ts";

/** `x * factor + shift`, per channel. */
export interface Affine {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** A batch norm, computed when asked for. */
export function batchNorm(
  weights: Weights,
  name: string,
  channels: number,
  epsilon: number,
): () => Affine {
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((
    part,
  ) => weights.take(`${name}.${part}`, channels));
  return () => {
    const [g, b, m, v] = [gamma, beta, mean, variance].map((tensor) => tensor.values());
    const factor = Float64Array.from(g, (value, c) => value / Math.sqrt(v[c] + epsilon));
    return { factor, shift: factor.map((value, c) => b[c] - m[c] * value) };
  };
}

/** A convolution's weights and bias with the batch norm behind it in them. */
export function foldBehind(
  name: string,
  weight: StoredTensor,
  norm: () => Affine,
): { readonly weight: Tensor; readonly bias: Tensor } {
  const { sizes } = weight, each = weight.length / sizes[0];
  return {
    weight: {
      name: `${name}.weight`,
      sizes,
      values: () => {
        const values = weight.values(), { factor } = norm();
        for (let i = 0; i < values.length; i++) values[i] *= factor[Math.floor(i / each)];
        return values;
      },
    },
    bias: {
      name: `${name}.bias`,
      sizes: [sizes[0]],
      values: () => Float32Array.from(norm().shift),
    },
  };
}

/**
 * A fully connected layer over a `size` x `size` map and its batch norms, before and behind, as one convolution without
 * a border: `[outputs, channels, size, size]`.
 */
export function foldAround(
  name: string,
  { weight, bias, size }: {
    readonly weight: StoredTensor;
    readonly bias: StoredTensor;
    readonly size: number;
  },
  before: () => Affine,
  behind: () => Affine,
): { readonly weight: Tensor; readonly bias: Tensor } {
  const [outputs, inputs] = weight.sizes, places = size * size;
  return {
    weight: {
      name: `${name}.weight`,
      sizes: [outputs, inputs / places, size, size],
      values: () => {
        const values = weight.values(), inner = before().factor, outer = behind().factor;
        for (let i = 0; i < values.length; i++) {
          values[i] *= inner[Math.floor(i % inputs / places)] * outer[Math.floor(i / inputs)];
        }
        return values;
      },
    },
    bias: {
      name: `${name}.bias`,
      sizes: [outputs],
      values: () => {
        const values = weight.values(), biases = bias.values();
        const { shift } = before(), { factor, shift: last } = behind();
        return Float32Array.from({ length: outputs }, (_, o) => {
          let sum = biases[o];
          for (let i = 0; i < inputs; i++) {
            sum += values[o * inputs + i] * shift[Math.floor(i / places)];
          }
          return sum * factor[o] + last[o];
        });
      },
    },
  };
}
