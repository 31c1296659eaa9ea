// A mask's cloth without its colours: what each texel has of the mask's colour, the print's and the hardware's.
// Drawing it takes 10 ms, colouring it 0.1 ms, so reliefs are cached and coloured for each mask.

import { clothAt, coverAt } from "./draw_kinds.ts";
import { type AtlasSize, atlasSize, maskPlace, reach } from "./draw_outline.ts";
import type { Appearance } from "./kinds.ts";

/** Four numbers a texel: what it has of the mask's (or, in the strips, the strap's or rim's) colour, of the print's, of
 * the hardware's, and its alpha, 0..255. */
export interface Relief extends AtlasSize {
  readonly shares: Float32Array;
}

/** Variants that are drawn of each kind and pattern. */
const VARIANTS = 24;
/** The most bytes of reliefs in the cache: those of 350 masks at the size of training crops. */
const MAX_KEPT_BYTES = 64e6;
const kept = new Map<string, Relief>();
let keptBytes = 0;

/** Returns the relief of a mask, from the cache if it is there. */
export function maskRelief(appearance: Appearance, width: number): Relief {
  const seed = ((appearance.seed % VARIANTS) + VARIANTS) % VARIANTS;
  const { kind, pattern, coverage } = appearance;
  // Only the gaiter's outline depends on what it covers.
  const shape = kind === "gaiter" ? coverage : "full";
  const key = [kind, pattern, shape, seed, width].join();
  const found = kept.get(key);
  const relief = found ?? draw({ ...appearance, coverage: shape, seed }, width);
  // Least recently used first: those are dropped.
  if (found) kept.delete(key);
  else keptBytes += relief.shares.byteLength;
  kept.set(key, relief);
  for (const [old, { shares }] of kept) {
    if (keptBytes <= MAX_KEPT_BYTES) break;
    kept.delete(old);
    keptBytes -= shares.byteLength;
  }
  return relief;
}

/** From this width on a texel is looked at once; larger ones in four places, or fine weave would flicker. */
const FINE_WIDTH = 512;
const ONE = [[0, 0]], FOUR = [[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]];

function draw(appearance: Appearance, width: number): Relief {
  const size = atlasSize(appearance, width);
  const shares = new Float32Array(size.width * size.height * 4);
  const texel = 2 / size.width, places = width < FINE_WIDTH ? FOUR : ONE;
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 4) {
      let main = 0, print = 0, hardware = 0, alpha = 0;
      for (const [dx, dy] of places) {
        const [m, p, h, a] = y < size.body
          ? bodyAt(appearance, size, x + dx, y + dy, texel)
          : stripAt(size, x + dx, y + dy);
        main += a * m;
        print += a * p;
        hardware += a * h;
        alpha += a;
      }
      if (alpha === 0) continue;
      shares[at] = main / alpha;
      shares[at + 1] = print / alpha;
      shares[at + 2] = hardware / alpha;
      shares[at + 3] = alpha / places.length * 255;
    }
  }
  return { ...size, shares };
}

type Shares = readonly [main: number, print: number, hardware: number, alpha: number];

function bodyAt(
  appearance: Appearance,
  size: AtlasSize,
  x: number,
  y: number,
  texel: number,
): Shares {
  const [u, v] = maskPlace(appearance, size, x, y);
  const { depth, cover, shadow } = coverAt(appearance, u, v, texel);
  // A shadow is black: it has nothing of any colour.
  if (cover === 0) return [0, 0, 0, shadow < 0.004 ? 0 : shadow];
  const { print, hardware, shade } = clothAt(appearance, u, v, depth);
  // The edge is thin cloth that bends towards the skin.
  const lit = shade * (1 - 0.22 * Math.exp(-Math.max(0, depth) / 0.012));
  const cloth = lit * (1 - hardware);
  return [cloth * (1 - print), cloth * print, lit * hardware, cover];
}

function stripAt(size: AtlasSize, x: number, y: number): Shares {
  const { strap, rim } = reach(size);
  if (isStrap(size, x)) {
    const across = (y - strap.top) / (strap.bottom - strap.top) * 2 - 1;
    const round = Math.max(0, 1 - across * across);
    return [0.75 + 0.25 * round, 0, 0, Math.min(1, 2.2 * round)];
  }
  const out = (y - rim.top) / (rim.bottom - rim.top);
  return [0.82, 0, 0, Math.min(1, Math.max(0, 1 - out))];
}

/** Returns whether a column of the strips below the mask is of the strap's. */
export function isStrap({ width }: AtlasSize, x: number): boolean {
  return x < width / 2;
}
