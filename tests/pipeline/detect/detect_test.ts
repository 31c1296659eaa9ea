import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  BACK,
  decodeFaces,
  SHORT_RANGE,
  splitRows,
} from "../../../src/pipeline/detect/blazeface.ts";
import { chooseFace } from "../../../src/pipeline/detect/choose.ts";
import type { DetectorLandmarks } from "../../../src/pipeline/detect/face.ts";
import {
  isSane,
  meshCrop,
  type MeshGate,
  meshLandmarks,
} from "../../../src/pipeline/detect/facemesh.ts";

const ANCHORS = 896;

function silent(): { logits: Float32Array; rows: Float32Array } {
  return { logits: new Float32Array(ANCHORS).fill(-20), rows: new Float32Array(ANCHORS * 16) };
}

Deno.test("BlazeFace: a row is decoded at its anchor", () => {
  const outputs = silent();
  // The 2 x 16 x 16 anchors of stride 16 come first: cell (3, 1) is number 2 (16 + 3).
  const anchor = 2 * (16 + 3);
  outputs.logits[anchor] = 2;
  outputs.rows.set([4, -2, 40, 60, -8, -8, 8, -8], anchor * 16);
  const [face, ...rest] = decodeFaces(outputs, BACK, 0.5);
  assertEquals(rest, []);
  assertAlmostEquals(face.score, 1 / (1 + Math.exp(-2)), 1e-9);
  assertEquals([face.left, face.right], [56 + 4 - 20, 56 + 4 + 20]);
  assertEquals([face.top, face.bottom], [24 - 2 - 30, 24 - 2 + 30]);
  assertEquals(face.keypoints[0], { x: 48, y: 16 });
  assertEquals(face.keypoints[1], { x: 64, y: 16 });
});

Deno.test("BlazeFace: overlapping rows are one face, averaged by score; distant rows are two", () => {
  const outputs = silent();
  const put = (anchor: number, logit: number, dx: number): void => {
    outputs.logits[anchor] = logit;
    outputs.rows.set([dx, 0, 30, 30], anchor * 16);
  };
  put(0, 3, 0); // anchors 0 and 1 share the cell at (8, 8)
  put(1, 3, 2);
  put(2 * 255, 1, 0); // the cell at (248, 248)
  const faces = decodeFaces(outputs, BACK, 0.5);
  assertEquals(faces.length, 2);
  assertAlmostEquals((faces[0].left + faces[0].right) / 2, 9, 1e-5);
  assertAlmostEquals((faces[1].left + faces[1].right) / 2, 248, 1e-5);
});

Deno.test("BlazeFace: NaN logits are no faces, and the short-range form is split right", () => {
  const outputs = silent();
  outputs.logits.fill(NaN);
  assertEquals(decodeFaces(outputs, BACK, 0.5), []);
  const objects = new Float32Array(ANCHORS * 17).fill(-20);
  objects.set([5, 0, 0, 10, 10], 17 * 3); // second cell of stride 8, centre (12, 4)
  const [face] = decodeFaces(splitRows([objects]), SHORT_RANGE, 0.5);
  assertEquals([face.left, face.top], [12 - 5, 4 - 5]);
});

const box = { x: 100, y: 50, width: 80, height: 80 };
const eyes: DetectorLandmarks = {
  source: "detector",
  rightEye: { x: 120, y: 80 },
  leftEye: { x: 160, y: 90 },
  nose: { x: 140, y: 100 },
  mouth: { x: 140, y: 115 },
};

Deno.test("FaceMesh: the crop is centred on the box, 1.5 times as large, with level eyes", () => {
  const [a, b, c, d, e, f] = meshCrop(box, eyes, 1.5, 192);
  const middle = 95.5;
  assertAlmostEquals(a * middle + b * middle + c, 139.5, 1e-9);
  assertAlmostEquals(d * middle + e * middle + f, 89.5, 1e-9);
  assertAlmostEquals(Math.hypot(a, d) * 192, 120, 1e-9);
  assertAlmostEquals(Math.atan2(d, a), Math.atan2(10, 40), 1e-9);
});

Deno.test("FaceMesh: landmarks come back to photo pixels and slipped meshes are refused", () => {
  const crop = meshCrop(box, eyes, 1.5, 192);
  const output = new Float32Array(1404).fill(96); // the middle of the crop, in pixel edges
  const set = (index: number, x: number): void => output.set([x, 80, 0], 3 * index);
  for (const index of [33, 133]) set(index, 64);
  for (const index of [362, 263]) set(index, 128);
  const mesh = meshLandmarks(output, crop);
  assertAlmostEquals(mesh.nose.x, 139.5, 1e-4);
  const gate: MeshGate = { roll: 0.35, eyeRatio: [0.15, 0.65], score: 0.5, eyeShift: 0.4 };
  assertEquals(isSane(mesh, 0.9, box, eyes, gate), true);
  assertEquals(isSane(mesh, 0.4, box, eyes, gate), false, "score");
  assertEquals(isSane(mesh, NaN, box, eyes, gate), false, "score");
  const turned = { ...eyes, leftEye: { x: 150, y: 120 } };
  assertEquals(isSane(mesh, 0.9, box, turned, gate), false, "roll");
  assertEquals(isSane(mesh, 0.9, { ...box, width: 40 }, eyes, gate), false, "eye ratio");
  const moved = {
    ...eyes,
    rightEye: { x: 160, y: 80 },
    leftEye: { x: 200, y: 90 },
  };
  assertEquals(isSane(mesh, 0.9, box, moved, gate), false, "shift");
});

Deno.test("chooseFace never guesses", () => {
  const small = { box: { x: 40, y: 40, width: 20, height: 20 } };
  const large = { box: { x: 0, y: 0, width: 50, height: 50 } };
  const photo = { width: 100, height: 100 };
  assertEquals(chooseFace([], photo, "largest"), { kind: "no-face" });
  assertEquals(chooseFace([small], photo, "only"), { kind: "face", face: small });
  assertEquals(chooseFace([small, large], photo, "only").kind, "several-faces");
  assertEquals(chooseFace([small, large], photo, "largest"), { kind: "face", face: large });
  assertEquals(chooseFace([large, small], photo, "centred"), { kind: "face", face: small });
});
