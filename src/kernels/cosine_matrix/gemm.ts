// Comparison scores of many probes with many references on onnxruntime's wasm provider, whose matrix product is SIMD
// and threaded: 25 times as fast as TypeScript for 1,000 probes, no faster for one.

import type { InferenceSession } from "npm:onnxruntime-web@1.30.0";
import type { CpuContext } from "../../runtime/cpu/context.ts";
import type { Ort } from "../../runtime/ort.ts";
import { GEMM_MODEL } from "./gemm_model.ts";

/** From this many probes on, and this many multiplications, the product beats TypeScript (measured, 2 cores). */
const MIN_PROBES = 4;
const MIN_PRODUCTS = 1e5;
/** References per run: wasm memory grows with them and never shrinks. */
const CHUNK_FLOATS = 2 ** 24;

/** Returns whether the matrix product is worth its call. */
export function gemmPays(m: number, n: number, dim: number): boolean {
  return m >= MIN_PROBES && m * n * dim >= MIN_PRODUCTS;
}

/** As `cosineMatrix` of cpu.ts; the session starts with the first call and ends with the runtime. */
export function createGemm(
  context: CpuContext,
): (probes: Float32Array, references: Float32Array, dim: number) => Promise<Float32Array> {
  const bytes = Uint8Array.from(atob(GEMM_MODEL), (character) => character.charCodeAt(0));
  let session: Promise<InferenceSession> | undefined;
  return async (probes, references, dim) => {
    session ??= context.session("score", bytes);
    session.catch(() => session = undefined);
    const started = await session;
    return await context.inOrt("score", (ort) => gemm(ort, started, probes, references, dim));
  };
}

async function gemm(
  ort: Ort,
  session: InferenceSession,
  probes: Float32Array,
  references: Float32Array,
  dim: number,
): Promise<Float32Array> {
  const m = probes.length / dim, n = references.length / dim;
  const out = new Float32Array(m * n);
  const left = new ort.Tensor("float32", probes, [m, dim]);
  const step = Math.max(1, Math.floor(CHUNK_FLOATS / dim));
  for (let start = 0; start < n; start += step) {
    const rows = Math.min(step, n - start);
    const chunk = references.subarray(start * dim, (start + rows) * dim);
    const right = new ort.Tensor("float32", chunk, [rows, dim]);
    const { scores } = await session.run({ probes: left, references: right });
    const values = scores.data as Float32Array;
    for (let i = 0; i < m; i++) out.set(values.subarray(i * rows, (i + 1) * rows), i * n + start);
  }
  return out;
}
