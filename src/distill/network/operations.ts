// The operations of the students on a tape: value and pullback of each, in the form that jax-js computes fastest.
// Feature maps have a border (see grid.ts) unless said otherwise.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { bordered, everySecond, inside, rotated, sizes, spread } from "./grid.ts";
import { addGradient, type Node, type Tape } from "./tape.ts";

/** Rows of a reduction that jax-js sums before it stores a partial sum. */
const ROWS = 64;

/** `x [.., inputs]` times `weight [inputs, outputs]`: a convolution of size 1. */
export function product(tape: Tape, x: Node, weight: Node): Node {
  const [inputs, outputs] = weight.value.shape;
  const rows = x.value.size / inputs;
  const flat = (): np.Array => x.value.ref.reshape([rows, inputs]);
  const value = np.matmul(flat(), weight.value.ref);
  // The reshape keeps jax-js from adding the bias one number at a time at the end of the product.
  return tape.record(value.reshape([...x.value.shape.slice(0, -1), outputs]), (gradient) => {
    const flatGradient = gradient.ref.reshape([rows, outputs]);
    addGradient(weight, np.matmul(flat().transpose(), flatGradient.ref));
    if (!x.trained) return;
    addGradient(x, np.matmul(flatGradient, weight.value.ref.transpose()).reshape(x.value.shape));
  });
}

/** Adds a number to each channel. */
export function addBias(tape: Tape, x: Node, bias: Node): Node {
  return tape.record(x.value.ref.add(bias.value.ref), (gradient) => {
    addGradient(x, gradient);
    addGradient(bias, overPlaces(gradient.ref));
  });
}

/** PReLU of `x + bias`, times a mask if the border must be zero. The sum is computed anew where it is needed: that is faster. */
export function activate(tape: Tape, x: Node, bias: Node, slopes: Node, mask?: np.Array): Node {
  const sum = (): np.Array => x.value.ref.add(bias.value.ref);
  const masked = (y: np.Array): np.Array => mask ? y.mul(mask.ref) : y;
  const value = np.maximum(sum(), 0).add(np.minimum(sum(), 0).mul(slopes.value.ref));
  return tape.record(masked(value), (gradient) => {
    const inner = masked(gradient.ref).mul(np.where(np.less(sum(), 0), slopes.value.ref, 1));
    addGradient(slopes, overPlaces(masked(gradient.ref).mul(np.minimum(sum(), 0))));
    addGradient(bias, overPlaces(inner.ref));
    addGradient(x, inner);
  });
}

/** `x * weight + bias` per channel, times a mask if the border must be zero: a frozen batch norm. */
export function scale(tape: Tape, x: Node, weight: Node, bias: Node, mask?: np.Array): Node {
  const masked = (y: np.Array): np.Array => mask ? y.mul(mask.ref) : y;
  const value = x.value.ref.mul(weight.value.ref).add(bias.value.ref);
  return tape.record(masked(value), (gradient) => {
    addGradient(weight, overPlaces(masked(gradient.ref).mul(x.value.ref)));
    addGradient(bias, overPlaces(masked(gradient.ref)));
    addGradient(x, masked(gradient.ref).mul(weight.value.ref));
  });
}

/** Returns the sum of two arrays. */
export function add(tape: Tape, a: Node, b: Node): Node {
  return tape.record(a.value.ref.add(b.value.ref), (gradient) => {
    addGradient(a, gradient.ref);
    addGradient(b, gradient.ref);
  });
}

/** Applies a 3x3 filter to each channel; the border of `x` is zero, that of the result is not. `weight [9, channels]`. */
export function depthwise(tape: Tape, x: Node, weight: Node): Node {
  const [batch, rows, columns, channels] = sizes(x.value);
  const length = batch * rows * columns;
  const places = taps((row, column) => (row - 1) * columns + column - 1);
  return tape.record(filtered(x.value, weight.value, places), (gradient) => {
    addGradient(x, filtered(gradient, weight.value, places.map((place) => -place)));
    const flat = x.value.ref.reshape([length, channels]);
    const flatGradient = gradient.ref.reshape([length, channels]);
    const sums = places.map((place) => shiftedProduct(flatGradient, flat, place));
    addGradient(weight, np.stack(sums));
  });
}

/** Applies a 3x3 filter to each channel at every second row and column; the result has no border. */
export function halvingDepthwise(tape: Tape, x: Node, weight: Node): Node {
  const parts = (): np.Array[] => taps((row, column) => everySecond(x.value, row, column));
  const value = parts().map((part, i) => part.mul(channelWeights(weight.value, i)))
    .reduce((sum, part) => sum.add(part));
  return tape.record(value, (gradient) => {
    addGradient(x, doubled(tape.store(bordered(gradient)), weight.value));
    addGradient(weight, np.stack(parts().map((part) => overPlaces(part.mul(gradient.ref)))));
  });
}

/** Every second row and column, with a border again. */
export function halve(tape: Tape, x: Node): Node {
  const half = bordered(everySecond(x.value, 0, 0));
  return tape.record(half, (gradient) => addGradient(x, tape.store(spread(inside(gradient)))));
}

/**
 * Applies a 3x3 convolution over all channels; the border of `x` is zero, that of the result is not.
 * `weight [9 * inputs, outputs]`. Nine products with the map shifted: rows of zeros at both ends make that plain slices.
 */
export function convolution(tape: Tape, x: Node, weight: Node): Node {
  const [batch, rows, columns, inputs] = sizes(x.value);
  const outputs = weight.value.shape[1], length = batch * rows * columns;
  const margin = columns + 1;
  const extended = (map: np.Array, channels: number): np.Array =>
    tape.store(np.pad(map.ref.reshape([length, channels]), [[margin, margin], [0, 0]]));
  const places = taps((row, column) => (row - 1) * columns + column - 1);
  const shifted = (map: np.Array, place: number): np.Array =>
    map.ref.slice([margin + place, margin + place + length], []);
  const part = (i: number): np.Array => weight.value.ref.slice([i * inputs, (i + 1) * inputs], []);
  const sum = (of: (place: number, i: number) => np.Array, channels: number): np.Array =>
    places.map((place, i) => of(place, i).reshape([batch, rows, columns, channels]))
      .reduce((total, product) => total.add(product));
  const map = extended(x.value, inputs);
  const value = sum((place, i) => np.matmul(shifted(map, place), part(i)), outputs);
  return tape.record(value, (gradient) => {
    const flat = gradient.ref.reshape([length, outputs]);
    const gradients = places.map((place) => np.matmul(shifted(map, place).transpose(), flat.ref));
    addGradient(weight, np.concatenate(gradients));
    const back = extended(gradient, outputs);
    addGradient(
      x,
      sum((place, i) => np.matmul(shifted(back, -place), part(i).transpose()), inputs),
    );
  });
}

/** Applies a convolution as large as the map: `[batch, outputs]`, weights `[rows * columns * inputs, outputs]`. */
export function wholeConvolution(tape: Tape, x: Node, weight: Node): Node {
  const [batch, rows, columns, inputs] = sizes(x.value);
  const shape = [batch, rows - 1, columns - 1, inputs];
  const flat = tape.record(
    inside(x.value).reshape([batch, weight.value.shape[0]]),
    (gradient) => addGradient(x, bordered(gradient.ref.reshape(shape))),
  );
  return product(tape, flat, weight);
}

/** Applies a filter as large as the map: `[batch, channels]`. */
export function wholeDepthwise(tape: Tape, x: Node, weight: Node): Node {
  const [batch, rows, columns, channels] = sizes(x.value);
  const flat = (): np.Array =>
    inside(x.value).reshape([batch, (rows - 1) * (columns - 1), channels]);
  return tape.record(flat().mul(weight.value.ref).sum(1), (gradient) => {
    const spreadGradient = gradient.ref.reshape([batch, 1, channels]);
    const shape = [batch, rows - 1, columns - 1, channels];
    addGradient(x, bordered(spreadGradient.ref.mul(weight.value.ref).reshape(shape)));
    addGradient(weight, flat().mul(spreadGradient).sum(0));
  });
}

/** Gives a map its border. */
export function addBorder(tape: Tape, x: Node): Node {
  return tape.record(bordered(x.value), (gradient) => addGradient(x, inside(gradient)));
}

function taps<T>(of: (row: number, column: number) => T): T[] {
  return Array.from({ length: 9 }, (_, i) => of(Math.floor(i / 3), i % 3));
}

function channelWeights(weight: np.Array, tap: number): np.Array {
  return weight.ref.slice([tap, tap + 1], []).reshape([weight.shape[1]]);
}

/** Returns the sum of the map rotated to each place, times the weights of that place. */
function filtered(x: np.Array, weight: np.Array, places: readonly number[]): np.Array {
  return places.map((place, i) => rotated(x, place).mul(channelWeights(weight, i)))
    .reduce((sum, part) => sum.add(part));
}

/**
 * Returns the pullback of a halving filter. A place at row 2y + p, column 2x + q of the large map was read for the outputs at
 * (y, x), (y, x - 1), (y - 1, x) and (y - 1, x - 1), by a tap that p and q decide: four products instead of nine.
 */
function doubled(gradient: np.Array, weight: np.Array): np.Array {
  const [batch, rows, columns, channels] = sizes(gradient);
  const choice = new Float32Array(16 * 9);
  for (let i = 0; i < 16; i++) {
    const row = 2 * (i >> 3) + (i >> 1 & 1), column = 2 * (i >> 2 & 1) + (i & 1);
    if (row < 3 && column < 3) choice[i * 9 + row * 3 + column] = 1;
  }
  const weights = np.matmul(np.array(choice).reshape([16, 9]), weight.ref)
    .reshape([4, 1, 1, 2, 1, 2, channels]);
  return [0, 1, columns, columns + 1].map((place, i) =>
    rotated(gradient, -place).reshape([batch, rows, 1, columns, 1, channels])
      .mul(weights.ref.slice([i, i + 1], [], [], [], [], [], []).reshape([1, 1, 2, 1, 2, channels]))
  ).reduce((sum, part) => sum.add(part)).reshape([batch, 2 * rows, 2 * columns, channels])
    .slice([], [0, 2 * rows - 1], [0, 2 * columns - 1], []);
}

/**
 * Returns the sum over rows of `a[row] * b[row + place]`. Rows that fall off either end are zero in one of the two.
 * In two parts, since jax-js is slow where the number of rows has no divisor near 64.
 */
function shiftedProduct(a: np.Array, b: np.Array, place: number): np.Array {
  const start = Math.max(0, -place), count = a.shape[0] - Math.abs(place);
  const even = count - count % ROWS;
  const part = (from: number, to: number): np.Array =>
    a.ref.slice([from, to], []).mul(b.ref.slice([from + place, to + place], [])).sum(0);
  const whole = even > 0 ? [part(start, start + even)] : [];
  const rest = even < count ? [part(start + even, start + count)] : [];
  return [...whole, ...rest].reduce((sum, part) => sum.add(part));
}

/** Returns the sum over everything but channels. */
export function overPlaces(x: np.Array): np.Array {
  return x.sum(Array.from({ length: x.shape.length - 1 }, (_, axis) => axis));
}
