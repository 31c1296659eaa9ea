// Chance variations of crops: place, size, turn, mirror, light, colour, blur, borders. Ends at the 28x28 means of the
// network's first layer, so that training spends nothing on the pixels that the network averages away.

import type { randomNumbers } from "../../src/math/random.ts";
import { CROP_SIZE, MARGIN } from "./face_crops.ts";

/** Width and height after the network's averaging. */
export const SMALL = 28;
/** Numbers of a crop after averaging. */
export const SMALL_LENGTH = SMALL * SMALL * 3;
/** Pixels per side that are averaged. */
const CELL = 112 / SMALL;

type Random = ReturnType<typeof randomNumbers>;

/** The crop as the pipeline cuts it, averaged, (x - 127.5) / 128. */
export function plainCrop(crop: Uint8Array, out: Float32Array): void {
  sample(crop, [1, 0, MARGIN, 0, 1, MARGIN], out);
  out.forEach((value, i) => out[i] = (value - 127.5) / 128);
}

/** A variation of the crop, averaged, (x - 127.5) / 128. */
export function variedCrop(crop: Uint8Array, random: Random, out: Float32Array): void {
  const between = (low: number, high: number): number => low + (high - low) * random();
  const angle = between(-0.14, 0.14), step = between(0.9, 1.12);
  const flip = random() < 0.5 ? -1 : 1;
  const a = flip * step * Math.cos(angle), b = -step * Math.sin(angle);
  const d = flip * step * Math.sin(angle), e = step * Math.cos(angle);
  const middle = (CROP_SIZE - 1) / 2, centre = 111 / 2;
  const c = middle + between(-5, 5) - (a + b) * centre;
  const f = middle + between(-5, 5) - (d + e) * centre;
  sample(crop, [a, b, c, d, e, f], out);
  if (random() < 0.25) blur(out);
  if (random() < 0.3) blank(out, random);
  recolour(out, between);
}

/** Averages of bilinear samples at the mapped places; black outside of the crop. */
function sample(crop: Uint8Array, map: readonly number[], out: Float32Array): void {
  const [a, b, c, d, e, f] = map;
  const last = CROP_SIZE - 1, row = CROP_SIZE * 3;
  out.fill(0);
  for (let y = 0; y < 112; y++) {
    for (let x = 0; x < 112; x++) {
      const u = a * x + b * y + c, v = d * x + e * y + f;
      if (!(u >= 0 && v >= 0 && u <= last && v <= last)) continue;
      const left = Math.min(Math.floor(u), last - 1), top = Math.min(Math.floor(v), last - 1);
      const s = u - left, t = v - top;
      const from = top * row + left * 3;
      const to = (Math.floor(y / CELL) * SMALL + Math.floor(x / CELL)) * 3;
      const w00 = (1 - s) * (1 - t), w01 = s * (1 - t), w10 = (1 - s) * t, w11 = s * t;
      for (let channel = 0; channel < 3; channel++) {
        const p = from + channel;
        out[to + channel] += w00 * crop[p] + w01 * crop[p + 3] + w10 * crop[p + row] +
          w11 * crop[p + row + 3];
      }
    }
  }
  for (let i = 0; i < out.length; i++) out[i] /= CELL * CELL;
}

/** Each value becomes a mean of itself and its neighbours: a face from far away. */
function blur(values: Float32Array): void {
  for (const step of [3, SMALL * 3]) {
    const before = values.slice();
    for (let i = step; i < values.length - step; i++) {
      values[i] = (before[i - step] + 2 * before[i] + before[i + step]) / 4;
    }
  }
}

/** Blackens a strip at one side, as where a face is cut by the border of the photo. */
function blank(values: Float32Array, random: Random): void {
  const side = Math.floor(random() * 4), depth = 1 + Math.floor(random() * 6);
  for (let y = 0; y < SMALL; y++) {
    for (let x = 0; x < SMALL; x++) {
      const distance = [x, SMALL - 1 - x, y, SMALL - 1 - y][side];
      if (distance < depth) values.fill(0, (y * SMALL + x) * 3, (y * SMALL + x) * 3 + 3);
    }
  }
}

/** Other light: brightness, contrast, saturation, and a tint; ends in the network's numbers. */
function recolour(values: Float32Array, between: (low: number, high: number) => number): void {
  const gain = between(0.55, 1.4), contrast = between(0.7, 1.3), saturation = between(0.2, 1.4);
  const tint = [between(0.85, 1.15), between(0.92, 1.08), between(0.85, 1.15)];
  const noise = between(0, 3);
  for (let i = 0; i < values.length; i += 3) {
    const grey = (values[i] + 2 * values[i + 1] + values[i + 2]) / 4;
    for (let channel = 0; channel < 3; channel++) {
      const coloured = grey + saturation * (values[i + channel] - grey);
      const lit = gain * tint[channel] * (120 + contrast * (coloured - 120));
      // What was black as it lies outside of the photo stays black.
      const value = grey < 0.5 ? 0 : lit + between(-noise, noise);
      values[i + channel] = (Math.min(255, Math.max(0, value)) - 127.5) / 128;
    }
  }
}
