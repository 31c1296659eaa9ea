/**
 * Faces and landmarks: their types, and the choice among several faces. Detection itself is
 * `Verifier.detect`, as it needs a device.
 *
 * @module
 */
export { chooseFace, type ChosenFace, FACE_CHOICES, type FaceChoice } from "./choose.ts";
export {
  type Box,
  type CoarseFace,
  type DetectorLandmarks,
  type Face,
  interEyeDistance,
  type Landmarks,
  type MeshLandmarks,
  rollAngle,
} from "./face.ts";
export type { Point } from "../align/affine.ts";
