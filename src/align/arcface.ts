// Where a face's landmarks belong in the embedding network's 112x112 input, and the map that brings them there.
// The template of insightface's ArcFace (Deng et al., CVPR 2019), on which the students and teachers were trained.

import type { Landmarks } from "../detect/face.ts";
import { type Affine, invertAffine, multiplyAffine, type Point } from "./affine.ts";
import { expectedShift } from "./mesh_shift.ts";
import { type Similarity, umeyama } from "./umeyama.ts";

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
  /** The landmarks that were used. */
  readonly source: Landmarks["source"];
  /** Root mean square distance of the landmarks from the template, in crop pixels; below 4 for a frontal face. */
  readonly residual: number;
  /** Turn of the face in the picture plane, in degrees, clockwise on the screen. */
  readonly roll: number;
}

/**
 * Finds the similarity that brings a face to the ArcFace template: by five points of the mesh, or by the eyes, nose
 * and middle of the mouth if the detector's keypoints are all there is. Where there is a mesh, what masks are known to
 * do to the five points is taken back as far as the mesh shows it.
 *
 * @param landmarks The landmarks in photo pixels.
 * @param size Width and height of the crop; the template scales with it.
 * @returns The alignment.
 * @throws {InvalidArgumentError} If all landmarks coincide or are not finite.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { alignFace } from "@maskinv/maskinv/align";
 *
 * await using verifier = await createVerifier();
 * const { faces: [face] } = await verifier.detect("tests/photos/hopper_masked.jpg");
 * const { cropToPhoto, residual } = alignFace(face.landmarks);
 * console.log(cropToPhoto.length, residual < 8); // 6 true
 * ```
 */
export function alignFace(landmarks: Landmarks, size = ARCFACE_SIZE): Alignment {
  const fit = fitTemplate(landmarks);
  if (landmarks.source === "detector") {
    return alignment(fit, invertAffine(fit.map), "detector", size);
  }
  const shift = expectedShift(landmarks.mesh, fit.map);
  return alignment(fit, multiplyAffine(invertAffine(fit.map), shift), "mesh", size);
}

/**
 * As {@linkcode alignFace}, by the points alone, as insightface and others align: right for a bare face, and what the
 * frames of masked faces are compared with.
 *
 * @param landmarks The landmarks in photo pixels.
 * @param size Width and height of the crop; the template scales with it.
 * @returns The alignment.
 * @throws {InvalidArgumentError} If all landmarks coincide or are not finite.
 *
 * @example
 * ```ts
 * import { alignByPoints, ARCFACE_TEMPLATE } from "@maskinv/maskinv/align";
 *
 * const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE;
 * const mesh = new Float32Array(468 * 3);
 * const { residual } = alignByPoints({ source: "mesh", rightEye, leftEye, nose, rightMouth, leftMouth, mesh });
 * console.log(residual < 1e-6); // true
 * ```
 */
export function alignByPoints(landmarks: Landmarks, size = ARCFACE_SIZE): Alignment {
  const fit = fitTemplate(landmarks);
  return alignment(fit, invertAffine(fit.map), landmarks.source, size);
}

function alignment(
  { residual }: Similarity,
  [a, b, c, d, e, f]: Affine,
  source: Landmarks["source"],
  size: number,
): Alignment {
  const step = ARCFACE_SIZE / size;
  // Pixel centres: the middle of the crop's first pixel is half a pixel inside, at any size.
  const shift = (step - 1) / 2;
  return {
    cropToPhoto: [a * step, b * step, c + (a + b) * shift, d * step, e * step, f + (d + e) * shift],
    source,
    residual,
    roll: Math.atan2(d, a) * 180 / Math.PI,
  };
}

function fitTemplate(landmarks: Landmarks): Similarity {
  const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE;
  if (landmarks.source === "mesh") {
    return umeyama(
      [
        landmarks.rightEye,
        landmarks.leftEye,
        landmarks.nose,
        landmarks.rightMouth,
        landmarks.leftMouth,
      ],
      ARCFACE_TEMPLATE,
    );
  }
  const mouth = { x: (rightMouth.x + leftMouth.x) / 2, y: (rightMouth.y + leftMouth.y) / 2 };
  return umeyama(
    [landmarks.rightEye, landmarks.leftEye, landmarks.nose, landmarks.mouth],
    [rightEye, leftEye, nose, mouth],
  );
}
