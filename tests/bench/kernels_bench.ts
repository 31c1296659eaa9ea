// The kernels one by one, TypeScript against WebGPU: deno bench -A tests/bench/kernels_bench.ts
// Every WebGPU number has one wait for the device in it, whose cost alone is the group "wait". For the bandwidth of
// 1:N comparisons: deno run -A tests/bench/kernels_bench.ts --throughput

import type { Affine } from "../../src/math/affine.ts";
import { type Backend, type Block, createBackend } from "../../src/kernels/mod.ts";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { GpuRuntime } from "../../src/runtime/gpu/runtime.ts";
import { gemmModel } from "../../src/kernels/cosine_matrix/generate_gemm.ts";
import { acquireDevice, probeAdapter } from "../../src/runtime/gpu/device.ts";
import { bgrSpec, random, rank, rgbSpec, texture, unitRows } from "../kernels/helpers.ts";
import { outside } from "./outside.ts";

const DIM = 512;

const backends: Backend[] = [await createBackend(new CpuRuntime())];
const adapter = await probeAdapter();
if (adapter) backends.push(await createBackend(new GpuRuntime(await acquireDevice(adapter))));

/** One row repeated differently in every block of 1,000, as a million random rows take longer than the bench. */
function gallery(count: number): Float32Array {
  const rows = unitRows(Math.min(count, 1000), DIM, 1);
  const out = new Float32Array(count * DIM);
  for (let start = 0; start < out.length; start += rows.length) out.set(rows, start);
  return out;
}

/** Adds a kernel on every backend; `prepare` gives what is measured, and runs in the warm-up. */
function compare(
  group: string,
  prepare: (backend: Backend) => () => Block | Promise<unknown>,
  options: Partial<Deno.BenchDefinition> = {},
): void {
  for (const backend of backends) {
    const isSoftware = backend.device === "webgpu" && adapter?.software;
    const one = backend.write(new Float32Array(1), [1]);
    let task: (() => Block | Promise<unknown>) | undefined;
    Deno.bench({
      ...options,
      name: `${group}, ${backend.device}${isSoftware ? " (software)" : ""}`,
      group,
      baseline: backend === backends[0],
      async fn(): Promise<void> {
        task ??= prepare(backend);
        const result = await task();
        if (!isBlock(result)) return;
        await backend.read(one);
        result[Symbol.dispose]();
      },
    });
  }
}

function isBlock(result: unknown): result is Block {
  return typeof result === "object" && result !== null && Symbol.dispose in result;
}

/** Adds an outside reference to a group. */
function reference(group: string, name: string, fn: () => Promise<unknown>, options = {}): void {
  Deno.bench({ ...options, name: `${group}, ${name}`, group, fn: async () => void await fn() });
}

const sharp = await outside("npm:sharp@0.35.5");
const ortNode = await outside("npm:onnxruntime-node@1.30.0");

const FEW = { n: 5, warmup: 2 };

compare("wait", (backend) => () => backend.write(new Float32Array(1), [1]));

compare("letterbox 1600x1200 to 320", (backend) => {
  const photo = backend.upload(texture(1600, 1200));
  return () => backend.letterbox([{ photo }], rgbSpec(320));
});

if (sharp) {
  const { data, width, height } = texture(1600, 1200);
  const raw = { width, height, channels: 4 };
  // sharp stops at 8-bit pixels; letterbox also makes the floats of the network.
  reference(
    "letterbox 1600x1200 to 320",
    "sharp",
    () =>
      sharp(data, { raw }).resize(320, 320, { fit: "contain", kernel: "linear" }).removeAlpha()
        .raw()
        .toBuffer(),
  );
}

for (const [name, spec] of [["112 NHWC", rgbSpec(112)], ["320 NCHW", bgrSpec(320)]] as const) {
  compare(`warp_affine 32 faces to ${name}, mirrored`, (backend) => {
    const photo = backend.upload(texture(1600, 1200));
    const jobs = Array.from({ length: 32 }, (_, i) => {
      const cropToPhoto: Affine = [1.2, -0.1, 40 * i, 0.1, 1.2, 30 * i];
      return { photo, cropToPhoto };
    });
    return () => backend.warpAffine(jobs, spec, true);
  });
}

compare("blend_normalize 64 rows to 32 x 512", (backend) => {
  const embeddings = backend.write(unitRows(64, DIM, 1), [64, DIM]);
  return () => backend.blendNormalize(embeddings, true);
});

compare("cosine_matrix 100 x 10,000 x 512", (backend) => {
  const probes = backend.write(unitRows(100, DIM, 2), [100, DIM]);
  const references = backend.write(gallery(10_000), [10_000, DIM]);
  return () => backend.cosineMatrix(probes, references);
});

/** Adds onnxruntime-node's product of the same matrices. */
async function nativeGemm(group: string, m: number, n: number, options = {}): Promise<void> {
  if (!ortNode) return;
  const session = await ortNode.InferenceSession.create(gemmModel());
  const feeds = {
    probes: new ortNode.Tensor("float32", unitRows(m, DIM, 2), [m, DIM]),
    references: new ortNode.Tensor("float32", gallery(n), [n, DIM]),
  };
  reference(group, "onnxruntime-node", () => session.run(feeds), options);
}
await nativeGemm("cosine_matrix 100 x 10,000 x 512", 100, 10_000);

const SIZES = [[1000, "1k"], [100_000, "100k"], [1_000_000, "1M"]] as const;
for (const [count, name] of SIZES) {
  const options = count > 100_000 ? FEW : {};
  compare(`cosine_matrix 1 x ${name} x 512`, (backend) => {
    const probe = backend.write(unitRows(1, DIM, 2), [1, DIM]);
    const references = backend.write(gallery(count), [count, DIM]);
    return () => backend.cosineMatrix(probe, references);
  }, options);
  await nativeGemm(`cosine_matrix 1 x ${name} x 512`, 1, count, options);
  for (const k of [1, 10, 256]) {
    compare(`top_k ${k} of ${name}`, (backend) => {
      const next = random(3);
      const scores = backend.write(Float32Array.from({ length: count }, next), [1, count]);
      return () => rank(backend, scores, k);
    }, options);
  }
}

if (Deno.args.includes("--throughput")) await printThroughput();

/** Gigabytes of references per second, the wait for the device included: the best of five. */
async function printThroughput(): Promise<void> {
  for (const [count, name] of SIZES) {
    const values = gallery(count);
    for (const backend of backends) {
      using probe = backend.write(unitRows(1, DIM, 2), [1, DIM]);
      using references = backend.write(values, [count, DIM]);
      using one = backend.write(new Float32Array(1), [1]);
      let best = Infinity;
      for (let i = 0; i < 6; i++) {
        const start = performance.now();
        using _scores = await backend.cosineMatrix(probe, references);
        await backend.read(one);
        if (i > 0) best = Math.min(best, performance.now() - start);
      }
      const rate = values.byteLength / best / 1e6;
      const line = `1 x ${name} x ${DIM} on ${backend.device}: ${best.toFixed(2)} ms, ${
        rate.toFixed(2)
      } GB/s\n`;
      Deno.stdout.writeSync(new TextEncoder().encode(line));
    }
  }
}
