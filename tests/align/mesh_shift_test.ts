// What the mesh says of a mask's pull on alignment: exact for the map's algebra, and on real photos that were masked.

import { assert, assertAlmostEquals, assertLess } from "@std/assert";
import { type Affine, applyAffine, invertAffine, multiplyAffine } from "../../src/align/affine.ts";
import { alignByPoints, alignFace, ARCFACE_TEMPLATE } from "../../src/align/arcface.ts";
import {
  affineToShift,
  expectedShift,
  shiftFeatures,
  shiftToAffine,
} from "../../src/align/mesh_shift.ts";
import { EngineHost } from "../../src/backend/host.ts";
import { lookUnderMask } from "../../src/distill/data/look.ts";
import { openModels } from "../../src/model/model.ts";
import { createVerifier } from "../../mod.ts";
import { photo, testWithShared } from "../hosts.ts";

Deno.test("a shift and its map are the same thing", () => {
  const shift = [0.03, -0.02, 2.5, -1.25] as const;
  const map = shiftToAffine(shift);
  affineToShift(map).forEach((value, i) => assertAlmostEquals(value, shift[i], 1e-12));
  const { x, y } = applyAffine(map, { x: 56, y: 72 });
  assertAlmostEquals(x, 58.5, 1e-12);
  assertAlmostEquals(y, 70.75, 1e-12);
});

Deno.test("one map after another is the same as both at once", () => {
  const first: Affine = [2, -1, 5, 1, 2, -3], last: Affine = [0.5, 0.25, 1, -0.25, 0.5, 7];
  const point = { x: 3, y: -4 };
  const both = applyAffine(multiplyAffine(last, first), point);
  const each = applyAffine(last, applyAffine(first, point));
  assertAlmostEquals(both.x, each.x, 1e-12);
  assertAlmostEquals(both.y, each.y, 1e-12);
  multiplyAffine(invertAffine(first), first).forEach((value, i) =>
    assertAlmostEquals(value, [1, 0, 0, 0, 1, 0][i], 1e-12)
  );
});

Deno.test("what a mesh shows does not depend on where in the photo it is, how large and how turned", () => {
  const mesh = Float32Array.from({ length: 468 * 3 }, (_, i) => 40 + 30 * Math.sin(i * 0.7));
  const place: Affine = [1.5, -0.8, 200, 0.8, 1.5, -40], step = Math.hypot(1.5, 0.8);
  const moved = mesh.slice();
  for (let i = 0; i < mesh.length; i += 3) {
    const { x, y } = applyAffine(place, { x: mesh[i], y: mesh[i + 1] });
    moved.set([x, y, mesh[i + 2] * step], i);
  }
  const here = shiftFeatures(mesh, [1, 0, 0, 0, 1, 0]);
  const there = shiftFeatures(moved, invertAffine(place));
  here.forEach((value, i) => assertAlmostEquals(there[i], value, 1e-3));
});

Deno.test("a mesh like no face moves the frame no further than was learned", () => {
  const wild = Float32Array.from({ length: 468 * 3 }, (_, i) => 4000 * Math.sin(i));
  const [growth, turn, right, down] = affineToShift(expectedShift(wild, [1, 0, 0, 0, 1, 0]));
  assert([growth / 0.2, turn / 0.2, right / 12, down / 12].every((v) => Math.abs(v) <= 1 + 1e-9));
});

/** Root mean square distance of the template's points between two crops. */
function apart(one: Affine, other: Affine): number {
  const back = invertAffine(one);
  const squares = ARCFACE_TEMPLATE.map((point) => {
    const { x, y } = applyAffine(back, applyAffine(other, point));
    return (x - point.x) ** 2 + (y - point.y) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
}

testWithShared(
  "under masks, alignment comes nearer to that of the bare face, which hardly moves",
  async (data) => {
    const folder = `${data}/train/unlabelled`;
    const options = { folder, teacher: "teacher", border: 0.25, shiftEvery: 1 };
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    await using host = new EngineHost("wasm", await openModels(undefined), {});
    const before: number[] = [], after: number[] = [], bare: number[] = [];
    for (let i = 0; i < files.length; i += Math.floor(files.length / 30)) {
      const both = await host.use((engine) => lookUnderMask(engine, { file: files[i] }, options));
      if (both?.masked.source !== "mesh") continue;
      const clean = alignByPoints(both.bare).cropToPhoto;
      before.push(apart(clean, alignByPoints(both.masked).cropToPhoto));
      after.push(apart(clean, alignFace(both.masked).cropToPhoto));
      bare.push(apart(clean, alignFace(both.bare).cropToPhoto));
    }
    assert(before.length >= 20, `${before.length} of 30 photos had a mesh under their mask`);
    assertLess(median(after), 0.75 * median(before));
    assertLess(median(bare), 1);
  },
);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

Deno.test("alignFace at another size shows the same part of the photo", async () => {
  await using verifier = await createVerifier({ device: "wasm" });
  const { faces: [{ landmarks }] } = await verifier.detect(photo("hopper_masked"));
  const small = alignFace(landmarks).cropToPhoto, large = alignFace(landmarks, 224).cropToPhoto;
  const one = applyAffine(small, { x: 40, y: 60 }),
    other = applyAffine(large, { x: 80.5, y: 120.5 });
  assertAlmostEquals(one.x, other.x, 1e-6);
  assertAlmostEquals(one.y, other.y, 1e-6);
  assertLess(apart(small, alignByPoints(landmarks).cropToPhoto), 12);
});
