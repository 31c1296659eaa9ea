// The outlines of the masks as they lie flat, and where things are in a mask's texture.
// The texture holds the mask, and below it two strips: a piece of strap, and the soft rim for silhouettes.

import type { Point } from "../math/affine.ts";
import type { Appearance } from "./kinds.ts";

/** The size of a texture and of the mask's part in it. */
export interface AtlasSize {
  readonly width: number;
  readonly height: number;
  /** Rows of the mask itself; the strips are below. */
  readonly body: number;
}

/** The texture begins above the mask's edge: its shadow falls there. */
const TOP = -0.12;
/** Height over width of a piece of mask that is square in (u, v), about, on a face. */
const ASPECT = 0.75;

function bottomOf(appearance: Appearance): number {
  return appearance.kind === "gaiter" ? 1.76 : 1.2;
}

/** Returns the size of the texture that is `width` pixels wide. */
export function atlasSize(appearance: Appearance, width: number): AtlasSize {
  const body = Math.round(width / 2 * ASPECT * (bottomOf(appearance) - TOP));
  return { width, body, height: body + Math.max(6, width >> 4) };
}

/** Returns the texture pixel of a place on the mask. */
export function atlasPlace(
  appearance: Appearance,
  { width, body }: AtlasSize,
  u: number,
  v: number,
): Point {
  return {
    x: (u + 1) / 2 * (width - 1),
    y: (v - TOP) / (bottomOf(appearance) - TOP) * (body - 1),
  };
}

/** Returns the place on the mask of a texture pixel; the inverse of `atlasPlace`. */
export function maskPlace(
  appearance: Appearance,
  size: AtlasSize,
  x: number,
  y: number,
): [number, number] {
  return [
    x / (size.width - 1) * 2 - 1,
    y / (size.body - 1) * (bottomOf(appearance) - TOP) + TOP,
  ];
}

interface Strip {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Returns where the strips are; one pixel around each belongs to it. */
export function reach({ width, height, body }: AtlasSize): { strap: Strip; rim: Strip } {
  const half = width >> 1;
  return {
    strap: { left: 1, right: half - 3, top: body + 1, bottom: height - 1 },
    rim: { left: half + 2, right: width - 2, top: body + 2, bottom: height - 1 },
  };
}

/** Returns how far inside the outline a place is, negative outside; in units of u, about half head widths. */
export function outlineDistance({ kind, coverage }: Appearance, u: number, v: number): number {
  const x = Math.abs(u), y = (v - 0.5) * ASPECT;
  switch (kind) {
    case "gaiter":
      return Math.min(
        (v + 0.005 - 0.05 * Math.min(1, x / 0.5)) * ASPECT,
        coverage === "chin" ? 9 : (1.74 - v) * ASPECT,
      );
    case "cloth":
    case "patterned": {
      const top = 0.005 + 0.1 * Math.min(1, (x / 0.55) ** 2);
      const bottom = 1.03 - 0.06 * (x / 0.6) ** 2;
      const half = 0.64 - 0.3 * y * y;
      return rounded(x - half, Math.max(top - v, v - bottom) * ASPECT, 0.05);
    }
    case "ffp2":
    case "valve": {
      const top = 0.26 * x ** 1.5, bottom = 1.05 - 0.16 * x ** 2;
      return rounded(x - 0.66, Math.max(top - v, v - bottom) * ASPECT, 0.07);
    }
    case "n95": {
      const radius = ((x / 0.6) ** 2.5 + Math.abs(y / (0.535 * ASPECT)) ** 2.5) ** (1 / 2.5);
      return (1 - radius) * 0.45;
    }
    default: {
      const half = 0.62 - 0.02 * Math.cos(y * 9);
      return rounded(x - half, Math.max(-v, v - 1.04) * ASPECT, 0.03);
    }
  }
}

/** Distance inside of a box with rounded corners from the distances outside of its two pairs of sides. */
function rounded(overX: number, overY: number, radius: number): number {
  const x = overX + radius, y = overY + radius;
  return radius - Math.hypot(Math.max(0, x), Math.max(0, y)) - Math.min(0, Math.max(x, y));
}
