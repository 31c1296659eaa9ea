// When refineFaces believes a face as it is, and what it makes of turned ones: with a scripted detector.
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Face } from "../../../src/pipeline/detect/face.ts";
import { refineFaces } from "../../../src/pipeline/detect/refine.ts";
import { faceOf, photoOf, scripted, type ScriptedFace, summary, type View } from "./scripted.ts";

const photo = photoOf(400, 300);
const UPRIGHT: ScriptedFace = { x: 200, y: 150, side: 100, score: 0.95 };

async function refine(
  face: ScriptedFace,
  script: (view: View) => readonly ScriptedFace[],
): Promise<{ given: Face; face: Face; crops: View[]; wholes: View[]; reads: number }> {
  const { engine, views, count } = scripted(script);
  const given = faceOf(face);
  const [refined] = await refineFaces(engine, [{ photo, face: given }]);
  return {
    given,
    face: refined,
    wholes: views.filter(({ angle }) => angle === undefined),
    crops: views.filter(({ angle }) => angle !== undefined),
    reads: count.reads,
  };
}

function anglesOf(crops: readonly View[]): number[] {
  return crops.map(({ angle }) => angle! + 0);
}

/** Degrees from one angle to another, 0..180. */
function between(a: number, b: number): number {
  const turn = Math.abs(a - b) % 360;
  return Math.min(turn, 360 - turn);
}

Deno.test("a sure upright face is placed on one crop", async () => {
  const { face, crops, wholes, reads } = await refine(UPRIGHT, () => [{ ...UPRIGHT, x: 210 }]);
  assertEquals(summary(face), [210, 150, 0.95, 0]);
  assertEquals([anglesOf(crops), wholes, reads], [[0], [], 1]);
  const { engine, count } = scripted(() => []);
  assertEquals(await refineFaces(engine, []), []);
  assertEquals(count.runs, 0);
});

Deno.test("a masked face stays upright where the turned photo shows nothing like it", async () => {
  const masked = { ...UPRIGHT, score: 0.85 };
  const { face, wholes, crops, reads } = await refine(
    masked,
    ({ turns }) => [{ ...masked, x: 205, score: turns ? 0.4 : 0.85 }],
  );
  assertEquals(summary(face), [205, 150, 0.85, 0]);
  assertEquals(wholes.map(({ size, turns }) => [size, turns]), [0, 1, 2, 3].map((t) => [128, t]));
  assertEquals([anglesOf(crops), reads], [[0], 2]);
});

Deno.test("a face on its side is taken from the turned pass and placed again on a crop", async () => {
  // Invented upright points; in truth the head leans by 105 degrees, of which the turned pass sees 90.
  const { face, crops } = await refine({ ...UPRIGHT, score: 0.6 }, ({ turns, angle }) => {
    if (angle === -105) return [{ ...UPRIGHT, x: 203, score: 0.93, roll: -105 }];
    if (angle !== undefined) return [{ ...UPRIGHT, score: angle === -90 ? 0.94 : 0.5, roll: -105 }];
    return [{ ...UPRIGHT, score: turns === 1 ? 0.9 : 0.6, roll: turns === 1 ? -90 : 0 }];
  });
  assertEquals(anglesOf(crops), [-90, -45, -135, -105]);
  assertEquals(summary(face), [203, 150, 0.93, -105]);
  const wanted = faceOf({ ...UPRIGHT, x: 203, roll: -105 }).landmarks.leftEye;
  assertAlmostEquals(face.landmarks.leftEye.x, wanted.x, 1e-3);
  assertAlmostEquals(face.landmarks.leftEye.y, wanted.y, 1e-3);
});

Deno.test("a crop that fits the face's turn already is the last one", async () => {
  for (const [turns, roll] of [[1, -90], [2, 180], [3, 90]]) {
    const { face, crops } = await refine({ ...UPRIGHT, score: 0.6 }, (view) => {
      const off = view.angle === undefined
        ? view.turns === turns ? 0 : 90
        : between(view.angle, roll);
      return [{ ...UPRIGHT, score: off ? 0.4 : 0.94, roll: off ? 0 : roll }];
    });
    assertEquals(crops.length, 3, `${roll} degrees`);
    assertEquals(summary(face).slice(0, 3), [200, 150, 0.94]);
    assertEquals(between(summary(face)[3], roll), 0);
  }
});

Deno.test("a tilted face is placed on a crop that is turned with it", async () => {
  const tilted = { ...UPRIGHT, roll: 30 };
  const { face, wholes, crops } = await refine(tilted, () => [{ ...tilted, x: 204, roll: 33 }]);
  assertEquals([wholes.length, anglesOf(crops)], [0, [30]]);
  assertEquals(summary(face), [204, 150, 0.95, 33]);
});

Deno.test("a face that leans by more than the first crop followed is placed on another, three times at most", async () => {
  const leaning = { ...UPRIGHT, roll: 20 };
  const more = await refine(leaning, () => [{ ...UPRIGHT, roll: 35 }]);
  assertEquals([anglesOf(more.crops), summary(more.face)[3]], [[20, 35], 35]);
  const endless = await refine(leaning, ({ angle }) => [{ ...UPRIGHT, roll: angle! + 15 }]);
  assertEquals([anglesOf(endless.crops), summary(endless.face)[3]], [[20, 35, 50], 65]);
});

Deno.test("an upright face behind a mask is not taken for a turned one that is little likelier", async () => {
  const masked = { ...UPRIGHT, score: 0.7 };
  const seen = async (turned: number): Promise<number> => {
    const { face } = await refine(masked, ({ turns, angle }) => {
      const over = turns === 2 || angle !== undefined && between(angle, 180) === 0;
      return [over ? { ...masked, score: turned, roll: 180 } : masked];
    });
    return Math.abs(summary(face)[3]);
  };
  assertEquals([await seen(0.78), await seen(0.93)], [0, 180]);
});

Deno.test("a small face is placed on a crop, and stays where the crop does not show it", async () => {
  const small = { ...UPRIGHT, side: 50 };
  const moved = await refine(small, () => [{ ...small, x: 203 }]);
  assertEquals([anglesOf(moved.crops), summary(moved.face)[0]], [[0], 203]);
  for (const script of [() => [], () => [{ ...small, x: 290 }]]) {
    const { face, given } = await refine(small, script);
    assertEquals(face, given, "another face of the crop is not this one");
  }
});

Deno.test("where the whole photo leaves it open, all angles are tried and only a sure one is taken", async () => {
  const doubtful = { ...UPRIGHT, score: 0.6 };
  const at = (best: number) => (view: View): ScriptedFace[] =>
    view.angle !== undefined && between(view.angle, 180) === 0
      ? [{ ...UPRIGHT, score: best, roll: 180 }]
      : [{ ...doubtful, score: 0.58 }];
  const sure = await refine(doubtful, at(0.93));
  assertEquals(anglesOf(sure.crops).slice(0, 3), [0, 45, -45]);
  assertEquals(sure.crops.length, 8);
  assertEquals(summary(sure.face).with(3, Math.abs(summary(sure.face)[3])), [200, 150, 0.93, 180]);
  const unsure = await refine(doubtful, at(0.85));
  assertEquals([summary(unsure.face), unsure.crops.length], [[200, 150, 0.58, 0], 8]);
});

Deno.test("faces keep their order, and share the waits", async () => {
  const rollOf = (width: number): number => width === 390 ? 0 : 20;
  const { engine, count } = scripted(({ photo: { width } }) => [
    { ...UPRIGHT, x: width / 2 + 2, roll: rollOf(width) },
  ]);
  const jobs = [400, 390, 380].map((width) => ({
    photo: photoOf(width, 300),
    face: faceOf({ ...UPRIGHT, x: width / 2, roll: rollOf(width) }),
  }));
  const faces = await refineFaces(engine, jobs);
  assertEquals(faces.map((face) => summary(face)[0]), [202, 197, 192]);
  assertEquals(count, { runs: 1, reads: 1 });
});
