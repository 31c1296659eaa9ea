// Bringing a face to the crop of the embedding network. The template may be changed only with the networks that were
// trained on it.

/**
 * Alignment: similarities between sets of points, and the ArcFace template that embedding networks expect.
 *
 * @module
 */
export {
  type Affine,
  applyAffine,
  invertAffine,
  multiplyAffine,
  type Point,
} from "../../math/affine.ts";
export { alignFace, type Alignment, ARCFACE_SIZE, ARCFACE_TEMPLATE } from "./arcface.ts";
export { type Similarity, umeyama } from "../../math/umeyama.ts";
export type { Landmarks } from "../detect/face.ts";
