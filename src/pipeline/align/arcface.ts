// Where a face's five points belong in the embedding network's 112x112 input, and the map that brings them there.
// The template of insightface's ArcFace (Deng et al., CVPR 2019), on which the networks were trained.

import { fivePoints, type Landmarks } from "../detect/face.ts";
import { type Affine, invertAffine, type Point } from "../../math/affine.ts";
import { umeyama } from "../../math/umeyama.ts";

/** Width and height of the aligned crop for which {@linkcode ARCFACE_TEMPLATE} holds, in pixels. */
export const ARCFACE_SIZE = 112;

/**
 * Right eye, left eye, nose, right and left corner of the mouth (of the person) in the 112x112 crop, in pixels.
 *
 * @example
 * ```ts
 * import { ARCFACE_TEMPLATE } from "@maskinv/maskinv/align";
 *
 * console.log(ARCFACE_TEMPLATE[0]); // { x: 38.2946, y: 51.6963 }
 * ```
 */
export const ARCFACE_TEMPLATE: readonly Point[] = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];

/** How a face was brought to the crop, and how well its landmarks fit there. */
export interface Alignment {
  /** The map from crop pixels to photo pixels. */
  readonly cropToPhoto: Affine;
  /** Root mean square distance of the landmarks from the template, in crop pixels; below 5 for a frontal face. */
  readonly residual: number;
  /** Turn of the face in the picture plane, in degrees, clockwise on the screen. */
  readonly roll: number;
}

/**
 * Finds the similarity that brings a face's five points to the ArcFace template, in the least-squares sense.
 *
 * @param landmarks The landmarks in photo pixels.
 * @param size Width and height of the crop; the template scales with it.
 * @returns The alignment.
 * @throws {InvalidArgumentError} If all landmarks coincide or are not finite.
 *
 * @example
 * ```ts
 * import { alignFace, ARCFACE_TEMPLATE } from "@maskinv/maskinv/align";
 *
 * const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE;
 * const { residual } = alignFace({ rightEye, leftEye, nose, rightMouth, leftMouth });
 * console.log(residual < 1e-6); // true
 * ```
 */
export function alignFace(landmarks: Landmarks, size = ARCFACE_SIZE): Alignment {
  const { map, residual } = umeyama(fivePoints(landmarks), ARCFACE_TEMPLATE);
  const [a, b, c, d, e, f] = invertAffine(map);
  const step = ARCFACE_SIZE / size;
  // Pixel centres: the middle of the crop's first pixel is half a pixel inside, at any size.
  const shift = (step - 1) / 2;
  return {
    cropToPhoto: [a * step, b * step, c + (a + b) * shift, d * step, e * step, f + (d + e) * shift],
    residual,
    roll: Math.atan2(d, a) * 180 / Math.PI,
  };
}
