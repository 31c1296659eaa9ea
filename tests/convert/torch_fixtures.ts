// Checkpoints that Debian's python3-torch writes on the fly, and the ONNX files of them run on wasm.

import { createSession, loadOrt } from "../../src/runtime/ort.ts";

/** Debian's Python; another one on the path may lack its packages. */
const PYTHON = "/usr/bin/python3";

/** Whether it has torch. */
const hasTorch: boolean = (() => {
  try {
    const args = ["-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"];
    return new Deno.Command(PYTHON, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
})();

/** Registers a test that needs torch. */
export function testWithTorch(name: string, body: (test: Deno.TestContext) => Promise<void>): void {
  const reason = "skipped: there is no python3-torch";
  Deno.test({ name: hasTorch ? name : `${name} (${reason})`, ignore: !hasTorch, fn: body });
}

/** A checkpoint to make; see make_checkpoints.py. */
export interface Job {
  readonly file: string;
  readonly network: string;
  readonly numbers?: number;
  readonly dtype?: "float16" | "bfloat16" | "float32" | "float64";
  readonly legacy?: boolean;
  /** MXNet's .params instead of torch's formats. */
  readonly mxnet?: boolean;
  /** Torch's own export beside it. */
  readonly onnx?: boolean;
  /** Linear layers dynamically quantised, with a scale for each matrix or for each of its rows. */
  readonly quantized?: "per_tensor" | "per_channel";
  readonly prefix?: string;
  readonly wrap?: readonly string[];
  readonly strided?: boolean;
  readonly inputs?: number;
  readonly seed?: number;
}

/** Runs Python; what it prints to standard error is the error. */
export function torch(args: readonly string[]): Uint8Array {
  const { success, stdout, stderr } = new Deno.Command(PYTHON, { args: [...args] }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}

/** Makes the checkpoints in a folder. */
export function makeCheckpoints(folder: string, jobs: readonly Job[]): void {
  const script = new URL("make_checkpoints.py", import.meta.url).pathname;
  torch([script, folder, JSON.stringify(jobs)]);
}

/** Numbers that make_checkpoints.py wrote. */
export function numbers(path: string): Float32Array<ArrayBuffer> {
  return new Float32Array(Deno.readFileSync(path).buffer);
}

/** What an ONNX file makes of pictures `[N, 3, 112, 112]`, all in one run. */
export async function embed(
  onnx: Uint8Array,
  pictures: Float32Array,
): Promise<Float32Array> {
  // One thread: where cores are busy, threads that wait for each other take minutes.
  const ort = await loadOrt("wasm", { threads: 1 });
  const session = await createSession(ort, onnx, { graphOptimizationLevel: "all" });
  const shape = [pictures.length / (3 * 112 * 112), 3, 112, 112];
  const output = await session.run({ input: new ort.Tensor("float32", pictures, shape) });
  const data = (output.embedding.data as Float32Array).slice();
  await session.release();
  return data;
}

/** The largest difference of two lists of rows, relative to the largest number of the row. */
export function relativeError(found: Float32Array, wanted: Float32Array, rows: number): number {
  if (found.length !== wanted.length) return Infinity;
  const length = wanted.length / rows;
  const errors = Array.from({ length: rows }, (_, row) => {
    const part = wanted.subarray(row * length, (row + 1) * length);
    const most = Math.max(...part.map(Math.abs));
    return Math.max(...part.map((value, i) => Math.abs(value - found[row * length + i]))) / most;
  });
  return Math.max(...errors);
}
