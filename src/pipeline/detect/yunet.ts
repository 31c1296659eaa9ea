// Turns YuNet's maps into faces with five points, in pixels of the detector's input.
// After Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), and libfacedetection.

import { DetectionMap, type MapLayout, STRIDES } from "../../kernels/likeliest_crop/cpu.ts";
import type { Point } from "../../math/affine.ts";
import { boxArea, commonArea } from "./box.ts";
import { type Box, type Face, fivePoints, type Landmarks } from "./face.ts";

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
  layout: MapLayout = "NCHW",
): Face[] {
  const found = STRIDES.flatMap((stride, level) =>
    decodeMap(new DetectionMap(maps[level], picture, size, stride, layout), minScore)
  );
  return suppressOverlaps(found);
}

function decodeMap(map: DetectionMap, minScore: number): Face[] {
  const faces: Face[] = [];
  // Both factors are at most 1, so that most cells are passed over by their class alone.
  const minLogit = Math.log(minScore ** 2 / (1 - minScore ** 2));
  for (let cell = 0; cell < map.cells; cell++) {
    if (!(map.classLogit(cell) >= minLogit)) continue;
    const detectionScore = map.score(cell);
    if (!(detectionScore >= minScore)) continue;
    const { middle, width, height } = map.box(cell);
    // Boxes are edges and points pixel centres, half a pixel apart.
    const [rightEye, leftEye, nose, rightMouth, leftMouth] = ([0, 1, 2, 3, 4] as const).map((i) => {
      const { x, y } = map.point(cell, i);
      return { x: x - 0.5, y: y - 0.5 };
    });
    faces.push({
      box: { x: middle.x - width / 2, y: middle.y - height / 2, width, height },
      detectionScore,
      landmarks: { rightEye, leftEye, nose, rightMouth, leftMouth },
    });
  }
  return faces;
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
