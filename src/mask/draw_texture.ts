// Makes a mask's texture from its relief and its colours, in the size that the picture needs, with a cache.

import { HARDWARE, strapColor } from "./draw_kinds.ts";
import { isStrap, maskRelief } from "./draw_relief.ts";
import type { Appearance, Rgb } from "./kinds.ts";
import type { MaskTexture } from "../kernels/mask_overlay/layer.ts";

/** The most textures in the cache: enough for a photo of many faces, or one mask in all kinds and coverages. */
const MAX_KEPT = 64;
const WIDTHS = [128, 256, 512] as const;
const kept = new Map<string, MaskTexture>();

/** Returns the texture's width for a head that is so many pixels wide. */
export function textureWidth(headWidth: number): number {
  // The texture is two head widths wide, about.
  return WIDTHS.find((width) => width >= 1.25 * headWidth) ?? WIDTHS[WIDTHS.length - 1];
}

/** Returns the texture of a mask, from the cache if it is there. */
export function maskTexture(appearance: Appearance, width: number, grey: boolean): MaskTexture {
  const { kind, color, print, pattern, coverage, seed } = appearance;
  const key = [kind, color, print, pattern, coverage, seed, width, grey].join();
  const found = kept.get(key);
  const texture = found ?? paint(appearance, width, grey);
  // Least recently used first: that one is dropped.
  if (found) kept.delete(key);
  kept.set(key, texture);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return texture;
}

function paint(appearance: Appearance, width: number, grey: boolean): MaskTexture {
  const tone = (rgb: Rgb): Rgb => grey ? greyOf(rgb) : rgb;
  const relief = maskRelief(appearance, width), { shares, body, height } = relief;
  const data = new Uint8ClampedArray(shares.length);
  const color = tone(appearance.color), strap = tone(strapColor(appearance));
  const print = tone(appearance.print), hardware = tone(HARDWARE);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      if (shares[at + 3] === 0) continue;
      const main = y >= body && isStrap(relief, x) ? strap : color;
      for (let k = 0; k < 3; k++) {
        data[at + k] = shares[at] * main[k] + shares[at + 1] * print[k] +
          shares[at + 2] * hardware[k];
      }
      data[at + 3] = shares[at + 3];
    }
  }
  return { width, height, data };
}

function greyOf([red, green, blue]: Rgb): Rgb {
  const level = 0.3 * red + 0.59 * green + 0.11 * blue;
  return [level, level, level];
}
