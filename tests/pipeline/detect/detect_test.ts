import { assertAlmostEquals, assertEquals } from "@std/assert";
import { applyAffine } from "../../../src/math/affine.ts";
import { chooseFace } from "../../../src/pipeline/detect/choose.ts";
import type { Face } from "../../../src/pipeline/detect/face.ts";
import { squareCrop } from "../../../src/kernels/crop_maps.ts";
import { isOnFace, meshPoints } from "../../../src/pipeline/detect/facemesh.ts";
import { STRIDES } from "../../../src/kernels/likeliest_crop/cpu.ts";
import { decodeFaces, suppressOverlaps } from "../../../src/pipeline/detect/yunet.ts";
import { ARCFACE_TEMPLATE } from "../../../src/pipeline/align/arcface.ts";

/** Maps of two pictures of 64 pixels without a face. */
function silent(): Float32Array[] {
  return STRIDES.map((stride) => new Float32Array(2 * 16 * (64 / stride) ** 2).fill(-20));
}

Deno.test("YuNet: one cell gives its box and points, in its picture alone", () => {
  const maps = silent(), cells = 16;
  // The second picture, stride 16, column 3, row 1.
  const values = [2, 1, 0.5, 0.25, Math.log(2), Math.log(3), 0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1];
  values.forEach((value, channel) => maps[1][(16 + channel) * cells + 7] = value);
  assertEquals(decodeFaces(maps, 0, 64, 0.3), []);
  const [{ box, detectionScore, landmarks }, ...rest] = decodeFaces(maps, 1, 64, 0.3);
  assertEquals(rest, []);
  const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
  assertAlmostEquals(detectionScore, Math.sqrt(sigmoid(2) * sigmoid(1)), 1e-9);
  assertAlmostEquals(box.width, 32, 1e-4);
  assertAlmostEquals(box.height, 48, 1e-4);
  assertAlmostEquals(box.x, 48 + 8 - 16, 1e-4);
  assertAlmostEquals(box.y, 16 + 4 - 24, 1e-4);
  assertEquals(landmarks, {
    rightEye: { x: 47.5, y: 15.5 },
    leftEye: { x: 63.5, y: 15.5 },
    nose: { x: 55.5, y: 23.5 },
    rightMouth: { x: 47.5, y: 31.5 },
    leftMouth: { x: 63.5, y: 31.5 },
  });
  assertEquals(decodeFaces(maps, 1, 64, 0.9), []);
});

Deno.test("YuNet: maps with their channels last give the same faces", () => {
  const maps = silent().map((map, level) => map.map((_, at) => Math.sin(at * (level + 1)) * 3));
  const last = maps.map((map, level) => {
    const cells = (64 / STRIDES[level]) ** 2;
    return map.map((_, at) => {
      const channel = at % 16, cell = Math.floor(at / 16) % cells;
      return map[(Math.floor(at / 16 / cells) * 16 + channel) * cells + cell];
    });
  });
  for (const picture of [0, 1]) {
    const faces = decodeFaces(maps, picture, 64, 0.3);
    assertEquals(faces.length > 0, true);
    assertEquals(decodeFaces(last, picture, 64, 0.3, "NHWC"), faces);
  }
});

Deno.test("YuNet: numbers that are none are no faces", () => {
  const maps = silent().map((map) => map.fill(NaN));
  assertEquals(decodeFaces(maps, 0, 64, 0.3), []);
});

Deno.test("of overlapping detections the likeliest stays", () => {
  const face = (x: number, detectionScore: number): Pick<Face, "box" | "detectionScore"> => ({
    box: { x, y: 0, width: 10, height: 10 },
    detectionScore,
  });
  const [a, b, c] = [face(0, 0.6), face(2, 0.9), face(8, 0.5)];
  assertEquals(suppressOverlaps([a, b, c]), [b, c]);
});

Deno.test("a crop's map carries its middle to the centre, with its turn and scale", () => {
  const map = squareCrop({ centre: { x: 30, y: 50 }, side: 80, angle: 0.3 }, 160);
  const middle = applyAffine(map, { x: 79.5, y: 79.5 });
  assertAlmostEquals(middle.x, 30, 1e-9);
  assertAlmostEquals(middle.y, 50, 1e-9);
  const right = applyAffine(map, { x: 89.5, y: 79.5 });
  assertAlmostEquals(right.x - 30, 5 * Math.cos(0.3), 1e-9);
  assertAlmostEquals(right.y - 50, 5 * Math.sin(0.3), 1e-9);
});

Deno.test("a mesh is believed where the detector's points are", () => {
  const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE;
  const face: Face = {
    box: { x: 0, y: 0, width: 112, height: 112 },
    detectionScore: 0.9,
    landmarks: { rightEye, leftEye, nose, rightMouth, leftMouth },
  };
  const mesh = (dx: number): Float32Array => {
    const out = new Float32Array(468 * 3);
    const places: [typeof rightEye, number[]][] = [
      [rightEye, [33, 133]],
      [leftEye, [362, 263]],
      [nose, [1]],
      [rightMouth, [61]],
      [leftMouth, [291]],
    ];
    for (const [{ x, y }, at] of places) for (const i of at) out.set([x + dx, y], 3 * i);
    return out;
  };
  meshPoints(mesh(0)).forEach(({ x, y }, i) => {
    assertAlmostEquals(x, ARCFACE_TEMPLATE[i].x, 1e-4);
    assertAlmostEquals(y, ARCFACE_TEMPLATE[i].y, 1e-4);
  });
  // 0.4 of the 35 pixels between the eyes.
  assertEquals([0, 13, 15].map((dx) => isOnFace(mesh(dx), face)), [true, true, false]);
});

Deno.test("chooseFace never guesses", () => {
  const small = { box: { x: 40, y: 40, width: 20, height: 20 } };
  const large = { box: { x: 0, y: 0, width: 50, height: 50 } };
  const photo = { width: 100, height: 100 };
  assertEquals(chooseFace([], photo, "largest"), { kind: "no-face" });
  assertEquals(chooseFace([small], photo, "only"), { kind: "face", face: small });
  assertEquals(chooseFace([small, large], photo, "only", 1), {
    kind: "several-faces",
    faces: [large],
    omitted: 1,
  });
  assertEquals(chooseFace([small, large], photo, "largest"), { kind: "face", face: large });
  assertEquals(chooseFace([large, small], photo, "centred"), { kind: "face", face: small });
});
