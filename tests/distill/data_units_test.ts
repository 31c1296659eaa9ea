import { assert, assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { applyAffine, invertAffine } from "../../src/align/affine.ts";
import { chanceOf, shuffled } from "../../src/distill/data/chance.ts";
import { CROP_BYTES, CROP_SIZE } from "../../src/distill/data/crop.ts";
import { recompress } from "../../src/distill/data/degrade.ts";
import { strangeMesh } from "../../src/distill/data/mesh_shape.ts";
import { isUsable, Places } from "../../src/distill/data/place.ts";
import { readRecord, recordBytes, writeRecord } from "../../src/distill/data/record.ts";
import { blur, resample } from "../../src/distill/data/resample.ts";
import { drawnMask } from "../../src/distill/data/sample.ts";
import { type Shift, shiftBetween, shiftMap } from "../../src/distill/data/shift.ts";
import { completeLook, MASK_KINDS, type MaskKind, type MaskOptions } from "../../src/mask/kinds.ts";
import { surround } from "../../src/distill/data/surround.ts";

Deno.test("a shift is what its map says, wherever the face is in the photo", () => {
  const number = (min: number, max: number): fc.Arbitrary<number> =>
    fc.double({ min, max, noNaN: true });
  fc.assert(fc.property(
    number(-12, 12),
    number(-12, 12),
    number(0.8, 1.25),
    number(-0.3, 0.3),
    number(0.3, 4),
    (x, y, scale, angle, size) => {
      const clean = [size, 0.2, 40, -0.2, size, 7] as const;
      const map = shiftMap({ x, y, scale, angle });
      const [a, b, c, d, e, f] = map, [p, q, r, s, t, u] = clean;
      // First from the masked to the clean frame, then to the photo.
      const masked = [p * a + q * d, p * b + q * e, p * c + q * f + r] as const;
      const below = [s * a + t * d, s * b + t * e, s * c + t * f + u] as const;
      const found = shiftBetween(clean, [...masked, ...below]);
      assertAlmostEquals(found.x, x, 1e-3);
      assertAlmostEquals(found.y, y, 1e-3);
      assertAlmostEquals(found.scale, scale, 1e-3);
      assertAlmostEquals(found.angle, angle, 1e-3);
    },
  ));
});

Deno.test("places: masked faces are cut where it was measured for their kind, held-out kinds leave no trace", () => {
  const shift = (kind: Shift["kind"], x: number): Shift => (
    { x, y: 3, scale: 1, angle: 0, kind, wearing: "full", source: "mesh" }
  );
  const shifts = [
    ...Array.from({ length: 60 }, () => shift("surgical", 0)),
    ...Array.from({ length: 60 }, () => shift("n95", 10)),
    shift("surgical", 99),
  ];
  assertEquals(shifts.filter(isUsable).length, 120);
  const moved = (places: Places, kind: Shift["kind"], i: number): number => {
    const map = places.masked(chanceOf(`${i}`), { kind }, 1);
    const middle = applyAffine(map, { x: 55.5, y: 55.5 });
    return Math.abs(middle.x - 71.5);
  };
  for (let i = 0; i < 50; i++) {
    assertLess(moved(new Places(shifts), "surgical", i), 4);
    assertLess(6, moved(new Places(shifts), "n95", i));
    assertLess(moved(new Places(shifts, ["n95"]), "n95", i), 4);
  }
  assert(
    Number.isFinite(invertAffine(new Places([]).masked(chanceOf("a"), { kind: "n95" }, 1))[0]),
  );
  // Adding 0 makes no difference of 0 and -0.
  const unmoved = new Places(shifts).clean(chanceOf("a"), 0).map((value) => value + 0);
  assertEquals(unmoved, [1, 0, 16, 0, 1, 16]);
});

Deno.test("masks are of every kind but the excluded ones, some in a colour of chance", () => {
  const drawn = (excludeKinds: readonly MaskKind[]): MaskOptions[] =>
    Array.from({ length: 400 }, (_, i) => drawnMask(chanceOf(`mask ${i}`), { excludeKinds }));
  const kinds = (masks: readonly MaskOptions[]): MaskKind[] =>
    [...new Set(masks.map(({ kind }) => kind))].sort();
  assertEquals(kinds(drawn([])), [...MASK_KINDS].sort());
  const held: MaskKind[] = ["n95", "ffp2", "valve"];
  assertEquals(kinds(drawn(held)), MASK_KINDS.filter((kind) => !held.includes(kind)).sort());
  const colored = drawn([]).filter(({ color }) => color !== undefined);
  assert(colored.length > 10 && colored.length < 90, `${colored.length}`);
  colored.forEach((options) => completeLook(options));
});

Deno.test("chance: the same name gives the same numbers, orders are permutations", () => {
  assertEquals(chanceOf("a").next(), chanceOf("a").next());
  assertNotEquals(chanceOf("a").next(), chanceOf("b").next());
  fc.assert(fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (count, seed) => {
    assertEquals([...shuffled(count, seed)].sort((a, b) => a - b), [...Array(count).keys()]);
    assertEquals(shuffled(count, seed), shuffled(count, seed));
  }));
  const chance = chanceOf("normal"), drawn = Array.from({ length: 4000 }, () => chance.normal());
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length;
  assertAlmostEquals(mean, 0, 0.06);
  assertAlmostEquals(variance, 1, 0.08);
});

Deno.test("records: what is written is read, bit by bit", () => {
  const numbers = (length: number, by: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => Math.sin(i * by));
  const record = {
    crop: Uint8Array.from({ length: CROP_BYTES }, (_, i) => i * 7),
    mesh: numbers(1404, 0.1),
    template: numbers(5, 0.2),
    mirrorTemplate: numbers(5, 0.3),
  };
  const bytes = new Uint8Array(recordBytes(5) * 2).subarray(recordBytes(5));
  writeRecord(record, bytes);
  assertEquals(readRecord(bytes, 5), record);
});

Deno.test("resampling and blur keep flat pictures flat, and the mean of others", () => {
  const flat = new Float32Array(40 * 40 * 3).fill(90);
  for (const size of [7, 13, 40, 90]) {
    assert(resample(flat, 40, size).every((value) => Math.abs(value - 90) < 1e-3));
  }
  const spot = new Float32Array(40 * 40 * 3);
  spot.fill(255, (20 * 40 + 20) * 3, (20 * 40 + 20) * 3 + 3);
  blur(spot, 40, 1.2);
  assertAlmostEquals(spot.reduce((sum, value) => sum + value, 0), 3 * 255, 0.1);
  // A Gaussian's height is 1 / (2 pi sigma^2).
  assertAlmostEquals(spot[(20 * 40 + 20) * 3], 255 / (2 * Math.PI * 1.2 ** 2), 1);
  assertAlmostEquals(spot[(20 * 40 + 22) * 3], spot[(22 * 40 + 20) * 3], 1e-3);
});

Deno.test("JPEG changes little at high quality and more at low quality", () => {
  const picture = Float32Array.from(
    { length: 48 * 48 * 3 },
    (_, i) => 128 + 60 * Math.sin(Math.floor(i / 3) % 48 / 4) + 40 * Math.cos(i / 700),
  );
  const error = (quality: number): number => {
    const packed = picture.slice();
    recompress(packed, 48, quality);
    return Math.sqrt(
      packed.reduce((sum, value, i) => sum + (value - picture[i]) ** 2, 0) / packed.length,
    );
  };
  assertLess(error(95), 3);
  assertLess(2 * error(95), error(15));
});

Deno.test("surroundings: the photo stays as it is, and no black is left beside it", () => {
  const crop = new Uint8Array(CROP_BYTES);
  const inside = (x: number, y: number): boolean =>
    x >= 30 && x < 110 && y >= 40 && y + x / 4 < 150;
  for (let y = 0; y < CROP_SIZE; y++) {
    for (let x = 0; x < CROP_SIZE; x++) {
      if (inside(x, y)) {
        crop.fill(100 + (x + y) % 50, (y * CROP_SIZE + x) * 3, (y * CROP_SIZE + x) * 3 + 3);
      }
    }
  }
  // Black within the photo, as pupils are, is no surrounding.
  crop.fill(0, (80 * CROP_SIZE + 70) * 3, (80 * CROP_SIZE + 72) * 3);
  const before = crop.slice();
  surround(crop);
  let changedInside = 0, blackOutside = 0;
  for (let y = 0; y < CROP_SIZE; y++) {
    for (let x = 0; x < CROP_SIZE; x++) {
      const at = (y * CROP_SIZE + x) * 3;
      const deep = [-2, 0, 2].every((d) => inside(x + d, y) && inside(x, y + d));
      if (deep && crop[at] !== before[at]) changedInside++;
      if (!inside(x, y) && crop[at] < 90) blackOutside++;
    }
  }
  assertEquals([changedInside, blackOutside], [0, 0]);
  const black = new Uint8Array(CROP_BYTES);
  surround(black);
  assert(black.every((value) => value === 0));
  const full = new Uint8Array(CROP_BYTES).fill(77);
  surround(full);
  assert(full.every((value) => value === 77));
});

Deno.test("a mesh that is squashed or stretched is not shaped like a face", () => {
  const mesh = new Float32Array(468 * 3);
  const place = (point: number, x: number, y: number): void => mesh.set([x, y, 0], point * 3);
  [[33, 20], [133, 40], [362, 60], [263, 80]].forEach(([point, x]) => place(point, x, 50));
  place(2, 50, 80);
  place(152, 50, 118);
  assertEquals(strangeMesh(mesh), "");
  for (const chin of [95, 190, NaN]) {
    place(152, 50, chin);
    assert(strangeMesh(mesh).length > 0, `${chin}`);
  }
});
