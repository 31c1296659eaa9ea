// The few points of a face that covers are drawn by: of its mesh, or where an aligned crop has them.

import { ARCFACE_TEMPLATE } from "../../pipeline/align/arcface.ts";
import type { Point } from "../../math/affine.ts";
import { MARGIN } from "./crop.ts";

/** Points of a face in crop pixels; right and left are the person's. */
export interface FacePoints {
  readonly rightEye: Point;
  readonly leftEye: Point;
  readonly nose: Point;
  readonly rightMouth: Point;
  readonly leftMouth: Point;
  readonly chin: Point;
  /** Where the cheek ends on the right, at the height of the mouth. */
  readonly rightJaw: Point;
  /** ... and on the left. */
  readonly leftJaw: Point;
}

/** How far the chin is below the mouth and the jaw beside it where there is no mesh, in crop pixels. */
const CHIN = 24, JAW = 24;

/** Returns the points of a mesh, or of the template if there is none. */
export function facePoints(mesh: Float32Array | undefined): FacePoints {
  if (!mesh) {
    const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE.map(({ x, y }) => (
      { x: x + MARGIN, y: y + MARGIN }
    ));
    return {
      rightEye,
      leftEye,
      nose,
      rightMouth,
      leftMouth,
      chin: { x: nose.x, y: rightMouth.y + CHIN },
      rightJaw: { x: rightMouth.x - JAW, y: rightMouth.y },
      leftJaw: { x: leftMouth.x + JAW, y: leftMouth.y },
    };
  }
  const at = (...indices: readonly number[]): Point => ({
    x: indices.reduce((sum, i) => sum + mesh[3 * i], 0) / indices.length,
    y: indices.reduce((sum, i) => sum + mesh[3 * i + 1], 0) / indices.length,
  });
  return {
    rightEye: at(33, 133),
    leftEye: at(362, 263),
    nose: at(1),
    rightMouth: at(61),
    leftMouth: at(291),
    chin: at(152),
    rightJaw: at(58),
    leftJaw: at(288),
  };
}
