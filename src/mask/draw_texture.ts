// Makes a mask's texture from its relief and its colours, in the size that the picture needs, and keeps the last ones.

import { HARDWARE, strapColor } from "./draw_kinds.ts";
import { isStrap, maskRelief } from "./draw_relief.ts";
import type { Look, Rgb } from "./kinds.ts";
import type { MaskTexture } from "../kernels/mask_overlay/layer.ts";

/** Textures kept: a photo of many faces, or a mask tried in all kinds and wearings. */
const MOST_KEPT = 64;
const WIDTHS = [128, 256, 512] as const;
const kept = new Map<string, MaskTexture>();

/** The texture's width for a head that is so many pixels wide. */
export function textureWidth(headWidth: number): number {
  // The texture is two head widths wide, about.
  return WIDTHS.find((width) => width >= 1.25 * headWidth) ?? WIDTHS[WIDTHS.length - 1];
}

/** The texture of a look, coloured or kept from before. */
export function maskTexture(look: Look, width: number, grey: boolean): MaskTexture {
  const { kind, color, print, pattern, wearing, seed } = look;
  const key = [kind, color, print, pattern, wearing, seed, width, grey].join();
  const found = kept.get(key);
  const texture = found ?? paint(look, width, grey);
  // The one used last goes last; the one not used for longest is the first to be dropped.
  if (found) kept.delete(key);
  kept.set(key, texture);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  return texture;
}

function paint(look: Look, width: number, grey: boolean): MaskTexture {
  const tone = (rgb: Rgb): Rgb => grey ? greyOf(rgb) : rgb;
  const relief = maskRelief(look, width), { shares, body, height } = relief;
  const data = new Uint8ClampedArray(shares.length);
  const color = tone(look.color), strap = tone(strapColor(look));
  const print = tone(look.print), hardware = tone(HARDWARE);
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
