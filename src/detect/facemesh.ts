// FaceMesh on the crop that a detection calls for: the crop's map, the landmarks, and the gate that they must pass.
// After Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019).

import { type Affine, applyAffine, type Point } from "../align/affine.ts";
import {
  type Box,
  type DetectorLandmarks,
  interEyeDistance,
  type MeshLandmarks,
  rollAngle,
} from "./face.ts";

/**
 * How much larger than the detector's box the crop is, so that the chin and forehead are inside: MediaPipe's value, and
 * a wider one for a second try, as boxes of masked faces tend to be too small.
 */
export const CROP_ENLARGEMENTS: readonly number[] = [1.5, 1.95];
const POINTS = 468;

/** The map from crop pixels to photo pixels: a square around the box, turned so that the eyes are level. */
export function meshCrop(
  box: Box,
  eyes: DetectorLandmarks,
  enlargement: number,
  size: number,
): Affine {
  const step = enlargement * Math.max(box.width, box.height) / size;
  const angle = rollAngle(eyes);
  const a = step * Math.cos(angle), d = step * Math.sin(angle);
  const middle = (size - 1) / 2;
  const x = box.x + box.width / 2 - 0.5, y = box.y + box.height / 2 - 0.5;
  return [a, -d, x - a * middle + d * middle, d, a, y - d * middle - a * middle];
}

/** The landmarks in photo pixels from FaceMesh's 1404 numbers in crop pixels. */
export function meshLandmarks(output: Float32Array, cropToPhoto: Affine): MeshLandmarks {
  const mesh = new Float32Array(POINTS * 3);
  const step = Math.hypot(cropToPhoto[0], cropToPhoto[3]);
  for (let i = 0; i < mesh.length; i += 3) {
    // FaceMesh counts from the crop's border, maskinv from the centre of the first pixel.
    const point = applyAffine(cropToPhoto, { x: output[i] - 0.5, y: output[i + 1] - 0.5 });
    mesh[i] = point.x;
    mesh[i + 1] = point.y;
    mesh[i + 2] = output[i + 2] * step;
  }
  const at = (index: number): Point => ({ x: mesh[3 * index], y: mesh[3 * index + 1] });
  const between = (i: number, j: number): Point => ({
    x: (at(i).x + at(j).x) / 2,
    y: (at(i).y + at(j).y) / 2,
  });
  return {
    source: "mesh",
    rightEye: between(33, 133),
    leftEye: between(362, 263),
    nose: at(1),
    rightMouth: at(61),
    leftMouth: at(291),
    mesh,
  };
}

/** The limits of the gate; see `isSane`. */
export interface MeshGate {
  /** Largest difference between the mesh's and the detector's roll, in radians. */
  readonly roll: number;
  /** Smallest and largest distance between the eyes over the box's width. */
  readonly eyeRatio: readonly [number, number];
  /** Smallest mesh score. */
  readonly score: number;
  /** Largest distance between the mesh's and the detector's middle of the eyes, over the box's width. */
  readonly eyeShift: number;
}

/** Whether the mesh can be believed: under some masks FaceMesh slips off the face, which alignment must not follow. */
export function isSane(
  mesh: MeshLandmarks,
  score: number,
  box: Box,
  detector: DetectorLandmarks,
  gate: MeshGate,
): boolean {
  const turn = rollAngle(mesh) - rollAngle(detector);
  const roll = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
  const ratio = interEyeDistance(mesh) / box.width;
  const shift = Math.hypot(
    mesh.rightEye.x + mesh.leftEye.x - detector.rightEye.x - detector.leftEye.x,
    mesh.rightEye.y + mesh.leftEye.y - detector.rightEye.y - detector.leftEye.y,
  ) / 2 / box.width;
  const [least, most] = gate.eyeRatio;
  return score >= gate.score && roll <= gate.roll && ratio >= least && ratio <= most &&
    shift <= gate.eyeShift;
}
