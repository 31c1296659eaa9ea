// What detection says of one face: where it is, how sure the detector is, and its five points.
// The types that every later stage reads; how they are found is in detect.ts.

import type { Point } from "../../math/affine.ts";

/** A rectangle in pixels of the upright photo; it may reach over the photo's border. */
export interface Box {
  /** Left border. */
  readonly x: number;
  /** Top border. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** The five points that alignment uses, in photo pixels (pixel centres at integers); left and right are the person's. */
export interface Landmarks {
  /** Right eye. */
  readonly rightEye: Point;
  /** Left eye. */
  readonly leftEye: Point;
  /** Tip of the nose. */
  readonly nose: Point;
  /** Right corner of the mouth. */
  readonly rightMouth: Point;
  /** Left corner of the mouth. */
  readonly leftMouth: Point;
}

/** One face of a photo. */
export interface Face {
  /** The detector's box. */
  readonly box: Box;
  /** How sure the detector is that this is a face, 0..1. */
  readonly detectionScore: number;
  /** Its five points. */
  readonly landmarks: Landmarks;
}

/** A face on which a mask can be drawn. */
export interface FaceWithMesh extends Face {
  /** The 468 points of FaceMesh: x, y in photo pixels and z on the same scale (negative towards the camera). */
  readonly mesh: Float32Array;
}

/** The five points in the order of {@linkcode ARCFACE_TEMPLATE}: right eye, left eye, nose, right and left mouth corner. */
export function fivePoints(
  { rightEye, leftEye, nose, rightMouth, leftMouth }: Landmarks,
): [Point, Point, Point, Point, Point] {
  return [rightEye, leftEye, nose, rightMouth, leftMouth];
}

/** The distance between the eyes in pixels: the field's measure of how large a face is. */
export function interEyeDistance({ rightEye, leftEye }: Landmarks): number {
  return Math.hypot(leftEye.x - rightEye.x, leftEye.y - rightEye.y);
}

/** How far the face is turned in the picture plane, in radians, clockwise on the screen. */
export function rollAngle({ rightEye, leftEye }: Landmarks): number {
  return Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x);
}
