// Areas of boxes: what overlaps, what lies inside another, what is largest.

import type { Box } from "./face.ts";

/** The area of a box in square pixels. */
export function boxArea({ width, height }: Box): number {
  return width * height;
}

/** The area that two boxes have in common, in square pixels. */
export function commonArea(a: Box, b: Box): number {
  const along = (at: "x" | "y", side: "width" | "height"): number =>
    Math.max(0, Math.min(a[at] + a[side], b[at] + b[side]) - Math.max(a[at], b[at]));
  return along("x", "width") * along("y", "height");
}
