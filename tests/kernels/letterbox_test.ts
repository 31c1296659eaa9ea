import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { letterbox, letterboxFit } from "../../src/kernels/letterbox/cpu.ts";
import { fromPixels, type Image } from "../../src/image/image.ts";

const RAW: TensorSpec = {
  size: 8,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};

function noise(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * 7919 + 13) % 251;
  return fromPixels({ width, height, data });
}

Deno.test("letterbox: a photo of the size itself is not changed", () => {
  const image = noise(8, 8);
  const out = letterbox([{ photo: image }], RAW);
  const wanted = [...image.data].filter((_, i) => i % 4 !== 3);
  out.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-3));
});

Deno.test("letterbox: shrinking by a whole factor is the mean of each block", () => {
  const image = noise(24, 24);
  const out = letterbox([{ photo: image }], RAW);
  for (const [x, y] of [[0, 0], [3, 5], [7, 7]]) {
    let sum = 0;
    for (let j = 0; j < 3; j++) {
      for (let i = 0; i < 3; i++) sum += image.data[((3 * y + j) * 24 + 3 * x + i) * 4];
    }
    assertAlmostEquals(out[(y * 8 + x) * 3], sum / 9, 1e-3);
  }
});

Deno.test("letterbox: an odd factor keeps the mean of the photo", () => {
  const image = noise(37, 37);
  const out = letterbox([{ photo: image }], RAW);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
  const red = [...out].filter((_, i) => i % 3 === 0);
  assertAlmostEquals(mean(red), mean([...image.data].filter((_, i) => i % 4 === 0)), 1e-2);
});

Deno.test("letterbox: a wide photo is centred on black and enlarging is smooth", () => {
  const fit = letterboxFit(4, 2, 8);
  assertEquals(fit, { scale: 2, padX: 0, padY: 2 });
  const image = fromPixels({ width: 4, height: 2, data: new Uint8Array(24).fill(90) });
  const out = letterbox([{ photo: image }], RAW);
  for (let y = 0; y < 8; y++) {
    const wanted = y >= 2 && y < 6 ? 90 : 0;
    for (let x = 0; x < 8; x++) assertAlmostEquals(out[(y * 8 + x) * 3 + 1], wanted, 1e-4);
  }
});

Deno.test("letterbox: one pixel fills the square", () => {
  const image = fromPixels({ width: 1, height: 1, data: new Uint8Array([10, 20, 30]) });
  const out = letterbox([{ photo: image }], { ...RAW, mean: [10, 10, 10], scale: [10, 10, 10] });
  for (let i = 0; i < out.length; i += 3) {
    assertAlmostEquals(out[i], 0, 1e-6);
    assertAlmostEquals(out[i + 1], 1, 1e-6);
    assertAlmostEquals(out[i + 2], 2, 1e-6);
  }
});

Deno.test("letterbox: a margin is black, of a share of the longer side, and the photo keeps its middle", () => {
  const fit = letterboxFit(8, 4, 8, 0.5);
  assertEquals(fit, { scale: 0.5, padX: 2, padY: 3 });
  const image = fromPixels({ width: 8, height: 4, data: new Uint8Array(96).fill(90) });
  const out = letterbox([{ photo: image }], RAW, 0.5);
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      const inside = x >= 2 && x < 6 && y >= 3 && y < 5;
      assertAlmostEquals(out[(y * 8 + x) * 3], inside ? 90 : 0, 1e-4);
    }
  }
});
