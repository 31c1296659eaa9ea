// The cloth of each kind of mask: how bright each place is from its folds, seams and weave, and what colour it has.
// Drawn by formula; light of the photo is added later, so this is under even light from above.

import { mix, smoothNoise, smoothStep } from "./draw_noise.ts";
import { outlineDistance } from "./draw_outline.ts";
import { printAt } from "./draw_pattern.ts";
import type { Appearance, Rgb } from "./kinds.ts";

/** What a mask shows at a place, whatever its colours: a cloth is drawn once and then coloured. */
export interface Cloth {
  /** Share of the print's colour, 0..1; the rest is the mask's. */
  readonly print: number;
  /** Share of plastic or metal, whose colour is {@linkcode HARDWARE}, 0..1. */
  readonly hardware: number;
  /** Brightness of both. */
  readonly shade: number;
}

/** Colour of valves and nose clips. */
export const HARDWARE: Rgb = [201, 204, 206];

/** Returns what the mask shows at (u, v), inside of its outline by `depth`. */
export function clothAt(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  return DRAW[appearance.kind](appearance, u, v, depth);
}

type Draw = (appearance: Appearance, u: number, v: number, depth: number) => Cloth;

const DRAW: Readonly<Record<Appearance["kind"], Draw>> = {
  surgical,
  cloth,
  patterned: cloth,
  ffp2: folded,
  valve: valved,
  n95: cup,
  gaiter,
};

function surgical(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  const phase = appearance.seed % 7 / 70;
  // Three pleats, open in the middle and closed at the sides: dark below each fold, light on its lip.
  let shade = 1;
  for (const at of [0.3, 0.5, 0.7]) {
    const bow = (at - 0.5) * -0.25 * (1 - (u / 0.62) ** 2);
    const under = v -
      (at + phase - 0.05 + bow + 0.012 * smoothNoise(u * 4, at * 9, appearance.seed));
    shade -= 0.2 * smoothStep(-0.008, 0.004, under) * (1 - smoothStep(0.004, 0.09, under));
    shade += 0.06 * smoothStep(-0.06, -0.012, under) * (1 - smoothStep(-0.012, 0.002, under));
  }
  shade *= crumple(appearance, u, v, 0.06) * weave(appearance, u, v, 0.015);
  // The nose wire shows as a ridge under the top hem; hems are two layers and welded in dots.
  const wire = Math.abs(v - 0.055) < 0.018 && Math.abs(u) < 0.26 ? 0.06 : 0;
  const hem = smoothStep(0.012, 0, Math.abs(depth - 0.06)) * 0.1;
  const weld = Math.abs(Math.abs(u) - 0.56) < 0.022 && Math.sin(v * 110) > 0.2 ? 0.07 : 0;
  return { print: printed(appearance, u, v), hardware: 0, shade: shade + wire - hem - weld };
}

function cloth(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  // A seam down the middle for most, gathers at the sides, stitched hem.
  const seam = appearance.seed % 3 > 0 ? 0.18 * smoothStep(0.018, 0, Math.abs(u)) : 0;
  const gather = smoothStep(0.3, 0.62, Math.abs(u)) * 0.1 *
    smoothNoise(u * 3, v * 16, appearance.seed + 5);
  const stitch = Math.abs(depth - 0.045) < 0.007 && Math.sin((u + v) * 130) > -0.2 ? 0.16 : 0;
  const hem = 0.08 * smoothStep(0.05, 0.03, depth);
  const shade = crumple(appearance, u, v, 0.1) * weave(appearance, u, v, 0.05) + gather - seam -
    stitch - hem;
  return { print: printed(appearance, u, v), hardware: 0, shade };
}

function folded(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  const x = Math.abs(u);
  // The keel: a welded seam, with the two halves falling away from it.
  const seam = 0.2 * smoothStep(0.012, 0, Math.abs(x - 0.02)) - 0.07 * smoothStep(0.015, 0, x);
  const dots = Math.abs(x - 0.045) < 0.009 && Math.sin(v * 120) > 0 ? 0.09 : 0;
  const rim = Math.abs(depth - 0.05) < 0.012
    ? 0.06 + (Math.sin((u + 2 * v) * 75) > 0 ? 0.07 : 0)
    : 0;
  const press = 0.05 * smoothStep(0.012, 0, Math.abs(x - 0.5 + 0.14 * (v - 0.5)));
  const wire = Math.abs(depth - 0.035) < 0.016 && v < 0.3 && x < 0.24 ? 0.07 : 0;
  const shade = crumple(appearance, u, v, 0.045) * weave(appearance, u, v, 0.012) - 0.05 * x;
  return {
    print: printed(appearance, u, v),
    hardware: 0,
    shade: shade - seam - dots - rim - press + wire,
  };
}

const VALVE = { u: 0.25, v: 0.6, radius: 0.115 };

function valved(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  const under = folded(appearance, u, v, depth);
  const side = appearance.seed & 1 ? 1 : -1;
  const x = (u * side - VALVE.u) / VALVE.radius, y = (v - VALVE.v) * 0.75 / VALVE.radius;
  const radius = Math.hypot(x, y);
  if (radius > 1.3) return under;
  if (radius > 1) {
    const shadow = 0.3 * smoothStep(1.3, 1, radius) * smoothStep(-1, 0.6, y);
    return { ...under, shade: under.shade - shadow };
  }
  // A plastic cap: bright rim above, dark below, slots between ribs.
  const light = mix(1.05, 0.8, (y + 1) / 2);
  const rim = radius > 0.82 ? -0.16 * y : 0;
  const slot = radius < 0.72 && Math.sin(y * 13) > 0.35 ? 0.34 : 0;
  return { print: 0, hardware: 0.75, shade: light + rim - slot };
}

function cup(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  const y = (v - 0.5) * 1.25, x = u / 0.6;
  // Pressed fibre: lighter above, a flat rim, an embossed ring, and the nose clip of metal.
  let shade = 1.02 - 0.1 * y - 0.1 * (x * x + y * y);
  shade -= 0.1 * smoothStep(0.02, 0, Math.abs(depth - 0.05));
  shade -= 0.05 * smoothStep(0.014, 0, Math.abs(depth - 0.16));
  shade += 0.03 * smoothNoise(u * 70, v * 55, appearance.seed);
  shade *= crumple(appearance, u, v, 0.03);
  const clip = Math.abs(depth - 0.085) < 0.02 && v < 0.25 && Math.abs(u) < 0.14;
  if (clip) {
    return { print: 0, hardware: 1, shade: 1.05 - 0.25 * Math.abs(depth - 0.085) / 0.02 };
  }
  return { print: printed(appearance, u, v), hardware: 0, shade };
}

function gaiter(appearance: Appearance, u: number, v: number, depth: number): Cloth {
  // It slides down in rings of folds, more of them on the neck.
  const fold = smoothNoise(u * 2.2 + 3, v * 7 + 1.2 * u * u, appearance.seed) +
    0.6 * smoothNoise(u * 4, v * 15 + 2 * u * u, appearance.seed + 1);
  const slack = 0.09 + 0.16 * smoothStep(0.7, 1.15, v);
  const shade = 1 + slack * fold - 0.22 * smoothStep(0.98, 1.12, v) * smoothStep(1.4, 1.12, v);
  const hem = smoothStep(0.01, 0, Math.abs(depth - 0.035)) * 0.14;
  return {
    print: printed(appearance, u, v),
    hardware: 0,
    shade: shade * weave(appearance, u, v, 0.03) - hem,
  };
}

function printed(appearance: Appearance, u: number, v: number): number {
  return printAt(appearance.pattern, u, v, appearance.seed);
}

function blend(a: Rgb, b: Rgb, t: number): Rgb {
  return [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];
}

/** Soft dents, and creases that run from the corners, where the loops pull, to the middle. */
function crumple({ seed }: Appearance, u: number, v: number, strength: number): number {
  const soft = smoothNoise(u * 4, v * 3, seed + 11) + 0.5 * smoothNoise(u * 9, v * 7, seed + 12);
  const corner = Math.atan2(v - (v < 0.5 ? 0.05 : 0.95), 0.62 - Math.abs(u));
  const pull = smoothNoise(corner * 9 + (u > 0 ? 40 : 0), v < 0.5 ? 0 : 7, seed + 13) *
    smoothStep(0.1, 0.6, Math.abs(u));
  return 1 + strength * (0.6 * soft + 0.7 * pull);
}

function weave({ seed }: Appearance, u: number, v: number, strength: number): number {
  return 1 + strength * smoothNoise(u * 120, v * 90, seed + 21);
}

/** Returns the colour of the straps. */
export function strapColor(appearance: Appearance): Rgb {
  switch (appearance.kind) {
    case "n95":
      return appearance.seed & 1 ? [214, 190, 120] : [230, 228, 222];
    case "cloth":
    case "patterned":
      return blend(appearance.color, [40, 40, 44], 0.4);
    default:
      return appearance.color[0] + appearance.color[1] + appearance.color[2] < 250
        ? appearance.color
        : [236, 238, 240];
  }
}

/** Returns how much of the mask is at a place (0..1), and how dark its shadow on the skin beside it is. */
export function coverAt(
  appearance: Appearance,
  u: number,
  v: number,
  texel: number,
): { depth: number; cover: number; shadow: number } {
  const depth = outlineDistance(appearance, u, v);
  return {
    depth,
    cover: smoothStep(-texel / 2, texel / 2, depth),
    shadow: depth > 0 ? 0 : 0.34 * Math.exp(depth / 0.022),
  };
}
