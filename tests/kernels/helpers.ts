// What the tests of the kernels share: the backends of this host, test pictures, and how far two results are apart.
// `backendTest` runs one body on every backend; without an adapter the WebGPU half is reported as ignored.

import { assert } from "@std/assert";
import { type Backend, createBackend, type Kernels, type Photo } from "../../src/kernels/mod.ts";
import type { Normalizations } from "../../src/kernels/normalizations.ts";
import type { RankedScores } from "../../src/kernels/top_k/cpu.ts";
import { topKKernel } from "../../src/kernels/top_k/mod.ts";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import type { Block } from "../../src/runtime/memory.ts";
import type { OrtOptions } from "../../src/runtime/ort.ts";
import type { TensorSpec } from "../../src/runtime/tensor_spec.ts";
import { GpuRuntime } from "../../src/runtime/gpu/runtime.ts";
import { acquireDevice, probeAdapter } from "../../src/runtime/gpu/device.ts";
import { isLavapipe } from "../../src/runtime/gpu/quirks.ts";
import type { Image } from "../../src/image/image.ts";
import { randomNumbers as random } from "../../src/math/random.ts";

export { random };

const adapterName = (await probeAdapter())?.name;

/** Whether this host can run the WebGPU tests. */
export const hasAdapter = adapterName !== undefined;

/** A backend on WebGPU, with what a runtime there tells of itself. */
export type WebgpuBackend = GpuRuntime & Kernels;

/** A backend without a GPU. */
export function startCpu(options: OrtOptions = { threads: 1 }): Promise<Backend> {
  return createBackend(new CpuRuntime(options));
}

/** A backend on this host's GPU, on a device of its own. */
export async function startWebgpu(options: OrtOptions = {}): Promise<WebgpuBackend> {
  const adapter = await probeAdapter();
  assert(adapter);
  return await createBackend(new GpuRuntime(await acquireDevice(adapter), options));
}

/** A test of WebGPU alone. */
export function webgpuTest(name: string, body: (backend: WebgpuBackend) => Promise<void>): void {
  Deno.test({
    name: `${name} (webgpu)`,
    ignore: !hasAdapter,
    async fn(): Promise<void> {
      await using backend = await startWebgpu();
      await body(backend);
    },
  });
}

/** A test of what only lavapipe needs. */
export function lavapipeTest(name: string, body: () => Promise<void>): void {
  const adapter = adapterName ?? "none", ignore = !isLavapipe(adapter);
  const why = ignore ? ` (skipped: the adapter is ${adapter})` : "";
  Deno.test({ name: name + why, ignore, fn: body });
}

/** Makes a small crop of a photo so many times, waiting for each. */
export async function cropTimes(backend: Backend, photo: Photo, times: number): Promise<void> {
  const job = { photo, cropToPhoto: [1, 0, 0, 0, 1, 0] } as const;
  for (let i = 0; i < times; i++) {
    using crops = backend.warpAffine([job], rgbSpec(16), false);
    await backend.read(crops);
  }
}

/** The ranking of one block of scores. */
export async function rank(
  backend: Backend,
  scores: Block,
  k: number,
  normalizations?: Normalizations,
): Promise<RankedScores> {
  const topK = await backend.prepare(topKKernel);
  using ranking = topK(scores, k, normalizations);
  return ranking.ranked(await backend.read(...ranking.blocks));
}

/** A test that every backend has to pass. */
export function backendTest(name: string, body: (backend: Backend) => Promise<void>): void {
  Deno.test(`${name} (wasm)`, async () => {
    await using backend = await startCpu();
    await body(backend);
  });
  webgpuTest(name, body);
}

/** Rows of length 1. */
export function unitRows(rows: number, dim: number, seed: number): Float32Array<ArrayBuffer> {
  const next = random(seed);
  const out = new Float32Array(rows * dim);
  for (let start = 0; start < out.length; start += dim) {
    const row = out.subarray(start, start + dim);
    for (let i = 0; i < dim; i++) row[i] = next() - 0.5;
    const length = Math.hypot(...row);
    for (let i = 0; i < dim; i++) row[i] /= length;
  }
  return out;
}

/** A picture with soft shades, a black and white grid of edges, and noise: all that interpolation can get wrong. */
export function texture(width: number, height: number, seed = 1): Image {
  const next = random(seed);
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const edge = (Math.floor(x / 13) + Math.floor(y / 17)) % 2 === 0 ? 1 : 0;
      data[i] = 255 * edge;
      data[i + 1] = 127 + 100 * Math.sin(x / 9) * Math.cos(y / 11) + 20 * next();
      data[i + 2] = 255 * next();
      data[i + 3] = 255;
    }
  }
  return { width, height, data };
}

/** TensorFlow's kind of input. */
export function rgbSpec(size: number): TensorSpec {
  const mean = [127.5, 127.5, 127.5] as const, scale = [128, 128, 128] as const;
  return { size, layout: "NHWC", color: "RGB", mean, scale };
}

/** ImageNet's means in PyTorch's layout, with the channels reversed: everything that `rgbSpec` is not. */
export function bgrSpec(size: number): TensorSpec {
  const mean = [103.53, 116.28, 123.675] as const, scale = [57.375, 57.12, 58.395] as const;
  return { size, layout: "NCHW", color: "BGR", mean, scale };
}

/** How far pixels are apart: the largest difference, and the share of those within 1e-3 of full scale. */
export interface Parity {
  readonly worst: number;
  readonly within: number;
}

/** Differences in units of full scale (255 grey levels); the channel with the largest gain counts. */
export function pixelParity(
  actual: Float32Array,
  expected: Float32Array,
  spec: TensorSpec,
): Parity {
  assert(actual.length === expected.length, `${actual.length} and ${expected.length} numbers`);
  const fullScale = 255 / Math.max(...spec.scale);
  let worst = 0, good = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]) / fullScale;
    // The comparison is false for a NaN, which must not count as good.
    if (difference <= 1e-3) good++;
    if (!(difference <= worst)) worst = difference;
  }
  return { worst, within: actual.length ? good / actual.length : 1 };
}

/** The largest difference; NaN if there is any. */
export function largestDifference(actual: Float32Array, expected: Float32Array): number {
  assert(actual.length === expected.length, `${actual.length} and ${expected.length} numbers`);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** Prints what was measured when MASKINV_TEST_VERBOSE is set, as numbers for the README come from here. */
export function note(text: string): void {
  if (Deno.env.get("MASKINV_TEST_VERBOSE")) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  }
}
