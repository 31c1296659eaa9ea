// Turns YuNet's maps into faces with five points, in pixels of the detector's input.
// After Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), and libfacedetection.

import type { Point } from "../../math/affine.ts";
import { boxArea, commonArea } from "./box.ts";
import { type Box, type Face, fivePoints, type Landmarks } from "./face.ts";

/** Pixels of the input per cell of each map, in the order of the network's outputs. */
export const STRIDES = [8, 16, 32] as const;
/** Numbers of a cell: logits of class and object, box, and five points. */
const CHANNELS = 16;
/** Intersection over union above which two detections are of one face, as in libfacedetection. */
const SAME_FACE_OVERLAP = 0.4;

/**
 * The faces of one picture of a batch, most probable first, of overlapping ones the most probable.
 *
 * @param maps The network's outputs, each `[N, 16, size / stride, size / stride]`, or with the 16 last.
 * @param picture Which picture of the batch.
 * @param size Width and height of the input in pixels.
 * @param minScore The least score, 0..1.
 * @param layout Whether the channels of the maps come second, as is the default, or last.
 * @returns The faces, in pixels of the input: boxes by their edges, points with pixel centres at integers.
 */
export function decodeFaces(
  maps: readonly Float32Array[],
  picture: number,
  size: number,
  minScore: number,
  layout: "NCHW" | "NHWC" = "NCHW",
): Face[] {
  const found = STRIDES.flatMap((stride, level) => {
    const cells = Math.round(size / stride) ** 2;
    const map = maps[level].subarray(picture * CHANNELS * cells, (picture + 1) * CHANNELS * cells);
    return decodeMap(map, size / stride, stride, minScore, layout);
  });
  return suppressOverlaps(found);
}

function decodeMap(
  map: Float32Array,
  columns: number,
  stride: number,
  minScore: number,
  layout: "NCHW" | "NHWC",
): Face[] {
  const cells = columns * columns, faces: Face[] = [];
  const [cellStep, channelStep] = layout === "NCHW" ? [1, cells] : [CHANNELS, 1];
  // Both factors are at most 1, so that most cells are passed over by their class alone.
  const minLogit = Math.log(minScore ** 2 / (1 - minScore ** 2));
  for (let cell = 0; cell < cells; cell++) {
    const first = cell * cellStep;
    if (!(map[first] >= minLogit)) continue;
    const detectionScore = Math.sqrt(sigmoid(map[first]) * sigmoid(map[first + channelStep]));
    if (!(detectionScore >= minScore)) continue;
    const left = (cell % columns) * stride, top = Math.floor(cell / columns) * stride;
    const at = (channel: number): number => map[first + channel * channelStep];
    const point = (index: number): Point => ({
      x: left + at(6 + 2 * index) * stride - 0.5,
      y: top + at(7 + 2 * index) * stride - 0.5,
    });
    const width = Math.exp(at(4)) * stride, height = Math.exp(at(5)) * stride;
    const x = left + at(2) * stride - width / 2, y = top + at(3) * stride - height / 2;
    faces.push({
      box: { x, y, width, height },
      detectionScore,
      landmarks: {
        rightEye: point(0),
        leftEye: point(1),
        nose: point(2),
        rightMouth: point(3),
        leftMouth: point(4),
      },
    });
  }
  return faces;
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Of detections that overlap the one with the highest score: non-maximum suppression, most probable first. */
export function suppressOverlaps<T extends Pick<Face, "box" | "detectionScore">>(
  faces: readonly T[],
): T[] {
  const kept: T[] = [];
  for (const face of faces.toSorted((a, b) => b.detectionScore - a.detectionScore)) {
    if (kept.every(({ box }) => overlap(box, face.box) <= SAME_FACE_OVERLAP)) kept.push(face);
  }
  return kept;
}

/** Intersection over union of two boxes. */
function overlap(a: Box, b: Box): number {
  const common = commonArea(a, b);
  return common / (boxArea(a) + boxArea(b) - common);
}

/**
 * Returns a face carried over to other coordinates: `map` takes points. The box becomes the upright one around the ellipse
 * in it, as a face has no corners that would make the box larger where the map turns it.
 */
export function mapFace(face: Face, map: (point: Point) => Point): Face {
  const { box: { x, y, width, height }, landmarks } = face;
  // Boxes are edges and points pixel centres, half a pixel apart.
  const middle = { x: x + width / 2 - 0.5, y: y + height / 2 - 0.5 }, centre = map(middle);
  const right = map({ ...middle, x: middle.x + width / 2 });
  const bottom = map({ ...middle, y: middle.y + height / 2 });
  const halfWidth = Math.hypot(right.x - centre.x, bottom.x - centre.x);
  const halfHeight = Math.hypot(right.y - centre.y, bottom.y - centre.y);
  const [rightEye, leftEye, nose, rightMouth, leftMouth] = fivePoints(landmarks).map(map);
  const moved: Landmarks = { rightEye, leftEye, nose, rightMouth, leftMouth };
  return {
    ...face,
    box: {
      x: centre.x + 0.5 - halfWidth,
      y: centre.y + 0.5 - halfHeight,
      width: 2 * halfWidth,
      height: 2 * halfHeight,
    },
    landmarks: moved,
  };
}
