// Which passes findFaces makes, and what it makes of what they show: with a scripted detector.
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Photo } from "../../../src/kernels/mod.ts";
import { findFaces } from "../../../src/pipeline/detect/detect.ts";
import { type Face, fivePoints } from "../../../src/pipeline/detect/face.ts";
import { faceOf, photoOf, scripted, type ScriptedFace, summary, type View } from "./scripted.ts";

const FIRST = "256+0.1";
const TURNED = [1, 2, 3].map((turns) => `${FIRST} turned ${turns}`);
const SURE: ScriptedFace = { x: 200, y: 150, side: 100, score: 0.95 };

function nameOf({ size, margin, turns }: View): string {
  return `${size}+${margin}${turns ? ` turned ${turns}` : ""}`;
}

async function find(
  photo: Photo,
  script: (view: View) => readonly ScriptedFace[],
): Promise<{ faces: readonly Face[]; passes: string[]; reads: number }> {
  const { engine, views, count } = scripted(script);
  const [{ faces }] = await findFaces(engine, [photo]);
  return { faces, passes: views.map(nameOf), reads: count.reads };
}

Deno.test("one sure face takes one pass and one wait, however large the photo", async () => {
  for (const [photo, side] of [[photoOf(400, 300), 100], [photoOf(4000, 3000), 1000]] as const) {
    const face = { ...SURE, side };
    const { faces, passes, reads } = await find(photo, () => [face]);
    assertEquals([passes, reads], [[FIRST], 1]);
    assertEquals(faces.map(summary), [[200, 150, 0.95, 0]]);
    const { box, landmarks } = faceOf(face);
    assertAlmostEquals(faces[0].box.x, box.x, 1e-3);
    assertAlmostEquals(faces[0].box.width, box.width, 1e-3);
    fivePoints(faces[0].landmarks).forEach(({ x, y }, i) => {
      assertAlmostEquals(x, fivePoints(landmarks)[i].x, 1e-3);
      assertAlmostEquals(y, fivePoints(landmarks)[i].y, 1e-3);
    });
  }
});

Deno.test("without a face: turned, closer, farther, and finer as far as the photo has pixels", async () => {
  const others = [FIRST, ...TURNED, "320+0", "320+0.5"];
  const finer = ["640+0", "1280+0", "1920+0"];
  for (const [side, more] of [[200, 0], [400, 1], [1000, 2], [3000, 3]]) {
    const { faces, passes, reads } = await find(photoOf(side, side / 2), () => []);
    assertEquals(passes, [...others, ...finer.slice(0, more)], `${side} pixels`);
    assertEquals([faces, reads], [[], 4 + more]);
  }
});

Deno.test("several faces, or small ones, are reason for finer passes until the photo has no more", async () => {
  const large = photoOf(2000, 1500);
  const pair = [{ ...SURE, side: 400, x: 500 }, { ...SURE, side: 300, x: 1500 }];
  const both = await find(large, () => pair);
  assertEquals(both.passes, [FIRST, "640+0", "1280+0", "1920+0"]);
  assertEquals(both.faces.map(summary), pair.map((face) => summary(faceOf(face))));
  // 21 pixels in the first pass, 64 in the next.
  const small = { ...SURE, side: 200 };
  assertEquals((await find(large, () => [small])).passes, [FIRST, "640+0"]);
  assertEquals((await find(photoOf(200, 150), () => [{ ...SURE, side: 10 }])).passes, [FIRST]);
});

Deno.test("faces that only a finer pass shows are added, largest first", async () => {
  const near = { ...SURE, side: 200 }, far = { ...SURE, x: 1500, side: 50, score: 0.7 };
  const { faces } = await find(
    photoOf(2000, 1500),
    ({ size }) => size === 640 ? [far, near] : [near],
  );
  assertEquals(faces.map(({ box }) => Math.round(box.width)), [200, 50]);
});

Deno.test("with nothing sure the likeliest of all passes is given, below 0.3 nothing", async () => {
  const photo = photoOf(200, 200);
  const at = (x: number, score: number) => ({ x, y: 100, side: 60, score });
  const { faces } = await find(
    photo,
    ({ turns, margin }) => turns === 2 ? [at(160, 0.45)] : margin ? [at(40, 0.4)] : [at(90, 0.42)],
  );
  assertEquals(faces.map((face) => summary(face)[2]), [0.45]);
  assertEquals((await find(photo, () => [at(100, 0.29)])).faces, []);
  const one = await find(photo, ({ margin }) => margin === 0 ? [at(100, 0.6001)] : [at(40, 0.59)]);
  assertEquals(one.faces.map((face) => summary(face)[0]), [100], "a face beats what is none");
});

Deno.test("of two boxes of one face the surer one stays; a separate face stays too", async () => {
  const sidesWith = async (other: ScriptedFace) =>
    (await find(photoOf(400, 300), () => [SURE, other])).faces.map(({ box }) =>
      Math.round(box.width)
    );
  const eye = { x: 180, y: 135, side: 40, score: 0.7 };
  assertEquals(await sidesWith(eye), [100]);
  assertEquals(await sidesWith({ ...eye, score: 0.97 }), [40]);
  assertEquals(await sidesWith({ ...eye, x: 155 }), [100, 40], "reaches over the border");
});

Deno.test("a face that shows on a turned pass comes back in the photo's pixels", async () => {
  for (const turns of [1, 2, 3]) {
    // The photo is turned clockwise until the face in it is upright.
    const roll = turns === 2 ? 180 : -90 * turns + (turns === 3 ? 360 : 0);
    const leaning = { x: 90, y: 50, side: 60, score: 0.9, roll };
    const { faces: [face, ...rest], passes } = await find(
      photoOf(200, 120),
      (view) => view.turns === turns ? [leaning] : [],
    );
    assertEquals(rest, []);
    assertEquals(passes.slice(0, 4), [FIRST, ...TURNED]);
    assertEquals(summary(face).with(3, Math.abs(summary(face)[3])), [90, 50, 0.9, Math.abs(roll)]);
    fivePoints(face.landmarks).forEach(({ x, y }, i) => {
      const wanted = fivePoints(faceOf(leaning).landmarks)[i];
      assertAlmostEquals(x, wanted.x, 1e-3);
      assertAlmostEquals(y, wanted.y, 1e-3);
    });
  }
});

Deno.test("photos share runs, and only those in doubt are looked at again", async () => {
  const photos = Array.from({ length: 30 }, () => photoOf(200, 200));
  const empty = photos[7];
  const { engine, views, count } = scripted(({ photo }) =>
    photo === empty ? [] : [{ ...SURE, x: 100 + photos.indexOf(photo) }]
  );
  const found = await findFaces(engine, photos);
  assertEquals(
    found.map(({ faces }) => faces.map((face) => summary(face)[0])),
    photos.map((photo, i) => photo === empty ? [] : [100 + i]),
  );
  assertEquals(views.slice(30).map(({ photo }) => photo === empty), Array(5).fill(true));
  // 25 and 5 photos in two runs with one wait, and three waits for the other passes.
  assertEquals(count, { runs: 5, reads: 4 });
  assertEquals(await findFaces(engine, []), []);
  assertEquals(count.runs, 5);
});
