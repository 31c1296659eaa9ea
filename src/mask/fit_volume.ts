// How far each kind of mask stands off the face: cloth lies close, cups and folded masks stand out.

import { smoothStep } from "./draw_noise.ts";
import type { Coverage, MaskKind } from "./kinds.ts";

/** Returns the distance of the mask from the surface at a place on it, in head widths. */
export function standOff(kind: MaskKind, coverage: Coverage, u: number, v: number): number {
  // A mask that slipped hangs flat.
  const share = coverage === "full" ? 1 : coverage === "nose-out" ? 0.6 : 0.25;
  return 0.012 + share * form(kind, u, v);
}

function form(kind: MaskKind, u: number, v: number): number {
  const inside = (halfWidth: number, top: number, bottom: number): number =>
    Math.max(0, 1 - (u / halfWidth) ** 2) * smoothStep(top, top + 0.4, v) *
    (1 - smoothStep(bottom - 0.45, bottom, v));
  switch (kind) {
    case "n95":
      return 0.085 * Math.sqrt(inside(0.6, -0.05, 1.12));
    case "ffp2":
    case "valve":
      // Two flat halves that meet in a keel.
      return 0.08 * Math.max(0, 1 - Math.abs(u) / 0.6) * Math.sqrt(inside(0.7, 0, 1.15));
    case "gaiter":
      return 0.006;
    default:
      return 0.03 * inside(0.66, 0, 1.15);
  }
}
