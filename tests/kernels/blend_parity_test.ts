// Templates from embeddings, on every backend, against the TypeScript kernel.
// The odd sizes are those that a workgroup of 64 threads could get wrong.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { blendNormalize } from "../../src/kernels/blend_normalize/cpu.ts";
import { backendTest, largestDifference, note, random } from "./helpers.ts";

function embeddings(rows: number, dim: number): Float32Array {
  const next = random(rows * 1000 + dim);
  return Float32Array.from({ length: rows * dim }, () => 20 * (next() - 0.5));
}

backendTest("blend_normalize is the TypeScript kernel", async (backend) => {
  for (const [rows, dim] of [[1, 1], [2, 3], [3, 64], [5, 65], [70, 192], [2, 511], [4, 512]]) {
    for (const mirrored of [false, true]) {
      const values = embeddings(mirrored ? rows * 2 : rows, dim);
      using input = backend.write(values, [values.length / dim, dim]);
      using output = backend.blendNormalize(input, mirrored);
      assertEquals(output.shape, [rows, dim]);
      const [actual] = await backend.read(output);
      const difference = largestDifference(actual, blendNormalize(values, dim, mirrored));
      note(`blend_normalize ${rows}x${dim} mirrored ${mirrored}: ${difference.toExponential(1)}`);
      assert(difference <= 1e-6, `${rows}x${dim}, mirrored ${mirrored}: off by ${difference}`);
    }
  }
});

backendTest("blend_normalize takes more rows than a dimension has workgroups", async (backend) => {
  const values = embeddings(70_001, 2);
  using input = backend.write(values, [70_001, 2]);
  using output = backend.blendNormalize(input, false);
  const [actual] = await backend.read(output);
  assert(largestDifference(actual, blendNormalize(values, 2, false)) <= 1e-6);
});

backendTest("blend_normalize leaves zeros", async (backend) => {
  using input = backend.write(new Float32Array([0, 0, 0, 0, 3, 4]), [2, 3]);
  using output = backend.blendNormalize(input, false);
  const [actual] = await backend.read(output);
  assert(largestDifference(actual, new Float32Array([0, 0, 0, 0, 0.6, 0.8])) <= 1e-6);
});

backendTest("numbers that are not finite are refused at the door", (backend) => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const write = (): unknown => backend.write(new Float32Array([0, value]), [1, 2]);
    assertThrows(write, InvalidArgumentError, `number 1 is ${value}`);
  }
  return Promise.resolve();
});

backendTest("blend_normalize of no rows is no rows", async (backend) => {
  using input = backend.write(new Float32Array(0), [0, 192]);
  using output = backend.blendNormalize(input, true);
  assertEquals(output.shape, [0, 192]);
  assertEquals((await backend.read(output))[0].length, 0);
});
