// The kernels that make crops, on every backend, against the TypeScript kernels: 99.9% of the pixels within 1e-3 of
// full scale, and none further than a hundredth.

import { assert, assertEquals } from "@std/assert";
import type { Affine } from "../../src/math/affine.ts";
import { warpAffine } from "../../src/kernels/warp_affine/cpu.ts";
import type { Backend } from "../../src/kernels/mod.ts";
import { tensorShape, type TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { letterbox } from "../../src/kernels/letterbox/cpu.ts";
import type { Image } from "../../src/image/image.ts";
import { backendTest, bgrSpec, note, pixelParity, rgbSpec, texture } from "./helpers.ts";

function assertParity(
  name: string,
  actual: Float32Array,
  expected: Float32Array,
  spec: TensorSpec,
): void {
  const { worst, within } = pixelParity(actual, expected, spec);
  note(`${name}: worst ${worst.toExponential(1)} of full scale, ${(100 * within).toFixed(3)}%`);
  assert(within >= 0.999, `${name}: only ${100 * within}% of the pixels are within 1e-3`);
  assert(worst <= 0.01, `${name}: the worst pixel is off by ${worst} of full scale`);
}

backendTest("letterbox is the TypeScript kernel", async (backend) => {
  const cases: [name: string, image: Image, spec: TensorSpec][] = [
    ["shrink 6x", texture(1600, 1200), rgbSpec(256)],
    ["shrink 6x, portrait, NCHW BGR", texture(1200, 1600), bgrSpec(256)],
    ["shrink 18x", texture(2304, 1300), rgbSpec(128)],
    ["shrink by a fraction", texture(300, 211), rgbSpec(256)],
    ["an edge on a pixel centre", texture(256, 193), rgbSpec(256)],
    ["one to one", texture(128, 128), bgrSpec(128)],
    ["enlarge", texture(57, 101), rgbSpec(256)],
    ["one pixel", texture(1, 1), rgbSpec(128)],
    ["one row", texture(700, 1), rgbSpec(128)],
    ["one column", texture(1, 700), bgrSpec(128)],
    ["8000 wide", texture(8000, 300), rgbSpec(256)],
    ["a size that is no multiple of the workgroup", texture(99, 77), rgbSpec(13)],
  ];
  for (const [name, image, spec] of cases) {
    using photo = backend.upload(image);
    using block = backend.letterbox([{ photo }], spec);
    assertEquals(block.shape, tensorShape(spec, 1), name);
    const [values] = await backend.read(block);
    assertParity(`letterbox, ${name}`, values, letterbox([{ photo: image }], spec), spec);
  }
});

backendTest(
  "letterbox has black bars where TypeScript has them, for every height",
  async (backend) => {
    const spec = rgbSpec(64);
    for (let height = 1; height <= 64; height++) {
      const image = texture(64, height);
      using photo = backend.upload(image);
      using block = backend.letterbox([{ photo }], spec);
      const [values] = await backend.read(block);
      assertParity(`letterbox, 64x${height}`, values, letterbox([{ photo: image }], spec), spec);
    }
  },
);

backendTest("letterbox takes batches of photos at all four turns", async (backend) => {
  const images = [texture(90, 50, 1), texture(31, 64, 2)];
  for (const spec of [rgbSpec(32), bgrSpec(40)]) {
    using stack = new DisposableStack();
    const photos = images.map((image) => stack.use(backend.upload(image)));
    const orders = [0, 1].flatMap((i) => ([0, 1, 2, 3] as const).map((turns) => ({ i, turns })));
    const block = stack.use(
      backend.letterbox(orders.map(({ i, turns }) => ({ photo: photos[i], turns })), spec, 0.25),
    );
    assertEquals(block.shape, tensorShape(spec, 8));
    const [values] = await backend.read(block);
    const jobs = orders.map(({ i, turns }) => ({ photo: images[i], turns }));
    assertParity("letterbox, eight", values, letterbox(jobs, spec, 0.25), spec);
    const each = values.length / 8, { size } = spec;
    const at = (job: number, x: number, y: number, c: number): number =>
      values[
        job * each + (spec.layout === "NHWC" ? (y * size + x) * 3 + c : (c * size + y) * size + x)
      ];
    for (const [job, { i, turns }] of orders.entries()) {
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          // A quarter turn clockwise brings what was at the left to the top.
          let [u, v] = [x, y];
          for (let turn = 0; turn < turns; turn++) [u, v] = [v, size - 1 - u];
          for (let c = 0; c < 3; c++) assertEquals(at(job, x, y, c), at(4 * i, u, v, c));
        }
      }
    }
  }
});

/** The map that turns and scales a crop and brings its centre to (x, y). */
function around(x: number, y: number, size: number, scale: number, angle: number): Affine {
  const a = scale * Math.cos(angle), d = scale * Math.sin(angle), middle = (size - 1) / 2;
  return [a, -d, x - (a - d) * middle, d, a, y - (a + d) * middle];
}

async function assertWarps(
  backend: Backend,
  name: string,
  images: readonly Image[],
  jobs: readonly (readonly [image: number, map: Affine])[],
  spec: TensorSpec,
  mirrored: boolean,
): Promise<void> {
  using stack = new DisposableStack();
  const photos = images.map((image) => stack.use(backend.upload(image)));
  const block = stack.use(backend.warpAffine(
    jobs.map(([image, cropToPhoto]) => ({ photo: photos[image], cropToPhoto })),
    spec,
    mirrored,
  ));
  assertEquals(block.shape, tensorShape(spec, jobs.length * (mirrored ? 2 : 1)), name);
  const [values] = await backend.read(block);
  const warps = jobs.map(([image, cropToPhoto]) => ({ image: images[image], cropToPhoto }));
  assertParity(`warp_affine, ${name}`, values, warpAffine(warps, spec, mirrored), spec);
}

backendTest("warp_affine is the TypeScript kernel", async (backend) => {
  const image = texture(640, 480);
  const rgb = rgbSpec(112), bgr = bgrSpec(112);
  const cases: [
    name: string,
    x: number,
    y: number,
    scale: number,
    angle: number,
    spec: TensorSpec,
  ][] = [
    ["one to one", 320, 240, 1, 0, rgb],
    ["half a pixel beside", 320.5, 240.5, 1, 0, rgb],
    ["turned", 300.3, 200.7, 1.2, 0.4, rgb],
    ["NCHW BGR", 300.3, 200.7, 1.2, -2.1, bgr],
    ["shrink just over 1.5x", 320, 240, 1.51, 0.1, rgb],
    ["shrink 18x", 310, 250, 18, 0.2, bgr],
    ["enlarge 10x", 320, 240, 0.1, 0.2, rgb],
    ["at the top left corner", 0, 0, 1.3, 0.3, rgb],
    ["at the bottom right corner", 639, 479, 1.3, 0.3, bgr],
    ["outside", -4000, 9000, 1, 0, rgb],
    ["FaceMesh's crop", 320, 240, 1.4, 0.05, rgbSpec(192)],
    ["a size that is no multiple of the workgroup", 320, 240, 1.4, 0.05, rgbSpec(13)],
  ];
  for (const [name, x, y, scale, angle, spec] of cases) {
    const map = around(x, y, spec.size, scale, angle);
    await assertWarps(backend, name, [image], [[0, map]], spec, false);
    await assertWarps(backend, `${name}, mirrored`, [image], [[0, map]], spec, true);
  }
});

backendTest("warp_affine keeps its precision 8000 pixels out", async (backend) => {
  const image = texture(8000, 200);
  const jobs = [0.3, 1, 1.4, 5].map((scale, i) =>
    [0, around(7900.3 + i, 101.7, 112, scale, 0.3 * i)] as const
  );
  await assertWarps(backend, "8000 wide", [image], jobs, rgbSpec(112), true);
});

backendTest("warp_affine takes crops of several photos in any order", async (backend) => {
  const images = [texture(640, 480, 1), texture(1, 1, 2), texture(50, 900, 3)];
  const jobs = Array.from({ length: 9 }, (_, i) => {
    const image = i % 3, { width, height } = images[image];
    return [image, around(width / 2 + i, height / 2 - i, 40, 0.5 + i / 2, i)] as const;
  });
  await assertWarps(backend, "three photos", images, jobs, bgrSpec(40), true);
  await assertWarps(backend, "no job", images, [], bgrSpec(40), true);
});

backendTest("warp_affine gives black for maps that lead nowhere", async (backend) => {
  const maps: Affine[] = [
    [NaN, 0, 0, 0, 1, 0],
    [1, 0, Infinity, 0, 1, 0],
    [1, 0, 1e30, 0, 1, -1e30],
    [1e-3, 0, 2e9, 0, 1, 0],
    [0, 0, -1, 0, 0, -1],
  ];
  const jobs = maps.map((map) => [0, map] as const);
  await assertWarps(backend, "nowhere", [texture(30, 20)], jobs, rgbSpec(8), true);
});
