// What bad cameras and long ways do to a picture: low resolution, blur, motion, noise, JPEG.
// Works on grey levels 0..255 of square RGB pictures in place.

import { randomNumbers } from "../../math/random.ts";
import type { Chance } from "./chance.ts";
import { loseAsJpeg } from "./jpeg_loss.ts";
import { blur, resample } from "./resample.ts";

/** Share of the pictures that each happens to, at strength 1. */
const SHARES = { resolution: 0.18, blur: 0.1, motion: 0.04, noise: 0.25, jpeg: 0.25 };

/** Degrades the picture at random; `strength` 0 changes nothing. */
export function degrade(
  pixels: Float32Array,
  size: number,
  chance: Chance,
  strength: number,
): void {
  // Each decision is drawn whatever the others were, so that strengths can be compared sample by sample.
  const lower = chance.happens(SHARES.resolution * strength), cells = chance.between(24, 84);
  const blurred = chance.happens(SHARES.blur * strength), sigma = chance.between(0.4, 1.5);
  const moved = chance.happens(SHARES.motion * strength), angle = chance.between(0, Math.PI);
  const noisy = chance.happens(SHARES.noise * strength), deviation = chance.between(1, 9);
  const first = Math.floor(chance.next() * NOISE_LENGTH);
  const packed = chance.happens(SHARES.jpeg * strength), quality = chance.between(20, 85);
  if (lower) lowResolution(pixels, size, Math.round(cells));
  if (blurred) blur(pixels, size, Math.round(sigma * 10) / 10);
  if (moved) smear(pixels, size, angle);
  if (noisy) addNoise(pixels, deviation, first);
  if (packed) loseAsJpeg(pixels, size, Math.round(quality));
}

/** Averages down to `cells` a side and back up: a face that was `cells / 112` as large. */
function lowResolution(pixels: Float32Array, size: number, cells: number): void {
  pixels.set(resample(resample(pixels, size, cells), cells, size));
}

/** Places along the way of a camera that moved while the picture was taken. */
const WAY = [-2, -1, 0, 1, 2];

/** The mean along a line of some pixels. */
function smear(pixels: Float32Array, size: number, angle: number): void {
  const from = pixels.slice();
  pixels.fill(0);
  for (const step of WAY) {
    const dx = Math.round(step * Math.cos(angle)), dy = Math.round(step * Math.sin(angle));
    for (let y = 0; y < size; y++) {
      const row = Math.min(size - 1, Math.max(0, y + dy)) * size;
      for (let x = 0; x < size; x++) {
        const at = 3 * (row + Math.min(size - 1, Math.max(0, x + dx))), to = 3 * (y * size + x);
        pixels[to] += from[at] / WAY.length;
        pixels[to + 1] += from[at + 1] / WAY.length;
        pixels[to + 2] += from[at + 2] / WAY.length;
      }
    }
  }
}

/** A prime, so that rows of pixels never fall on the same noise. */
const NOISE_LENGTH = 65_521;
let noise: Float32Array | undefined;

/** Returns numbers of the normal distribution, drawn once: from any first one on they are new noise. */
function noiseTable(): Float32Array {
  const next = randomNumbers(0x0153);
  return noise ??= Float32Array.from(
    { length: NOISE_LENGTH },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

function addNoise(pixels: Float32Array, deviation: number, first: number): void {
  const table = noiseTable();
  for (let i = 0, k = first; i < pixels.length; i++) {
    pixels[i] += deviation * table[k];
    if (++k === NOISE_LENGTH) k = 0;
  }
}
