// The operations of EdgeNeXt on a tape. Its maps are `[batch, rows, columns, channels]` without a border: most of its work
// is linear layers and norms, for which a border would only be more places.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { geluDerivative, geluOf } from "./gelu.ts";
import { overPlaces } from "./operations.ts";
import { addGradient, type Node, type Tape } from "./tape.ts";

/** Applies a linear layer over the last dimension, without its bias. `weight [outputs, inputs]`. */
export function linear(tape: Tape, x: Node, weight: Node): Node {
  const [outputs, inputs] = weight.value.shape, { shape } = x.value;
  const rows = x.value.size / inputs;
  // Stored, as products are several times faster where the outputs of an input are neighbours.
  const turned = tape.store(weight.value.ref.transpose());
  const flat = (): np.Array => x.value.ref.reshape([rows, inputs]);
  const value = np.matmul(flat(), turned.ref).reshape([...shape.slice(0, -1), outputs]);
  return tape.record(value, (gradient) => {
    const flatGradient = gradient.ref.reshape([rows, outputs]);
    addGradient(weight, np.matmul(flatGradient.ref.transpose(), flat()));
    if (x.trained) addGradient(x, np.matmul(flatGradient, weight.value.ref).reshape(shape));
  });
}

/** Returns weights in another shape or order of dimensions; `back` turns their gradient. */
export function rearranged(
  tape: Tape,
  weight: Node,
  there: (values: np.Array) => np.Array,
  back: (gradient: np.Array) => np.Array,
): Node {
  return tape.record(
    there(weight.value.ref),
    (gradient) => addGradient(weight, back(gradient.ref)),
  );
}

/** Mean 0 and variance 1 over the last dimension, then `* weight + bias` (Ba et al. 2016, arXiv 1607.06450). */
export function layerNorm(tape: Tape, x: Node, weight: Node, bias: Node, epsilon: number): Node {
  const channels = weight.value.size;
  const mean = (y: np.Array): np.Array => y.sum(-1, { keepdims: true }).mul(1 / channels);
  const centre = tape.store(mean(x.value.ref));
  const apart = (): np.Array => x.value.ref.sub(centre.ref);
  const inverse = tape.store(
    np.reciprocal(np.sqrt(mean(np.square(apart())).add(epsilon))),
  );
  const unit = (): np.Array => apart().mul(inverse.ref);
  return tape.record(unit().mul(weight.value.ref).add(bias.value.ref), (gradient) => {
    const inner = (): np.Array => gradient.ref.mul(weight.value.ref);
    const along = tape.store(mean(inner().mul(unit()))), whole = tape.store(mean(inner()));
    addGradient(weight, overPlaces(gradient.ref.mul(unit())));
    addGradient(bias, overPlaces(gradient.ref));
    addGradient(x, inner().sub(whole).sub(unit().mul(along)).mul(inverse.ref));
  });
}

/** GELU of `x + bias`, with the normal distribution itself, not its usual stand-in by tanh. */
export function gelu(tape: Tape, x: Node, bias?: Node): Node {
  const sum = (): np.Array => bias ? x.value.ref.add(bias.value.ref) : x.value.ref;
  return tape.record(tape.store(geluOf(sum())), (gradient) => {
    const inner = tape.store(gradient.ref.mul(geluDerivative(sum())));
    if (bias) addGradient(bias, overPlaces(inner.ref));
    addGradient(x, inner);
  });
}

/** Channels `from` to `to`, not included. */
export function channels(tape: Tape, x: Node, from: number, to: number): Node {
  const { shape } = x.value, last = shape[shape.length - 1];
  const whole = shape.slice(0, -1).map(() => [] as []);
  return tape.record(x.value.ref.slice(...whole, [from, to]), (gradient) => {
    const none = whole.map((): [number, number] => [0, 0]);
    addGradient(x, np.pad(gradient.ref, [...none, [from, last - to]]));
  });
}

/** Maps side by side: their channels in one. */
export function joined(tape: Tape, parts: readonly Node[]): Node {
  const value = np.concatenate(parts.map((part) => part.value.ref), -1);
  const whole = value.shape.slice(0, -1).map(() => [] as []);
  return tape.record(tape.store(value), (gradient) => {
    let at = 0;
    for (const part of parts) {
      const width = part.value.shape[part.value.shape.length - 1];
      addGradient(part, gradient.ref.slice(...whole, [at, at + width]));
      at += width;
    }
  });
}

/** Adds numbers that are not trained. */
export function shifted(tape: Tape, x: Node, by: np.Array): Node {
  return tape.record(x.value.ref.add(by), (gradient) => addGradient(x, gradient));
}

/** Each 2x2 places as one of four times the channels; an odd last row or column is left out. */
export function quarters(tape: Tape, x: Node): Node {
  const [batch, rows, columns, width] = x.value.shape;
  const height = rows >> 1, across = columns >> 1;
  const value = x.value.ref.slice([], [0, 2 * height], [0, 2 * across], [])
    .reshape([batch, height, 2, across, 2, width]).transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, height, across, 4 * width]);
  return tape.record(tape.store(value), (gradient) => {
    const back = gradient.ref.reshape([batch, height, across, 2, 2, width])
      .transpose([0, 1, 3, 2, 4, 5]).reshape([batch, 2 * height, 2 * across, width]);
    const left = [[0, 0], [0, rows - 2 * height], [0, columns - 2 * across], [0, 0]];
    addGradient(x, np.pad(back, left as [number, number][]));
  });
}

/** Returns the mean over places: `[batch, channels]`. */
export function placeMean(tape: Tape, x: Node): Node {
  const [batch, rows, columns, width] = x.value.shape, share = 1 / (rows * columns);
  const value = x.value.ref.reshape([batch, rows * columns, width]).sum(1).mul(share);
  return tape.record(value, (gradient) => {
    const each = gradient.ref.mul(share).reshape([batch, 1, 1, width]);
    addGradient(x, np.broadcastTo(each, x.value.shape));
  });
}
