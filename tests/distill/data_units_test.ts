import { assert, assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import jpeg from "jpeg-js";
import { applyAffine } from "../../src/math/affine.ts";
import { chanceOf, shuffled } from "../../src/distill/data/chance.ts";
import { drawCover } from "../../src/distill/data/cover.ts";
import { CROP_BYTES, CROP_SIZE, cropImage } from "../../src/distill/data/crop.ts";
import { loseAsJpeg } from "../../src/distill/data/jpeg_loss.ts";
import { drawnMask } from "../../src/distill/data/mask_choice.ts";
import { liesOnFace } from "../../src/distill/data/mesh_fit.ts";
import { meshFault } from "../../src/distill/data/mesh_shape.ts";
import { drawPlace, mirrored, placeMap } from "../../src/distill/data/place.ts";
import { RecordReader } from "../../src/distill/data/reader.ts";
import type { PhotoRecord } from "../../src/distill/data/record.ts";
import { blur, resample } from "../../src/distill/data/resample.ts";
import { writeShard } from "../../src/distill/data/shard.ts";
import { surround } from "../../src/distill/data/surround.ts";
import {
  completeMaskOptions,
  MASK_KINDS,
  type MaskKind,
  type MaskOptions,
} from "../../src/mask/kinds.ts";

Deno.test("places: as prepared without strength, masked faces are off by more than bare ones, and never by far", () => {
  // Adding 0 makes no difference of 0 and -0.
  const unmoved = drawPlace(chanceOf("a"), true, 0).map((value) => value + 0);
  assertEquals(unmoved, [1, 0, 16, 0, 1, 16]);
  const moves = (masked: boolean, strength: number): number[] =>
    Array.from({ length: 500 }, (_, i) => {
      const middle = { x: 55.5, y: 55.5 };
      const { x, y } = applyAffine(drawPlace(chanceOf(`${i}`), masked, strength), middle);
      return Math.hypot(x - 71.5, y - 71.5);
    });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  assertLess(1.3 * mean(moves(false, 1)), mean(moves(true, 1)));
  assertLess(Math.max(...moves(true, 1)), 16);
  assertAlmostEquals(mean(moves(true, 2)), 2 * mean(moves(true, 1)), 1e-6);
});

Deno.test("places: a frame that is moved, turned and scaled lies where the map says", () => {
  const map = placeMap({ x: 3, y: -2, scale: 1.1, angle: Math.PI / 2 });
  const middle = applyAffine(map, { x: 55.5, y: 55.5 });
  assertAlmostEquals(middle.x, 74.5);
  assertAlmostEquals(middle.y, 69.5);
  const right = applyAffine(map, { x: 56.5, y: 55.5 });
  assertAlmostEquals(right.x, 74.5);
  assertAlmostEquals(right.y, 70.6);
  const mirror = mirrored(map);
  const end = applyAffine(mirror, { x: 111, y: 4 }), start = applyAffine(map, { x: 0, y: 4 });
  assertAlmostEquals(end.x, start.x);
  assertAlmostEquals(end.y, start.y);
});

Deno.test("masks are of every kind but the excluded ones, most in a colour of their own", () => {
  const drawn = (excludeKinds: readonly MaskKind[]): MaskOptions[] =>
    Array.from({ length: 400 }, (_, i) => drawnMask(chanceOf(`mask ${i}`), { excludeKinds }));
  const kinds = (masks: readonly MaskOptions[]): MaskKind[] =>
    [...new Set(masks.map(({ kind }) => kind))].sort();
  assertEquals(kinds(drawn([])), [...MASK_KINDS].sort());
  const held: MaskKind[] = ["n95", "ffp2", "valve"];
  assertEquals(kinds(drawn(held)), MASK_KINDS.filter((kind) => !held.includes(kind)).sort());
  const masks = drawn([]);
  const share = (of: (mask: MaskOptions) => unknown): number =>
    masks.filter((mask) => of(mask) !== undefined).length / masks.length;
  const colored = share(({ color }) => color);
  assert(colored > 0.6 && colored < 0.8, `${colored}`);
  assertEquals(new Set(masks.map(({ color }) => color)).size > 200, true);
  assert(share(({ pattern }) => pattern) > 0.08);
  masks.forEach((options) => completeMaskOptions(options));
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

Deno.test("records: what is written is read, meshes to 1/64 pixel, and one without a mesh has none", async () => {
  const folder = await Deno.makeTempDir();
  const numbers = (length: number, by: number, size: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => size * Math.sin(i * by));
  const record = (by: number): PhotoRecord => ({
    crop: Uint8Array.from({ length: CROP_BYTES }, (_, i) => i * by),
    template: numbers(5, 0.2 * by, 1),
  });
  const mesh = numbers(1404, 0.1, 700), records = [{ ...record(7), mesh }, record(9)];
  const photos = records.map((each, i) => ({ facts: { file: `${i}` }, record: each }));
  writeShard(folder, 3, { settings: "", templateSize: 5 }, photos);
  using reader = new RecordReader(folder, 5);
  const read = [0, 1].map((i) => reader.read({ file: "", mesh: false, shard: 3, record: i }));
  read[0].mesh!.forEach((value, i) => {
    // Points this far from the crop are on no face; they are cut off and do not wrap around.
    const wanted = Math.min(511.99, Math.max(-511.99, mesh[i]));
    assertAlmostEquals(value, wanted, 1 / 128 + 0.01);
  });
  assertEquals(read.map(({ crop, template }) => ({ crop, template })), [record(7), record(9)]);
  assertEquals(read[1].mesh, undefined);
  assertEquals(reader.templates(3), Float32Array.from(records.flatMap((r) => [...r.template])));
  await Deno.remove(folder, { recursive: true });
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
    loseAsJpeg(packed, 48, quality);
    return Math.sqrt(
      packed.reduce((sum, value, i) => sum + (value - picture[i]) ** 2, 0) / packed.length,
    );
  };
  assertLess(error(95), 3);
  assertLess(2 * error(95), error(15));
});

Deno.test("a grey picture loses what jpeg-js takes from it", () => {
  const size = 48;
  const picture = Float32Array.from({ length: size * size * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % size, y = Math.floor(i / 3 / size);
    return Math.round(128 + 50 * Math.sin(x / 5) + 40 * Math.cos(y / 4) + (x * y * 7) % 19);
  });
  const data = new Uint8Array(size * size * 4).fill(255);
  for (let i = 0; i < size * size; i++) data.set(picture.subarray(3 * i, 3 * i + 3), 4 * i);
  for (const quality of [30, 60]) {
    const file = jpeg.encode({ data, width: size, height: size }, quality).data;
    const wanted = jpeg.decode(file, { useTArray: true, formatAsRGBA: false }).data;
    const found = picture.slice();
    loseAsJpeg(found, size, quality);
    const rms = (a: ArrayLike<number>): number =>
      Math.sqrt(wanted.reduce((sum, value, i) => sum + (value - a[i]) ** 2, 0) / wanted.length);
    assertLess(rms(found), 0.25 * rms(picture), `quality ${quality}`);
  }
});

Deno.test("meshes of aligned crops must lie where the face is", () => {
  const mesh = new Float32Array(468 * 3);
  const place = (point: number, x: number, y: number): void => mesh.set([x, y, 0], point * 3);
  const points: readonly (readonly [number, number, number])[] = [
    ...[[33, 48, 68], [133, 60, 68], [362, 84, 68], [263, 96, 68]] as const,
    ...[[1, 72, 88], [2, 72, 92], [61, 58, 108], [291, 87, 108], [152, 72, 132]] as const,
  ];
  for (const [point, x, y] of points) place(point, x, y);
  assert(liesOnFace(mesh));
  for (const [point, x, y] of points) place(point, x + 10, y);
  assert(!liesOnFace(mesh));
});

Deno.test("covers of every form change a part of the crop, and none leaves the range of bytes", () => {
  let most = 0;
  for (let i = 0; i < 60; i++) {
    const image = cropImage(new Uint8Array(CROP_BYTES).fill(120)), before = image.data.slice();
    drawCover(image, undefined, chanceOf(`cover ${i}`));
    const changed = image.data.filter((value, k) => value !== before[k]).length / before.length;
    assert(changed > 0.01, `cover ${i} changed ${changed}`);
    assert(image.data.every((value, k) => k % 4 < 3 || value === 255));
    most = Math.max(most, changed);
  }
  assert(most > 0.5, "veils cover nearly all");
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
      const deep = [-7, 0, 7].every((d) => inside(x + d, y) && inside(x, y + d));
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
  assertEquals(meshFault(mesh), "");
  for (const chin of [95, 190, NaN]) {
    place(152, 50, chin);
    assert(meshFault(mesh).length > 0, `${chin}`);
  }
});
