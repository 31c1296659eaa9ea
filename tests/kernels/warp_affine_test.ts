import { assertAlmostEquals, assertEquals } from "@std/assert";
import { alignFace, ARCFACE_TEMPLATE, type Landmarks } from "../../src/pipeline/align/mod.ts";
import { samplesPerSide } from "../../src/kernels/crop_maps.ts";
import { warpAffine } from "../../src/kernels/warp_affine/cpu.ts";
import type { TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { fromPixels, type Image } from "../../src/image/image.ts";

const RAW: TensorSpec = {
  size: 4,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};
const IDENTITY = [1, 0, 0, 0, 1, 0] as const;

/** A 4x4 picture whose red is 16 y + x, green 100, blue 200 - red. */
function ramp(): Image {
  const data = new Uint8Array(64);
  for (let i = 0; i < 16; i++) {
    const red = 16 * Math.floor(i / 4) + i % 4;
    data.set([red, 100, 200 - red, 255], 4 * i);
  }
  return fromPixels({ width: 4, height: 4, data });
}

Deno.test("warpAffine: the identity gives the pixels themselves", () => {
  const image = ramp();
  const out = warpAffine([{ image, cropToPhoto: IDENTITY }], RAW, false);
  assertEquals([...out], [...image.data].filter((_, i) => i % 4 !== 3));
});

Deno.test("warpAffine: layout, colour order, mean and scale go where the spec says", () => {
  const image = ramp();
  const spec: TensorSpec = {
    size: 4,
    layout: "NCHW",
    color: "BGR",
    mean: [1, 2, 3],
    scale: [2, 4, 8],
  };
  const out = warpAffine([{ image, cropToPhoto: IDENTITY }], spec, false);
  const pixel = 6; // x 2, y 1: red 18, green 100, blue 182
  assertAlmostEquals(out[pixel], (182 - 1) / 2, 1e-4);
  assertAlmostEquals(out[16 + pixel], (100 - 2) / 4, 1e-4);
  assertAlmostEquals(out[32 + pixel], (18 - 3) / 8, 1e-4);
});

Deno.test("warpAffine: mirror images follow all crops and are flipped left to right", () => {
  const image = ramp();
  const jobs = [{ image, cropToPhoto: IDENTITY }, {
    image,
    cropToPhoto: [1, 0, 1, 0, 1, 0] as const,
  }];
  const out = warpAffine(jobs, RAW, true);
  const at = (crop: number, x: number, y: number): number => out[crop * 48 + (y * 4 + x) * 3];
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 4; x++) {
      assertEquals(at(2, x, y), at(0, 3 - x, y));
      assertEquals(at(3, x, y), at(1, 3 - x, y));
    }
  }
});

Deno.test("warpAffine: between pixels it is bilinear, outside it is black", () => {
  const image = ramp();
  const out = warpAffine([{ image, cropToPhoto: [1, 0, 0.5, 0, 1, 0.25] }], RAW, false);
  assertAlmostEquals(out[0], 0.75 * 0.5 + 0.25 * 16.5, 1e-4);
  const away = warpAffine([{ image, cropToPhoto: [1, 0, 50, 0, 1, 0] }], RAW, false);
  assertEquals(away.every((value) => value === 0), true);
  const half = warpAffine([{ image, cropToPhoto: [1, 0, -0.5, 0, 1, 0] }], RAW, false);
  assertAlmostEquals(half[1], 50, 1e-4);
});

Deno.test("warpAffine: shrinking averages instead of skipping pixels", () => {
  const data = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < 64 * 64; i++) data.fill((i + Math.floor(i / 64)) % 2 * 255, 3 * i, 3 * i + 3);
  const board = fromPixels({ width: 64, height: 64, data });
  assertEquals(samplesPerSide([16, 0, 0, 0, 16, 0]), 16);
  assertEquals(samplesPerSide([1.4, 0, 0, 0, 1.4, 0]), 1);
  assertEquals(samplesPerSide([1e9, 0, 0, 0, 1e9, 0]), 64);
  const out = warpAffine([{ image: board, cropToPhoto: [16, 0, 7.5, 0, 16, 7.5] }], RAW, false);
  for (const value of out) assertAlmostEquals(value, 127.5, 1);
});

Deno.test("alignFace brings the landmarks onto the template at any crop size", () => {
  const turn = 0.3, scale = 2.5;
  const c = scale * Math.cos(turn), s = scale * Math.sin(turn);
  const [rightEye, leftEye, nose, rightMouth, leftMouth] = ARCFACE_TEMPLATE.map(({ x, y }) => ({
    x: c * x - s * y + 300,
    y: s * x + c * y + 40,
  }));
  const mesh: Landmarks = {
    rightEye,
    leftEye,
    nose,
    rightMouth,
    leftMouth,
  };
  const { cropToPhoto: [a, b, x0, d, e, y0], residual, roll } = alignFace(mesh);
  const { x, y } = ARCFACE_TEMPLATE[2];
  assertAlmostEquals(a * x + b * y + x0, nose.x, 1e-9);
  assertAlmostEquals(d * x + e * y + y0, nose.y, 1e-9);
  assertAlmostEquals(residual, 0, 1e-9);
  assertAlmostEquals(roll, turn * 180 / Math.PI, 1e-9);
  // At twice the size the same photo point lies at twice the distance from the crop's border.
  const [a2, b2, x2] = alignFace(mesh, 224).cropToPhoto;
  assertAlmostEquals(a2 * (2 * x + 0.5) + b2 * (2 * y + 0.5) + x2, nose.x, 1e-9);
});
