// What a mask has done to alignment, as far as the mesh shows it: FaceMesh guesses the nose and mouth under a mask, and
// the frame of the five points moves with its guess. A linear map of all 468 points, learned from photos that were
// masked and detected again (tests/train/alignment.ts), says how far the frame lies from that of the bare face.

import { type Affine, applyAffine } from "./affine.ts";
import { MESH_SHIFT_WEIGHTS } from "./mesh_shift_weights.ts";

/** The point of the 112x112 crop about which shifts are told: between nose and mouth, where the five points lie. */
const MIDDLE = { x: 56, y: 72 };
/** Numbers of a mesh, and one that is always 1. */
const FEATURES = 468 * 3 + 1;
/** Shifts beyond this were not learned from: they are shortened to it. Share, radians, crop pixels. */
const MOST = [0.2, 0.2, 12, 12];

/** A shift as it is learned: growth, turn (of small angles), and move of the middle in crop pixels, right and down. */
export type ShiftNumbers = readonly [growth: number, turn: number, right: number, down: number];

let weights: Float32Array | undefined;

/**
 * How far the frame of the five points is expected to lie from that of the bare face.
 *
 * @param mesh 468 points of x, y, z in photo pixels.
 * @param photoToCrop The map of the five points' frame, 112x112.
 * @returns The map from pixels of the bare face's frame to those of the five points' frame.
 */
export function expectedShift(mesh: Float32Array, photoToCrop: Affine): Affine {
  weights ??= new Float32Array(
    Uint8Array.from(atob(MESH_SHIFT_WEIGHTS), (character) => character.charCodeAt(0)).buffer,
  );
  const features = shiftFeatures(mesh, photoToCrop);
  const shift = [0, 1, 2, 3].map((row) => {
    let sum = 0;
    for (let i = 0; i < FEATURES; i++) sum += weights![row * FEATURES + i] * features[i];
    return sum;
  });
  const excess = Math.max(1, ...shift.map((value, i) => Math.abs(value) / MOST[i]));
  const [growth, turn, right, down] = shift.map((value) => value / excess);
  return shiftToAffine([growth, turn, right, down]);
}

/** What a shift is told from: the mesh in the crop's pixels, from the middle, and a one. */
export function shiftFeatures(mesh: Float32Array, photoToCrop: Affine): Float64Array {
  const features = new Float64Array(FEATURES);
  const scale = Math.hypot(photoToCrop[0], photoToCrop[3]);
  for (let i = 0; i < mesh.length; i += 3) {
    const { x, y } = applyAffine(photoToCrop, { x: mesh[i], y: mesh[i + 1] });
    features[i] = x - MIDDLE.x;
    features[i + 1] = y - MIDDLE.y;
    features[i + 2] = mesh[i + 2] * scale;
  }
  features[FEATURES - 1] = 1;
  return features;
}

/** The map that a shift's numbers stand for. */
export function shiftToAffine([growth, turn, right, down]: ShiftNumbers): Affine {
  const a = 1 + growth, d = turn, { x, y } = MIDDLE;
  return [a, -d, x + right - (a * x - d * y), d, a, y + down - (d * x + a * y)];
}

/** The numbers of a map that turns, grows and moves. */
export function affineToShift(map: Affine): ShiftNumbers {
  const { x, y } = applyAffine(map, MIDDLE);
  return [map[0] - 1, map[3], x - MIDDLE.x, y - MIDDLE.y];
}
