// Where the frame of a sample is cut: as the pipeline would have aligned the face, with the errors that it makes.
// The five points of a masked face are partly guessed, so masked faces are misaligned by more than bare ones.

import type { Affine } from "../../math/affine.ts";
import type { Chance } from "./chance.ts";
import { FRAME_SIZE, MARGIN } from "./crop.ts";

/** Standard deviations: pixels of the frame, of the scale's logarithm, radians. */
interface Spread {
  readonly move: number;
  readonly scale: number;
  readonly turn: number;
}

const BARE: Spread = { move: 1, scale: 0.03, turn: 0.03 };
const MASKED: Spread = { move: 1.7, scale: 0.045, turn: 0.04 };
/** A share of the faces is misaligned by more, as by a detector on a bad photo. */
const WIDE = { share: 0.1, factor: 2 };
/** Deviations are clamped to this many, or the frame would reach over the margin of the crop. */
const MAX_DEVIATIONS = 2.5;

const MIDDLE = (FRAME_SIZE - 1) / 2;

/** Returns the map from frame pixels to crop pixels of a face that was found not quite right; `strength` 0 is as prepared. */
export function drawPlace(chance: Chance, masked: boolean, strength: number): Affine {
  const { move, scale, turn } = masked ? MASKED : BARE;
  const by = strength * (chance.happens(WIDE.share) ? WIDE.factor : 1);
  const drawn = (deviation: number): number =>
    deviation * by * Math.min(MAX_DEVIATIONS, Math.max(-MAX_DEVIATIONS, chance.normal()));
  return placeMap({
    x: drawn(move),
    y: drawn(move),
    scale: Math.exp(drawn(scale)),
    angle: drawn(turn),
  });
}

/** Where a frame lies in its crop. */
export interface FramePlace {
  /** How far its middle is moved to the right, in frame pixels. */
  readonly x: number;
  /** ... and down. */
  readonly y: number;
  /** Crop pixels per frame pixel. */
  readonly scale: number;
  /** How far it is turned, in radians, clockwise on the screen. */
  readonly angle: number;
}

/** Returns the map from frame pixels to crop pixels. */
export function placeMap({ x, y, scale, angle }: FramePlace): Affine {
  const a = scale * Math.cos(angle), d = scale * Math.sin(angle);
  return [
    a,
    -d,
    MARGIN + MIDDLE + x - (a - d) * MIDDLE,
    d,
    a,
    MARGIN + MIDDLE + y - (d + a) * MIDDLE,
  ];
}

/** Returns the map of the mirrored frame. */
export function mirrored([a, b, c, d, e, f]: Affine): Affine {
  const last = FRAME_SIZE - 1;
  return [-a, b, c + last * a, -d, e, f + last * d];
}
