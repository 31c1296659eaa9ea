// A filter of each channel, of any odd size, on maps without a border.
// Between the rows of a map lie as many zeros as the filter reaches, so that every tap is a slice of one flat array: loads
// of neighbours, and sums over rows in steps of one length.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { addGradient, type Node, type Tape } from "./tape.ts";

/** jax-js sums so many rows before it stores a partial sum; it is slow where the number of rows is no multiple. */
const ROWS = 64;

/** `x [batch, rows, columns, channels]` filtered to the same size, zeros beyond. `weight [channels, 1, size, size]`. */
export function filtered(tape: Tape, x: Node, weight: Node): Node {
  const [batch, rows, columns, channels] = x.value.shape;
  const size = weight.value.shape[3], middle = size >> 1;
  // What lies farther off than the map is large is zero.
  const down = Math.min(middle, rows - 1), across = Math.min(middle, columns - 1);
  const height = rows + down, width = columns + across, length = batch * height * width;
  const reach = down * width + across, even = Math.ceil(length / ROWS) * ROWS;
  const taps: { place: number; tap: number }[] = [];
  for (let row = -down; row <= down; row++) {
    for (let column = -across; column <= across; column++) {
      const tap = (row + middle) * size + column + middle;
      taps.push({ place: row * width + column, tap });
    }
  }
  const flat = (map: np.Array): np.Array => {
    const spaced = np.pad(map.ref, [[0, 0], [0, down], [0, across], [0, 0]]);
    const ends: [number, number] = [reach, reach + even - length];
    return tape.store(np.pad(spaced.reshape([length, channels]), [ends, [0, 0]]));
  };
  const from = (map: np.Array, place: number, count: number): np.Array =>
    map.ref.slice([reach + place, reach + place + count], []);
  const turned = tape.store(weight.value.ref.reshape([channels, size * size]).transpose());
  const sum = (map: np.Array, sign: number): np.Array =>
    taps.map(({ place, tap }) =>
      from(map, sign * place, length).mul(turned.ref.slice([tap, tap + 1], []))
    ).reduce((sum, part) => sum.add(part)).reshape([batch, height, width, channels])
      .slice([], [0, rows], [0, columns], []);
  const map = flat(x.value);
  return tape.record(tape.store(sum(map, 1)), (gradient) => {
    const gradients = flat(gradient);
    addGradient(x, tape.store(sum(gradients, -1)));
    const none = (): np.Array => np.zeros([channels]);
    const sums = Array.from({ length: size * size }, none);
    for (const { place, tap } of taps) {
      sums[tap] = from(map, place, even)
        .mul(from(gradients, 0, even)).sum(0);
    }
    addGradient(weight, np.stack(sums).transpose().reshape([channels, 1, size, size]));
  });
}
