// The crop around a detector's likeliest cell, on every backend: against a geometry written out here, and as the input of
// warp_affine without a way through the host.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { CROP_MAP_LENGTH, unpackCropMap } from "../../src/kernels/crop_maps.ts";
import {
  DetectionMap,
  likeliestCrops,
  type MapLayout,
  STRIDES,
} from "../../src/kernels/likeliest_crop/cpu.ts";
import type { Backend } from "../../src/kernels/mod.ts";
import { applyAffine } from "../../src/math/affine.ts";
import { letterboxFit } from "../../src/kernels/letterbox/cpu.ts";
import { backendTest, bgrSpec, largestDifference, random, rgbSpec, texture } from "./helpers.ts";

const SIZE = 128, CROP = 40, ROOM = 1.6;
const PHOTOS = [[640, 480], [300, 900], [8000, 5000]] as const;

/** Maps of n pictures with small logits everywhere, in both layouts. */
function noise(pictures: number, seed: number): Float32Array[] {
  const next = random(seed);
  return STRIDES.map((stride) =>
    Float32Array.from({ length: pictures * 16 * (SIZE / stride) ** 2 }, () => 2 * next() - 4)
  );
}

function channelsLast(map: Float32Array, pictures: number): Float32Array {
  const cells = map.length / pictures / 16;
  return map.map((_, to) => {
    const channel = to % 16, cell = Math.floor(to / 16) % cells;
    const picture = Math.floor(to / 16 / cells);
    return map[(picture * 16 + channel) * cells + cell];
  });
}

/** Writes a cell: `values` are its 16 numbers. */
function setCell(
  maps: readonly Float32Array[],
  level: number,
  picture: number,
  cell: number,
  values: readonly number[],
): void {
  const cells = (SIZE / STRIDES[level]) ** 2;
  values.forEach((value, channel) => maps[level][(picture * 16 + channel) * cells + cell] = value);
}

/** Row and column, box of width e and height 1 cells, and eyes that lean by 45 degrees. */
const LEANING = [6, 5, 0.25, 0.5, 1, 0, -1, -1, 1, 1, 0, 0, 0, 0, 0, 0];

async function cropsOf(
  backend: Backend,
  maps: readonly Float32Array[],
  photos: readonly (readonly [number, number])[],
  layout: MapLayout,
): Promise<{ rows: Float32Array; expected: ReturnType<typeof likeliestCrops> }> {
  using stack = new DisposableStack();
  const given = layout === "NCHW" ? maps : maps.map((map) => channelsLast(map, photos.length));
  const blocks = given.map((values) => stack.use(backend.write(values, [values.length])));
  const placed = photos.map(([width, height]) => letterboxFit(width, height, SIZE, 0.1));
  const options = { size: SIZE, layout, cropSize: CROP, room: ROOM };
  const crops = stack.use(backend.likeliestCrop(blocks, placed, options));
  assertEquals(crops.shape, [photos.length, CROP_MAP_LENGTH]);
  const [rows] = await backend.read(crops);
  return { rows, expected: likeliestCrops(given, placed, options) };
}

backendTest("likeliest_crop is the TypeScript kernel, in both layouts", async (backend) => {
  for (const layout of ["NCHW", "NHWC"] as const) {
    for (let seed = 1; seed <= 8; seed++) {
      const { rows, expected } = await cropsOf(backend, noise(3, seed), PHOTOS, layout);
      expected.forEach((map, i) => {
        const found = unpackCropMap(rows, i, CROP);
        // In pixels of the crop, of which the photo may have fewer or more.
        const step = Math.hypot(map[0], map[3]);
        for (const at of [{ x: 0, y: 0 }, { x: CROP, y: 0 }, { x: 0, y: CROP }]) {
          const [a, b] = [applyAffine(found, at), applyAffine(map, at)];
          assertAlmostEquals((a.x - b.x) / step, 0, 0.01, `${layout}, ${seed}, ${i}`);
          assertAlmostEquals((a.y - b.y) / step, 0, 0.01, `${layout}, ${seed}, ${i}`);
        }
      });
    }
  }
});

backendTest(
  "the crop is a square about the likeliest box, turned with the eyes",
  async (backend) => {
    for (const [level, stride] of STRIDES.entries()) {
      const maps = noise(2, 9), columns = SIZE / stride;
      // The last cell of the second picture, and in the first an unlikelier one of another map.
      setCell(maps, level, 1, columns ** 2 - 1, LEANING);
      setCell(maps, (level + 1) % 3, 0, 1, LEANING);
      const photos = [[640, 480], [480, 640]] as const;
      const { rows } = await cropsOf(backend, maps, photos, "NCHW");
      const map = unpackCropMap(rows, 1, CROP);
      const { scale, padX, padY } = letterboxFit(480, 640, SIZE, 0.1);
      const centre = applyAffine(map, { x: (CROP - 1) / 2, y: (CROP - 1) / 2 });
      assertAlmostEquals(centre.x, ((columns - 1 + 0.25) * stride - padX) / scale - 0.5, 1e-3);
      assertAlmostEquals(centre.y, ((columns - 1 + 0.5) * stride - padY) / scale - 0.5, 1e-3);
      const [a, b, , d, e] = map;
      const step = ROOM * Math.E * stride / scale / CROP;
      assertAlmostEquals(a, step * Math.SQRT1_2, 1e-4 * step);
      assertAlmostEquals(d, step * Math.SQRT1_2, 1e-4 * step);
      assertEquals([b, e], [-d, a]);
    }
  },
);

backendTest(
  "of equally likely cells the first is meant, and nothing is not finite",
  async (backend) => {
    const maps = STRIDES.map((stride) => new Float32Array(16 * (SIZE / stride) ** 2).fill(-3));
    const { rows, expected } = await cropsOf(backend, maps, [[640, 480]], "NCHW");
    unpackCropMap(rows, 0, CROP).forEach((value, i) =>
      assertAlmostEquals(value, expected[0][i], 1e-3)
    );
    // Eyes at one point, and a box beyond all numbers.
    setCell(maps, 0, 0, 5, [90, 90, 0, 0, 1e4, 1e4, ...new Array(10).fill(0)]);
    const { rows: wild } = await cropsOf(backend, maps, [[640, 480]], "NCHW");
    assertEquals([...wild].every(Number.isFinite), true);
  },
);

backendTest("warp_affine cuts crops that were found on the device", async (backend) => {
  using stack = new DisposableStack();
  const photos = [texture(640, 480, 1), texture(300, 900, 2)].map((image) =>
    stack.use(backend.upload(image))
  );
  const maps = noise(2, 3).map((values) => stack.use(backend.write(values, [values.length])));
  const placed = photos.map(({ width, height }) => letterboxFit(width, height, SIZE, 0.1));
  for (const spec of [rgbSpec(CROP), bgrSpec(CROP)]) {
    const options = { size: SIZE, layout: "NCHW", cropSize: CROP, room: ROOM } as const;
    const found = stack.use(backend.likeliestCrop(maps, placed, options));
    const cut = stack.use(backend.warpAffine({ photos, maps: found }, spec, true));
    const [values, rows] = await backend.read(cut, found);
    const jobs = photos.map((photo, i) => ({ photo, cropToPhoto: unpackCropMap(rows, i, CROP) }));
    const again = stack.use(backend.warpAffine(jobs, spec, true));
    const [expected] = await backend.read(again);
    assertEquals(cut.shape, again.shape);
    assertEquals(largestDifference(values, expected) < 2e-2, true);
  }
});

Deno.test("a detection map gives what its cell says, in pixels of the picture", () => {
  const maps = noise(2, 4);
  setCell(maps, 1, 1, 9, LEANING);
  const map = new DetectionMap(maps[1], 1, SIZE, 16, "NCHW");
  assertEquals([map.cells, map.classLogit(9)], [64, 6]);
  assertAlmostEquals(map.score(9), Math.sqrt(1 / (1 + Math.exp(-6)) / (1 + Math.exp(-5))), 1e-9);
  assertEquals(map.box(9).middle, { x: (1 + 0.25) * 16, y: (1 + 0.5) * 16 });
  assertEquals([map.point(9, 0), map.point(9, 1)], [{ x: 0, y: 0 }, { x: 32, y: 32 }]);
});
