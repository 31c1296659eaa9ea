// What detection says of one face: where it is, its landmarks, and where the landmarks come from.
// The types that every later stage reads; how they are found is in detect.ts.

import type { Point } from "../align/affine.ts";

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

/** Landmarks of FaceMesh; left and right are the person's. */
export interface MeshLandmarks {
  /** The mesh passed the sanity gate. */
  readonly source: "mesh";
  /** Middle of the right eye's corners. */
  readonly rightEye: Point;
  /** Middle of the left eye's corners. */
  readonly leftEye: Point;
  /** Tip of the nose. */
  readonly nose: Point;
  /** Right corner of the mouth. */
  readonly rightMouth: Point;
  /** Left corner of the mouth. */
  readonly leftMouth: Point;
  /** All 468 points: x, y in photo pixels and z on the same scale (negative towards the camera). */
  readonly mesh: Float32Array;
}

/** Keypoints of the detector, used where the mesh failed the sanity gate (often under masks). */
export interface DetectorLandmarks {
  /** The mesh was refused. */
  readonly source: "detector";
  /** Right eye. */
  readonly rightEye: Point;
  /** Left eye. */
  readonly leftEye: Point;
  /** Tip of the nose. */
  readonly nose: Point;
  /** Middle of the mouth. */
  readonly mouth: Point;
}

/** The landmarks of a face, told apart by `source`. */
export type Landmarks = MeshLandmarks | DetectorLandmarks;

/** One face of a photo as the detector sees it. */
export interface CoarseFace {
  /** The detector's box. */
  readonly box: Box;
  /** The detector's probability that this is a face, 0..1. */
  readonly detectionScore: number;
  /** The detector's keypoints. */
  readonly landmarks: DetectorLandmarks;
}

/** One face of a photo after FaceMesh. */
export interface Face extends Omit<CoarseFace, "landmarks"> {
  /** FaceMesh's probability that its crop holds a face, 0..1; low under some masks. */
  readonly meshScore: number;
  /** The mesh's landmarks, or the detector's keypoints where the mesh cannot be believed. */
  readonly landmarks: Landmarks;
}

/** The distance between the eyes in pixels: the field's measure of how large a face is. */
export function interEyeDistance({ rightEye, leftEye }: Landmarks): number {
  return Math.hypot(leftEye.x - rightEye.x, leftEye.y - rightEye.y);
}

/** How far the face is turned in the picture plane, in radians, clockwise on the screen. */
export function rollAngle({ rightEye, leftEye }: Landmarks): number {
  return Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x);
}
