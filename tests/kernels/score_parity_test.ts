// Comparison scores and rankings, on every backend, against the TypeScript kernels.
// Scores agree to 1e-5; rankings of the same scores agree exactly, ties included.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeviceError, InvalidArgumentError } from "../../src/base/errors.ts";
import { cosineMatrix } from "../../src/kernels/cosine_matrix/cpu.ts";
import { topK } from "../../src/kernels/top_k/cpu.ts";
import type { Backend } from "../../src/kernels/mod.ts";
import { normalizeScores } from "../../src/kernels/normalizations.ts";
import {
  backendTest,
  largestDifference,
  note,
  random,
  rank,
  unitRows,
  webgpuTest,
} from "./helpers.ts";

async function assertScores(backend: Backend, m: number, n: number, dim: number): Promise<void> {
  const left = unitRows(m, dim, 1), right = unitRows(n, dim, 2);
  using probes = backend.write(left, [m, dim]);
  using references = backend.write(right, [n, dim]);
  using scores = await backend.cosineMatrix(probes, references);
  assertEquals(scores.shape, [m, n]);
  const [actual] = await backend.read(scores);
  const difference = largestDifference(actual, cosineMatrix(left, right, dim));
  note(`cosine_matrix ${m}x${n}x${dim}: ${difference.toExponential(1)}`);
  assert(difference <= 1e-5, `${m}x${n}x${dim}: off by ${difference}`);
}

backendTest("cosine_matrix is the TypeScript kernel", async (backend) => {
  for (const dim of [1, 3, 4, 192, 511]) {
    for (const [m, n] of [[1, 1], [1, 63], [2, 65], [8, 200], [9, 64], [65, 130], [64, 1]]) {
      await assertScores(backend, m, n, dim);
    }
  }
});

backendTest("cosine_matrix takes no references, one, and 65,537", async (backend) => {
  for (const m of [1, 9]) {
    for (const n of [0, 1, 65_537]) await assertScores(backend, m, n, 3);
  }
  await assertScores(backend, 1, 65_537, 192);
  await assertScores(backend, 0, 5, 4);
});

webgpuTest("cosine_matrix windows references beyond the binding limit", async (backend) => {
  const { maxStorageBufferBindingSize, maxBufferSize } = backend.gpu.device.limits;
  const dim = 512, n = Math.ceil(maxStorageBufferBindingSize / (4 * dim)) + 77;
  // Only software adapters have a limit so small that a test can pass it.
  if (n * dim * 4 > Math.min(maxBufferSize, 2 ** 28)) return;
  const right = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) right[i * dim + i % dim] = i / n;
  const left = new Float32Array(2 * dim).fill(1, 0, dim).fill(-1, dim);
  using probes = backend.write(left, [2, dim]);
  using references = backend.write(right, [n, dim]);
  using scores = await backend.cosineMatrix(probes, references);
  const [actual] = await backend.read(scores);
  const expected = Float32Array.from({ length: 2 * n }, (_, i) => i < n ? i / n : 1 - i / n);
  assert(largestDifference(actual, expected) <= 1e-6);
});

webgpuTest("cosine_matrix refuses results beyond the binding limit", async (backend) => {
  const side = Math.ceil(Math.sqrt(backend.gpu.device.limits.maxStorageBufferBindingSize / 4)) + 1;
  using many = backend.write(new Float32Array(side), [side, 1]);
  const error = await assertRejects(() => backend.cosineMatrix(many, many), DeviceError);
  assert(error.message.includes(`shape ${side}x${side}`) && error.message.includes('"wasm"'));
  const before = backend.memory.live;
  await assertRejects(() => backend.cosineMatrix(many, many), DeviceError);
  assertEquals(backend.memory.live, before);
  // The device is none the worse for it.
  using two = backend.write(new Float32Array([1, 0.5]), [2, 1]);
  using scores = await backend.cosineMatrix(two, two);
  assertEquals([...(await backend.read(scores))[0]], [1, 0.5, 0.5, 0.25]);
});

/** Compares without drawing a difference of a million lines. */
function assertSame(actual: ArrayLike<number>, expected: ArrayLike<number>, name: string): void {
  assertEquals(actual.length, expected.length, name);
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] !== expected[i]) assertEquals(actual[i], expected[i], `${name}, number ${i}`);
  }
}

async function assertRanking(
  backend: Backend,
  scores: Float32Array,
  columns: number,
  k: number,
): Promise<void> {
  using block = backend.write(scores, [scores.length / columns, columns]);
  const actual = await rank(backend, block, k);
  const expected = topK(scores, columns, k);
  const name = `${scores.length / columns}x${columns}, k=${k}`;
  assertSame(actual.indices, expected.indices, `indices of ${name}`);
  assertSame(actual.scores, expected.scores, `scores of ${name}`);
}

function randomScores(count: number, steps: number): Float32Array {
  const next = random(count);
  return Float32Array.from({ length: count }, () => Math.floor(next() * steps) / steps * 2 - 1);
}

backendTest("top_k is the TypeScript kernel", async (backend) => {
  for (const columns of [1, 2, 3, 255, 256, 257, 1023, 1024, 1025, 5000]) {
    for (const k of [1, 2, 7, 128, 255, 256]) {
      if (k <= columns) {
        await assertRanking(backend, randomScores(columns * 3, 2 ** 24), columns, k);
      }
    }
  }
});

backendTest("top_k orders ties by index", async (backend) => {
  for (const columns of [5, 1024, 3000]) {
    for (const steps of [1, 2, 10]) {
      const k = Math.min(columns, 256);
      await assertRanking(backend, randomScores(columns * 4, steps), columns, k);
    }
  }
  await assertRanking(backend, new Float32Array([-0, 0, -0, 0, 1, -1]), 6, 6);
});

backendTest("top_k takes the largest k, more, none, and no columns", async (backend) => {
  await assertRanking(backend, randomScores(600, 2 ** 24), 300, 300);
  await assertRanking(backend, randomScores(600, 2 ** 24), 300, 0);
  using none = backend.write(new Float32Array(0), [2, 0]);
  assertEquals((await rank(backend, none, 0)).indices.length, 0);
});

backendTest(
  "top_k takes a million columns, and more rows than a dimension has workgroups",
  async (backend) => {
    await assertRanking(backend, randomScores(1_000_003, 2 ** 20), 1_000_003, 10);
    await assertRanking(backend, randomScores(1_000_003, 2 ** 20), 1_000_003, 256);
    await assertRanking(backend, randomScores(70_000 * 3, 100), 3, 2);
  },
);

backendTest("probes find themselves from the first score to the ranking", async (backend) => {
  const dim = 192, rows = unitRows(3000, dim, 5);
  using references = backend.write(rows, [3000, dim]);
  using probes = backend.write(rows.slice(700 * dim, 720 * dim), [20, dim]);
  using scores = await backend.cosineMatrix(probes, references);
  const { indices } = await rank(backend, scores, 1);
  assertEquals([...indices], Array.from({ length: 20 }, (_, i) => 700 + i));
});

/** Gains around a half and offsets around 0 as cohorts give them, in steps that float32 adds and multiplies exactly. */
function gainsAndOffsets(rows: number, seed: number): Float32Array<ArrayBuffer> {
  const next = random(seed);
  return Float32Array.from(
    { length: 2 * rows },
    (_, i) => i % 2 ? Math.floor(32 * next() - 16) / 64 : (8 + Math.floor(16 * next())) / 32,
  );
}

backendTest("cosine_matrix normalises by gains and offsets as its definition", async (backend) => {
  // Few probes and many, on the CPU with and without onnxruntime's product.
  for (const [m, n, dim] of [[1, 1, 3], [2, 65, 192], [8, 300, 5], [9, 130, 192], [65, 70, 511]]) {
    const left = unitRows(m, dim, 1), right = unitRows(n, dim, 2);
    const p = gainsAndOffsets(m, 3), r = gainsAndOffsets(n, 4);
    const expected = cosineMatrix(left, right, dim);
    normalizeScores(expected, { probes: p, references: r });
    const worst = m * n - 1;
    const plain = cosineMatrix(left, right, dim)[worst];
    const wanted = plain * (p[2 * m - 2] + r[2 * n - 2]) + p[2 * m - 1] + r[2 * n - 1];
    assert(Math.abs(expected[worst] - wanted) < 1e-6);
    using probes = backend.write(left, [m, dim]);
    using references = backend.write(right, [n, dim]);
    using probeRows = backend.write(p, [m, 2]);
    using referenceRows = backend.write(r, [n, 2]);
    const normalizations = { probes: probeRows, references: referenceRows };
    using scores = await backend.cosineMatrix(probes, references, normalizations);
    const [actual] = await backend.read(scores);
    const difference = largestDifference(actual, expected);
    note(`cosine_matrix, normalised, ${m}x${n}x${dim}: ${difference.toExponential(1)}`);
    assert(difference <= 2e-5, `${m}x${n}x${dim}: off by ${difference}`);
  }
});

webgpuTest("cosine_matrix windows gains and offsets with their references", async (backend) => {
  const { maxStorageBufferBindingSize, maxBufferSize } = backend.gpu.device.limits;
  const dim = 512, n = Math.ceil(maxStorageBufferBindingSize / (4 * dim)) + 77;
  if (n * dim * 4 > Math.min(maxBufferSize, 2 ** 28)) return;
  using probes = backend.write(new Float32Array(dim).fill(1, 0, 1), [1, dim]);
  using references = backend.write(new Float32Array(n * dim).fill(0.5), [n, dim]);
  using probeRows = backend.write(new Float32Array([1, 0]), [1, 2]);
  const r = gainsAndOffsets(n, 6);
  using referenceRows = backend.write(r, [n, 2]);
  const normalizations = { probes: probeRows, references: referenceRows };
  using scores = await backend.cosineMatrix(probes, references, normalizations);
  const [actual] = await backend.read(scores);
  const expected = Float32Array.from({ length: n }, (_, i) => (1 + r[2 * i]) / 2 + r[2 * i + 1]);
  assert(largestDifference(actual, expected) <= 1e-6);
});

backendTest("top_k ranks normalised scores, ties in the order of the index", async (backend) => {
  for (const [rows, columns, k] of [[1, 1, 1], [3, 700, 20], [2, 5000, 10], [1, 3000, 300]]) {
    // Few values, so that scores are equal again and again.
    const scores = randomScores(rows * columns, 16).map((value) => Math.round(8 * value) / 16);
    const p = gainsAndOffsets(rows, 1), r = gainsAndOffsets(columns, 2);
    const normalized = scores.slice();
    normalizeScores(normalized, { probes: p, references: r });
    const expected = topK(normalized, columns, k);
    assertSame(
      topK(scores, columns, k, { probes: p, references: r }).indices,
      expected.indices,
      "",
    );
    using block = backend.write(scores, [rows, columns]);
    using probes = backend.write(p, [rows, 2]);
    using references = backend.write(r, [columns, 2]);
    const actual = await rank(backend, block, k, { probes, references });
    const name = `${rows}x${columns}, k=${k}`;
    assertSame(actual.indices, expected.indices, `indices of ${name}`);
    assertSame(actual.scores, expected.scores, `scores of ${name}`);
    assert(new Set(actual.scores).size < rows * Math.min(k, columns) || k === 1, `ties in ${name}`);
  }
});

backendTest("gains and offsets of another number of rows are refused", async (backend) => {
  using two = backend.write(new Float32Array([1, 0, 0, 1]), [2, 2]);
  using one = backend.write(new Float32Array([1, 0]), [1, 2]);
  for (const rows of [{ probes: one, references: two }, { probes: two, references: one }]) {
    await assertRejects(
      () => backend.cosineMatrix(two, two, rows),
      InvalidArgumentError,
      "a gain and an offset for each, 2x2",
    );
    await assertRejects(() => rank(backend, two, 1, rows), InvalidArgumentError, "2x2");
  }
});
