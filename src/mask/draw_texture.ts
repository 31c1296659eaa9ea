// Makes a mask's texture from its outline and cloth, in the size that the picture needs, and keeps the last ones.

import { type AtlasSize, atlasSize, maskPlace, reach } from "./draw_outline.ts";
import { clothAt, coverAt, strapColor } from "./draw_kinds.ts";
import type { Look, Rgb } from "./kinds.ts";
import type { MaskTexture } from "./layer.ts";

/** Masks are drawn in so many variants per kind, colour and pattern. */
const VARIANTS = 8;
/** Bytes of textures kept: at the size of training's crops, all colours and variants that come by chance. */
const MOST_KEPT = 48e6;
const WIDTHS = [128, 256, 512] as const;
const kept = new Map<string, MaskTexture>();
let keptBytes = 0;

/** The texture's width for a head that is so many pixels wide. */
export function textureWidth(headWidth: number): number {
  // The texture is two head widths wide, about.
  return WIDTHS.find((width) => width >= 1.25 * headWidth) ?? WIDTHS[WIDTHS.length - 1];
}

/** The texture of a look, drawn or kept from before. */
export function maskTexture(look: Look, width: number, grey: boolean): MaskTexture {
  const seed = ((look.seed % VARIANTS) + VARIANTS) % VARIANTS;
  const { kind, color, pattern, wearing } = look;
  // Only the gaiter's outline depends on how it is worn.
  const shape = kind === "gaiter" ? wearing : "full";
  const key = [kind, color, pattern, shape, seed, width, grey].join();
  const found = kept.get(key);
  const texture = found ?? draw({ ...look, wearing: shape, seed }, width, grey);
  // The one used last goes last; those not used for longest are the first to be dropped.
  if (found) kept.delete(key);
  else keptBytes += texture.data.length;
  kept.set(key, texture);
  for (const [old, { data }] of kept) {
    if (keptBytes <= MOST_KEPT) break;
    kept.delete(old);
    keptBytes -= data.length;
  }
  return texture;
}

/** Where a texel is looked at: in four places if it is so large that fine weave would flicker. */
const ONE = [[0, 0]], FOUR = [[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]];

function draw(look: Look, width: number, grey: boolean): MaskTexture {
  const size = atlasSize(look, width);
  const data = new Uint8ClampedArray(size.width * size.height * 4);
  const texel = 2 / size.width, places = width < WIDTHS[2] ? FOUR : ONE;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      let red = 0, green = 0, blue = 0, alpha = 0;
      for (const [dx, dy] of places) {
        const [r, g, b, a] = y < size.body
          ? bodyAt(look, size, x + dx, y + dy, texel)
          : stripAt(look, size, x + dx, y + dy);
        red += a * r;
        green += a * g;
        blue += a * b;
        alpha += a;
      }
      if (alpha === 0) continue;
      const at = (y * size.width + x) * 4;
      const light = grey ? 0.3 * red + 0.59 * green + 0.11 * blue : 0;
      data[at] = (grey ? light : red) / alpha;
      data[at + 1] = (grey ? light : green) / alpha;
      data[at + 2] = (grey ? light : blue) / alpha;
      data[at + 3] = alpha / places.length * 255;
    }
  }
  return { width: size.width, height: size.height, data };
}

type Rgba = readonly [number, number, number, number];

function bodyAt(look: Look, size: AtlasSize, x: number, y: number, texel: number): Rgba {
  const [u, v] = maskPlace(look, size, x, y);
  const { depth, cover, shadow } = coverAt(look, u, v, texel);
  if (cover === 0) return shadow < 0.004 ? [0, 0, 0, 0] : [12, 8, 8, shadow];
  const [r, g, b] = clothAt(look, u, v, depth);
  // The edge is thin cloth that bends towards the skin.
  const bend = 1 - 0.22 * Math.exp(-Math.max(0, depth) / 0.012);
  return [r * bend, g * bend, b * bend, cover];
}

function stripAt(look: Look, size: AtlasSize, x: number, y: number): Rgba {
  const { strap, rim } = reach(size);
  if (x < size.width / 2) {
    const across = (y - strap.top) / (strap.bottom - strap.top) * 2 - 1;
    const round = Math.max(0, 1 - across * across);
    return [...shaded(strapColor(look), 0.75 + 0.25 * round), Math.min(1, 2.2 * round)];
  }
  const out = (y - rim.top) / (rim.bottom - rim.top);
  return [...shaded(look.color, 0.82), Math.min(1, Math.max(0, 1 - out))];
}

function shaded([r, g, b]: Rgb, by: number): Rgb {
  return [r * by, g * by, b * by];
}
