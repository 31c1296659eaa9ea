// The operations of EdgeNeXt on a tape. Its maps are `[batch, rows, columns, channels]` without a border: most of its work
// is linear layers and norms, for which a border would only be more places.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { geluOf, geluSlope } from "./gelu.ts";
import { overPlaces } from "./operations.ts";
import { addSlope, type Node, type Tape } from "./tape.ts";

/** A linear layer over the last dimension, without its bias. `weight [outputs, inputs]`. */
export function linear(tape: Tape, x: Node, weight: Node): Node {
  const [outputs, inputs] = weight.value.shape, { shape } = x.value;
  const rows = x.value.size / inputs;
  // Stored, as products are several times faster where the outputs of an input are neighbours.
  const turned = tape.store(weight.value.ref.transpose());
  const flat = (): np.Array => x.value.ref.reshape([rows, inputs]);
  const value = np.matmul(flat(), turned.ref).reshape([...shape.slice(0, -1), outputs]);
  return tape.record(value, (slope) => {
    const flatSlope = slope.ref.reshape([rows, outputs]);
    addSlope(weight, np.matmul(flatSlope.ref.transpose(), flat()));
    if (x.trained) addSlope(x, np.matmul(flatSlope, weight.value.ref).reshape(shape));
  });
}

/** Weights in another shape or order of dimensions; `back` turns their slope. */
export function rearranged(
  tape: Tape,
  weight: Node,
  there: (values: np.Array) => np.Array,
  back: (slope: np.Array) => np.Array,
): Node {
  return tape.record(there(weight.value.ref), (slope) => addSlope(weight, back(slope.ref)));
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
  return tape.record(unit().mul(weight.value.ref).add(bias.value.ref), (slope) => {
    const inner = (): np.Array => slope.ref.mul(weight.value.ref);
    const along = tape.store(mean(inner().mul(unit()))), whole = tape.store(mean(inner()));
    addSlope(weight, overPlaces(slope.ref.mul(unit())));
    addSlope(bias, overPlaces(slope.ref));
    addSlope(x, inner().sub(whole).sub(unit().mul(along)).mul(inverse.ref));
  });
}

/** GELU of `x + bias`, with the normal distribution itself, not its usual stand-in by tanh. */
export function gelu(tape: Tape, x: Node, bias?: Node): Node {
  const sum = (): np.Array => bias ? x.value.ref.add(bias.value.ref) : x.value.ref;
  return tape.record(tape.store(geluOf(sum())), (slope) => {
    const inner = tape.store(slope.ref.mul(geluSlope(sum())));
    if (bias) addSlope(bias, overPlaces(inner.ref));
    addSlope(x, inner);
  });
}

/** Channels `from` to `to`, not included. */
export function channels(tape: Tape, x: Node, from: number, to: number): Node {
  const { shape } = x.value, last = shape[shape.length - 1];
  const whole = shape.slice(0, -1).map(() => [] as []);
  return tape.record(x.value.ref.slice(...whole, [from, to]), (slope) => {
    const none = whole.map((): [number, number] => [0, 0]);
    addSlope(x, np.pad(slope.ref, [...none, [from, last - to]]));
  });
}

/** Maps side by side: their channels in one. */
export function joined(tape: Tape, parts: readonly Node[]): Node {
  const value = np.concatenate(parts.map((part) => part.value.ref), -1);
  const whole = value.shape.slice(0, -1).map(() => [] as []);
  return tape.record(tape.store(value), (slope) => {
    let at = 0;
    for (const part of parts) {
      const width = part.value.shape[part.value.shape.length - 1];
      addSlope(part, slope.ref.slice(...whole, [at, at + width]));
      at += width;
    }
  });
}

/** Adds numbers that are not trained. */
export function shifted(tape: Tape, x: Node, by: np.Array): Node {
  return tape.record(x.value.ref.add(by), (slope) => addSlope(x, slope));
}

/** Each 2x2 places as one of four times the channels; an odd last row or column is left out. */
export function quarters(tape: Tape, x: Node): Node {
  const [batch, rows, columns, width] = x.value.shape;
  const height = rows >> 1, across = columns >> 1;
  const value = x.value.ref.slice([], [0, 2 * height], [0, 2 * across], [])
    .reshape([batch, height, 2, across, 2, width]).transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, height, across, 4 * width]);
  return tape.record(tape.store(value), (slope) => {
    const back = slope.ref.reshape([batch, height, across, 2, 2, width])
      .transpose([0, 1, 3, 2, 4, 5]).reshape([batch, 2 * height, 2 * across, width]);
    const left = [[0, 0], [0, rows - 2 * height], [0, columns - 2 * across], [0, 0]];
    addSlope(x, np.pad(back, left as [number, number][]));
  });
}

/** The mean over places: `[batch, channels]`. */
export function placeMean(tape: Tape, x: Node): Node {
  const [batch, rows, columns, width] = x.value.shape, share = 1 / (rows * columns);
  const value = x.value.ref.reshape([batch, rows * columns, width]).sum(1).mul(share);
  return tape.record(value, (slope) => {
    const each = slope.ref.mul(share).reshape([batch, 1, 1, width]);
    addSlope(x, np.broadcastTo(each, x.value.shape));
  });
}
