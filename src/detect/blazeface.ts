// Turns BlazeFace's raw outputs into boxes with keypoints, in pixels of the detector's square input.
// After Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), and MediaPipe.

import type { Point } from "../align/affine.ts";

/** One detection in pixels of the detector's input (pixel edges: 0 is the left border, `size` the right). */
export interface RawDetection {
  /** Probability of a face, 0..1. */
  readonly score: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Right eye, left eye, nose, mouth, right ear, left ear (of the person). */
  readonly keypoints: readonly Point[];
}

/** What tells one BlazeFace from another. */
export interface BlazeFaceSpec {
  /** Width and height of the input. */
  readonly size: number;
  /** The grids of anchors in the order of the outputs: stride in pixels and anchors per cell. */
  readonly grids: readonly { readonly stride: number; readonly anchors: number }[];
}

/** The model for the back camera: faces from far away, 896 anchors on 256x256. */
export const BACK: BlazeFaceSpec = {
  size: 256,
  grids: [{ stride: 16, anchors: 2 }, { stride: 32, anchors: 6 }],
};

/** The short-range model: faces up to 2 m from a phone, 896 anchors on 128x128. */
export const SHORT_RANGE: BlazeFaceSpec = {
  size: 128,
  grids: [{ stride: 8, anchors: 2 }, { stride: 16, anchors: 6 }],
};

const KEYPOINTS = 6;
/** Box centre, width, height, and the keypoints: the numbers of one anchor. */
const ROW = 4 + 2 * KEYPOINTS;
/** Detections that overlap more than this are one face, as in MediaPipe. */
const SAME_FACE_OVERLAP = 0.3;

/** The raw outputs of one photo, brought to one form: a logit and a row of 16 numbers per anchor. */
export interface RawOutputs {
  readonly logits: Float32Array;
  readonly rows: Float32Array;
}

/** The outputs of the back-camera model: logits and rows, each as one array per grid. */
export function joinGrids([logits0, logits1, rows0, rows1]: readonly Float32Array[]): RawOutputs {
  return { logits: concat(logits0, logits1), rows: concat(rows0, rows1) };
}

/** The output of the short-range model: the logit in front of each row. */
export function splitRows([objects]: readonly Float32Array[]): RawOutputs {
  const count = objects.length / (ROW + 1);
  const logits = new Float32Array(count), rows = new Float32Array(count * ROW);
  for (let i = 0; i < count; i++) {
    const start = i * (ROW + 1);
    logits[i] = objects[start];
    rows.set(objects.subarray(start + 1, start + 1 + ROW), i * ROW);
  }
  return { logits, rows };
}

function concat(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}

/** The faces in raw outputs, most probable first: decoded at their anchors, then merged where they overlap. */
export function decodeFaces(
  outputs: RawOutputs,
  spec: BlazeFaceSpec,
  leastScore: number,
): RawDetection[] {
  const leastLogit = Math.log(leastScore / (1 - leastScore));
  const candidates: RawDetection[] = [];
  let anchor = 0;
  for (const { stride, anchors } of spec.grids) {
    const cells = spec.size / stride;
    for (let cell = 0; cell < cells * cells; cell++) {
      for (let i = 0; i < anchors; i++, anchor++) {
        if (!(outputs.logits[anchor] >= leastLogit)) continue;
        const x = (cell % cells + 0.5) * stride, y = (Math.floor(cell / cells) + 0.5) * stride;
        candidates.push(decodeRow(outputs, anchor, x, y));
      }
    }
  }
  return mergeOverlapping(candidates.sort((a, b) => b.score - a.score));
}

function decodeRow(
  { logits, rows }: RawOutputs,
  anchor: number,
  x: number,
  y: number,
): RawDetection {
  const start = anchor * ROW;
  const centreX = x + rows[start], centreY = y + rows[start + 1];
  const halfWidth = rows[start + 2] / 2, halfHeight = rows[start + 3] / 2;
  const keypoints: Point[] = [];
  for (let i = start + 4; i < start + ROW; i += 2) {
    keypoints.push({ x: x + rows[i], y: y + rows[i + 1] });
  }
  return {
    score: 1 / (1 + Math.exp(-logits[anchor])),
    left: centreX - halfWidth,
    top: centreY - halfHeight,
    right: centreX + halfWidth,
    bottom: centreY + halfHeight,
    keypoints,
  };
}

/**
 * BlazeFace's non-maximum suppression: detections of one face are averaged by their scores instead of dropped,
 * which steadies the keypoints. `detections` are sorted by score.
 */
function mergeOverlapping(detections: readonly RawDetection[]): RawDetection[] {
  const faces: RawDetection[] = [];
  let rest = detections;
  while (rest.length > 0) {
    const best = rest[0];
    const same = rest.filter((other) => overlap(best, other) > SAME_FACE_OVERLAP || other === best);
    rest = rest.filter((other) => !same.includes(other));
    faces.push(average(best.score, same));
  }
  return faces;
}

function average(score: number, detections: readonly RawDetection[]): RawDetection {
  const total = detections.reduce((sum, detection) => sum + detection.score, 0);
  const mean = (value: (detection: RawDetection) => number): number =>
    detections.reduce((sum, detection) => sum + detection.score * value(detection), 0) / total;
  return {
    score,
    left: mean((d) => d.left),
    top: mean((d) => d.top),
    right: mean((d) => d.right),
    bottom: mean((d) => d.bottom),
    keypoints: detections[0].keypoints.map((_, i) => ({
      x: mean((d) => d.keypoints[i].x),
      y: mean((d) => d.keypoints[i].y),
    })),
  };
}

/** Intersection over union of two boxes. */
function overlap(a: RawDetection, b: RawDetection): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (!(width > 0 && height > 0)) return 0;
  const area = (box: RawDetection): number => (box.right - box.left) * (box.bottom - box.top);
  return width * height / (area(a) + area(b) - width * height);
}
