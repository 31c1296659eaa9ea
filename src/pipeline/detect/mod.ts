// Finding faces: networks' outputs to boxes and landmarks in photo pixels, and the choice of one face among several.
// A detector may be changed here; Face, which all later steps take, only together with them.

/**
 * Faces and landmarks: their types, and the choice among several faces. Detection itself is
 * `Verifier.detect`, as it needs a device.
 *
 * @module
 */
export { chooseFace, type ChosenFace, FACE_CHOICES, type FaceChoice } from "./choose.ts";
export {
  type Box,
  type Face,
  type FaceWithMesh,
  fivePoints,
  interEyeDistance,
  type Landmarks,
  rollAngle,
} from "./face.ts";
export type { Point } from "../../math/affine.ts";
