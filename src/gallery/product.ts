// Scores of many templates with many, where no device holds them: plain TypeScript for few, onnxruntime's product for many.

import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import { cosineMatrixKernel } from "../kernels/cosine_matrix/mod.ts";
import type { CosineMatrix } from "../kernels/cosine_matrix/mod.ts";
import { type Normalizations, normalizeScores } from "../kernels/normalizations.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { startRuntime } from "../runtime/start.ts";

/** From so many scores on onnxruntime's matrix product is worth its start. */
const MIN_FOR_PRODUCT = 2 ** 19;

/** Computes scores; onnxruntime is started when it first pays. */
export class Product implements AsyncDisposable {
  readonly #size: number;
  #started: Promise<{ runtime: Runtime; product: CosineMatrix }> | undefined;

  /** @param size Numbers per template. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The scores of all rows of one list with all of the other; normalised if gains and offsets are given. */
  async scores(
    a: Float32Array,
    b: Float32Array,
    normalizations?: Normalizations<Float32Array>,
  ): Promise<Float32Array> {
    const size = this.#size, m = a.length / size, n = b.length / size;
    if (!this.#started && m * n < MIN_FOR_PRODUCT) {
      const scores = cosineMatrix(a, b, size);
      if (normalizations) normalizeScores(scores, normalizations);
      return scores;
    }
    this.#started ??= start();
    const { runtime, product } = await this.#started;
    using stack = new DisposableStack();
    const write = (values: Float32Array, width: number) =>
      stack.use(runtime.write(values, [values.length / width, width]));
    const given = normalizations && {
      probes: write(normalizations.probes, 2),
      references: write(normalizations.references, 2),
    };
    const scores = stack.use(await product(write(a, size), write(b, size), given));
    return (await runtime.read(scores))[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await this.#started?.catch(() => undefined);
    await started?.runtime[Symbol.asyncDispose]();
  }
}

async function start(): Promise<{ runtime: Runtime; product: CosineMatrix }> {
  const runtime = await startRuntime("wasm");
  return { runtime, product: await runtime.prepare(cosineMatrixKernel) };
}
