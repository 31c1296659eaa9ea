// What a mask does to alignment: how far the frame of the masked face lies from the clean one's.
// Measured on some of the photos by drawing a mask and detecting again; masked samples are then misaligned likewise.

import { type Affine, applyAffine, invertAffine } from "../../align/affine.ts";
import type { MaskKind, Wearing } from "../../mask/kinds.ts";
import { FRAME_SIZE } from "./crop.ts";

/** The frame of a masked face, as the clean frame sees it. */
export interface Shift {
  /** Where the middle of the masked frame lies from that of the clean one, in frame pixels. */
  readonly x: number;
  /** ... and how far below. */
  readonly y: number;
  /** Size of the masked frame over that of the clean one. */
  readonly scale: number;
  /** How far it is turned, in radians, clockwise on the screen. */
  readonly angle: number;
  /** Which mask it was. */
  readonly kind: MaskKind;
  /** How it was worn. */
  readonly wearing: Wearing;
  /** Whether the mesh could be believed under the mask. */
  readonly source: "mesh" | "detector";
}

const MIDDLE = (FRAME_SIZE - 1) / 2;

/** The shift between two maps from frame pixels to photo pixels. */
export function shiftBetween(
  clean: Affine,
  masked: Affine,
): Pick<Shift, "x" | "y" | "scale" | "angle"> {
  const back = invertAffine(clean);
  const place = (x: number, y: number): { x: number; y: number } =>
    applyAffine(back, applyAffine(masked, { x, y }));
  const middle = place(MIDDLE, MIDDLE), right = place(MIDDLE + 1, MIDDLE);
  const across = { x: right.x - middle.x, y: right.y - middle.y };
  const round = (value: number): number => Math.round(value * 1e4) / 1e4;
  return {
    x: round(middle.x - MIDDLE),
    y: round(middle.y - MIDDLE),
    scale: round(Math.hypot(across.x, across.y)),
    angle: round(Math.atan2(across.y, across.x)),
  };
}

/** The map from pixels of the shifted frame to those of the frame. */
export function shiftMap(
  { x, y, scale, angle }: Omit<Shift, "kind" | "wearing" | "source">,
): Affine {
  const a = scale * Math.cos(angle), d = scale * Math.sin(angle);
  return [
    a,
    -d,
    MIDDLE + x - (a - d) * MIDDLE,
    d,
    a,
    MIDDLE + y - (d + a) * MIDDLE,
  ];
}
