// The head's numbers as words, and the causes by which a face is refused.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DeviceError, InvalidArgumentError } from "../../../src/base/errors.ts";
import { parseManifest } from "../../../src/model/manifest.ts";
import { alignFace } from "../../../src/pipeline/align/arcface.ts";
import { explainIncomparable, incomparable } from "../../../src/pipeline/embed/comparable.ts";
import {
  type Condition,
  CONDITION_SIZE,
  CONDITION_SLOTS,
  maskStateOf,
  readConditions,
} from "../../../src/pipeline/embed/condition.ts";
import type { AlignedFace } from "../../../src/pipeline/embed/embed.ts";

/** Logits of one face: all 0 but these. */
function logits(values: Readonly<Record<number, number>>): Float32Array {
  const row = new Float32Array(CONDITION_SIZE);
  for (const [at, value] of Object.entries(values)) row[Number(at)] = value;
  return row;
}

const GOOD = [CONDITION_SLOTS.darkGlasses, CONDITION_SLOTS.child, 8, 9, 10, 11, 12, 13, 14];

function condition(values: Readonly<Record<number, number>>): Condition {
  const base = Object.fromEntries(GOOD.map((at) => [at, -6]));
  return readConditions(logits({ ...base, 0: -3, 1: 6, ...values }))[0];
}

/** A face whose eyes are so far apart in its photo, at a place. */
function face(eyes: number, x = 300, y = 300, squeeze = 1): AlignedFace {
  const at = (u: number, v: number): { x: number; y: number } => ({
    x: x + u * eyes / 35 * squeeze,
    y: y + v * eyes / 35,
  });
  const landmarks = {
    rightEye: at(-17.5, -20),
    leftEye: at(17.5, -20),
    nose: at(0, 0),
    rightMouth: at(-14.5, 20.5),
    leftMouth: at(14.5, 20.5),
  };
  const box = { x: x - eyes, y: y - eyes, width: 2 * eyes, height: 2 * eyes };
  return { box, detectionScore: 0.9, landmarks, alignment: alignFace(landmarks) };
}

const PHOTO = { width: 600, height: 600 };

Deno.test("logits become probabilities, and the covering the most probable one", () => {
  const [seen] = readConditions(logits({ 0: 1, 2: 2, [CONDITION_SLOTS.child]: -1 }));
  assertAlmostEquals(seen.expectedSimilarity, 0.7311, 1e-4);
  assertAlmostEquals(seen.child, 0.2689, 1e-4);
  assertEquals([seen.covering, seen.darkGlasses], ["full", 0.5]);
  assertAlmostEquals(Object.values(seen.coverings).reduce((a, b) => a + b), 1, 1e-6);
  const mask = maskStateOf(seen);
  assertEquals(mask.state, "full");
  const { bare, chin, other } = seen.coverings;
  assertAlmostEquals(mask.probabilities.none, bare + chin + other / 2, 1e-9);
  assertAlmostEquals(Object.values(mask.probabilities).reduce((a, b) => a + b), 1, 1e-6);
});

Deno.test("what is no mask is not called one, and leaves open whether it covers as much", () => {
  const { state, probabilities } = maskStateOf(condition({ 1: -6, 5: 3 }));
  assertEquals(state, "none");
  assert(probabilities.none < 0.6 && probabilities.full > 0.4);
});

Deno.test("mirror images are left out, and numbers that are none are refused", () => {
  const rows = new Float32Array(4 * CONDITION_SIZE);
  rows[2 * CONDITION_SIZE] = NaN;
  assertEquals(readConditions(rows, 2).length, 2);
  assertThrows(() => readConditions(rows), DeviceError);
  assertThrows(() => readConditions(new Float32Array(CONDITION_SIZE + 1)), InvalidArgumentError);
  assertThrows(() => readConditions(new Float32Array(CONDITION_SIZE), 2), InvalidArgumentError);
});

Deno.test("causes come from the head and from where the face lies", () => {
  const causes = (seen: Condition, of: AlignedFace): readonly string[] | undefined =>
    incomparable(of, seen, 0.4, PHOTO)?.causes;
  assertEquals(causes(condition({ 0: 2 }), face(10)), undefined);
  assertEquals(causes(condition({}), face(10))?.[0], "too-small");
  assertEquals(causes(condition({}), face(60, 600, 300))?.[0], "cut-off");
  assertEquals(causes(condition({}), face(60, 300, 300, 0.3))?.[0], "turned-away");
  assertEquals(causes(condition({ 8: 3, 6: 1 }), face(60)), ["too-dark", "eyes-covered"]);
  assertEquals(causes(condition({ 1: -6, 5: 3 }), face(60)), ["face-covered"]);
  // Nothing stands out: the most probable cause is named all the same.
  assertEquals(causes(condition({ 10: -1 }), face(60)), ["blurred"]);
});

Deno.test("the sentence has the figure, what is asked for, and the remedy", () => {
  const seen = incomparable(face(60), condition({ 8: 3 }), 0.4, PHOTO)!;
  assertEquals(
    explainIncomparable(seen),
    "it is too dark (expected similarity 0.05, at least 0.40 is asked for): take the photo in more light",
  );
});

Deno.test("a manifest with limits must name the head's output", async () => {
  const text = await Deno.readTextFile(new URL("../../../models/manifest.json", import.meta.url));
  const json = JSON.parse(text);
  Object.assign(json.models.teacher, {
    outputs: ["embedding", "condition"],
    condition: { floor: 0.4, child: 0.6 },
  });
  assertEquals(parseManifest(JSON.stringify(json)).teacher.condition?.floor, 0.4);
  json.models.teacher.outputs = ["embedding"];
  assertThrows(() => parseManifest(JSON.stringify(json)), Error, "outputs");
  json.models.teacher.outputs = ["embedding", "condition"];
  json.models.teacher.condition.floor = 4;
  assertThrows(() => parseManifest(JSON.stringify(json)), Error, "floor");
  assert(parseManifest(text).teacher.condition === undefined);
});
