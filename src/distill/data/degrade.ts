// What bad cameras and long ways do to a picture: low resolution, blur, noise, JPEG.
// Works on grey levels 0..255 of square RGB pictures in place.

import jpeg from "jpeg-js";
import type { Chance } from "./chance.ts";
import { blur, resample } from "./resample.ts";

/** Share of the pictures that each happens to, at strength 1; JPEG takes 15 ms. */
const SHARES = { resolution: 0.2, blur: 0.15, noise: 0.25, jpeg: 0.1 };

/** Spoils the picture by chance; `strength` 0 changes nothing. */
export function degrade(
  pixels: Float32Array,
  size: number,
  chance: Chance,
  strength: number,
): void {
  // Each decision is drawn whatever the others were, so that strengths can be compared sample by sample.
  const lower = chance.happens(SHARES.resolution * strength), cells = chance.between(28, 84);
  const blurred = chance.happens(SHARES.blur * strength), sigma = chance.between(0.4, 1.5);
  const noisy = chance.happens(SHARES.noise * strength), deviation = chance.between(1, 9);
  const packed = chance.happens(SHARES.jpeg * strength), quality = chance.between(25, 85);
  if (lower) lowResolution(pixels, size, Math.round(cells));
  if (blurred) blur(pixels, size, sigma);
  if (noisy) {
    for (let i = 0; i < pixels.length; i++) {
      // Four even numbers are near enough to a bell, and fast.
      const bell = chance.next() + chance.next() + chance.next() + chance.next() - 2;
      pixels[i] += deviation * 1.73 * bell;
    }
  }
  if (packed) recompress(pixels, size, Math.round(quality));
}

/** Averages down to `cells` a side and back up: a face that was `cells / 112` as large. */
export function lowResolution(pixels: Float32Array, size: number, cells: number): void {
  pixels.set(resample(resample(pixels, size, cells), cells, size));
}

/** To JPEG and back. */
export function recompress(pixels: Float32Array, size: number, quality: number): void {
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    data[to] = pixels[from];
    data[to + 1] = pixels[from + 1];
    data[to + 2] = pixels[from + 2];
  }
  const picture = { data: new Uint8Array(data.buffer), width: size, height: size };
  const packed = jpeg.encode(picture, quality).data;
  const unpacked = jpeg.decode(packed, { useTArray: true, formatAsRGBA: false }).data;
  pixels.set(unpacked);
}
