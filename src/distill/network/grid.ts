// How feature maps lie in memory: [batch, height + 1, width + 1, channels], the last row and column being zero.
// With one such border, a shift in any direction is a rotation of the whole array: nothing is padded, and every load is
// four neighbours wide. jax-js is several times slower where it has to pad.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";

/** `[batch, rows, columns, channels]` of an array with a border. */
export function sizes(x: np.Array): [number, number, number, number] {
  return x.shape as [number, number, number, number];
}

/** One inside, zero on the border; `[1, rows, columns, 1]` for sizes that count the border. */
export function insideMask(rows: number, columns: number): np.Array {
  const mask = new Float32Array(rows * columns).fill(1);
  for (let x = 0; x < columns; x++) mask[(rows - 1) * columns + x] = 0;
  for (let y = 0; y < rows; y++) mask[y * columns + columns - 1] = 0;
  return np.array(mask).reshape([1, rows, columns, 1]);
}

/** Returns the array read `places` further, and from the start again at its end. */
export function rotated(x: np.Array, places: number): np.Array {
  const [batch, rows, columns, channels] = sizes(x);
  const length = batch * rows * columns;
  const from = (places % length + length) % length * channels;
  if (from === 0) return x.ref;
  const all = length * channels;
  return np.broadcastTo(x.ref.reshape([1, all]), [2, all]).reshape([2 * all])
    .slice([from, from + all]).reshape(x.shape);
}

/** Returns the array without its border. */
export function inside(x: np.Array): np.Array {
  const [, rows, columns] = sizes(x);
  return x.ref.slice([], [0, rows - 1], [0, columns - 1], []);
}

/** Returns the array with a border. */
export function bordered(x: np.Array): np.Array {
  return np.pad(x.ref, [[0, 0], [0, 1], [0, 1], [0, 0]]);
}

/** Every second row and column from `row` and `column` (0 to 2) on, of an array with a border. */
export function everySecond(x: np.Array, row: number, column: number): np.Array {
  const [batch, rows, columns, channels] = sizes(x);
  const height = (rows - 1) / 2, width = (columns - 1) / 2;
  const top = row === 2 ? 1 : 0, left = column === 2 ? 1 : 0;
  return x.ref.slice([], [top, top + 2 * height], [left, left + 2 * width], [])
    .reshape([batch, height, 2, width, 2, channels])
    .slice([], [], [row - top, row - top + 1], [], [column - left, column - left + 1], [])
    .reshape([batch, height, width, channels]);
}

/** Zeros between rows and columns, and the border: what `everySecond(x, 0, 0)` takes out, put back. */
export function spread(x: np.Array): np.Array {
  const [batch, height, width, channels] = sizes(x);
  const none = [0, 0] as [number, number], one = [0, 1] as [number, number];
  const wide = np.pad(x.ref.reshape([batch, height, 1, width, 1, channels]), [
    none,
    none,
    one,
    none,
    one,
    none,
  ]);
  return bordered(wide.reshape([batch, 2 * height, 2 * width, channels]));
}
