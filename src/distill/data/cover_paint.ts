// What covers are painted with: forms told by how deep a pixel lies in them, and the light on them.

import type { Point } from "../../math/affine.ts";
import type { Image } from "../../image/image.ts";
import { smoothNoise } from "../../mask/draw_noise.ts";
import type { Chance } from "./chance.ts";
import { CROP_SIZE } from "./crop.ts";

/** How deep a pixel lies within a cover: above 0 inside, in pixels. */
export type Depth = (x: number, y: number) => number;
/** The share of a cover's colour that is seen at a pixel, around 1. */
export type Shade = (x: number, y: number) => number;

/** Folds of hanging cloth. */
export function folds(chance: Chance, min: number, max: number): Shade {
  const strength = chance.between(min, max), seed = Math.floor(chance.next() * 1000);
  const lean = chance.between(-0.6, 0.6), size = chance.between(9, 20);
  return (x, y) =>
    0.95 + strength * smoothNoise((x + lean * y) / size, (y - lean * x) / (2 * size), seed);
}

/** Returns a stroke with round ends. */
export function capsule(a: Point, b: Point, radius: number): Depth {
  const dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  return (x, y) => {
    const t = Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / square));
    return radius - Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
  };
}

/** Returns a convex polygon whose corners go clockwise on the screen. */
export function polygon(corners: readonly Point[]): Depth {
  const edges = corners.map((p, i) => {
    const q = corners[(i + 1) % corners.length];
    const length = Math.max(Math.hypot(q.x - p.x, q.y - p.y), 1e-6);
    return { x: p.x, y: p.y, a: (p.y - q.y) / length, b: (q.x - p.x) / length };
  });
  return (x, y) => {
    let depth = Infinity;
    for (const edge of edges) {
      depth = Math.min(depth, edge.a * (x - edge.x) + edge.b * (y - edge.y));
    }
    return depth;
  };
}

/** Returns the mean colour around a place. */
export function meanColor({ data }: Image, x: number, y: number): number[] {
  const sum = [0, 0, 0];
  for (const dy of [-6, 0, 6]) {
    for (const dx of [-14, -8, 8, 14]) {
      const px = Math.min(CROP_SIZE - 1, Math.max(0, Math.round(x + dx)));
      const py = Math.min(CROP_SIZE - 1, Math.max(0, Math.round(y + dy)));
      for (let k = 0; k < 3; k++) sum[k] += data[4 * (py * CROP_SIZE + px) + k] / 12;
    }
  }
  return sum;
}

/** A form, what it looks like, and the rows of the crop in which it may be. */
export interface Painted {
  readonly depth: Depth;
  readonly color: readonly number[];
  readonly shade?: Shade;
  /** 0 to 1; opaque if not given. */
  readonly opacity?: number;
  readonly top?: number;
  readonly bottom?: number;
}

/** Paints where the depth is above 0, with an edge one pixel soft. */
export function paint({ data }: Image, painted: Painted): void {
  const { depth, color: [red, green, blue], shade, opacity = 1 } = painted;
  const first = Math.max(0, Math.floor(painted.top ?? 0));
  const end = Math.min(CROP_SIZE, Math.ceil(painted.bottom ?? CROP_SIZE));
  for (let y = first, at = first * CROP_SIZE * 4; y < end; y++) {
    for (let x = 0; x < CROP_SIZE; x++, at += 4) {
      const inside = depth(x, y) + 0.5;
      if (inside <= 0) continue;
      const share = Math.min(1, inside) * opacity, light = shade ? shade(x, y) : 1;
      data[at] += share * (red * light - data[at]);
      data[at + 1] += share * (green * light - data[at + 1]);
      data[at + 2] += share * (blue * light - data[at + 2]);
    }
  }
}
