// Scores probes with blocks of rows and keeps the best of each block: with the TypeScript kernels, onnxruntime's
// matrix product for many probes, or the WGSL kernels, where blocks stay on the GPU until they change.

import type { Backend } from "../kernels/mod.ts";
import { createCpuBackend } from "../runtime/cpu/runtime.ts";
import { gemmPays } from "../kernels/cosine_matrix/gemm.ts";
import { checkDevice, type DeviceChoice } from "../pipeline/engine/host.ts";
import { DeviceError } from "../base/errors.ts";
import { GpuContext } from "../runtime/gpu/context.ts";
import { createCosineMatrix } from "../kernels/cosine_matrix/gpu.ts";
import { acquireDevice, probeAdapter } from "../runtime/gpu/device.ts";
import type { GpuBlock } from "../runtime/gpu/memory.ts";
import { createTopK, MOST_K } from "../kernels/top_k/gpu.ts";
import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";
import { type RankedScores, topK } from "../kernels/top_k/cpu.ts";
import type { RowBlock } from "./rows.ts";

/** Ranks the rows of blocks. */
export interface Scorer extends AsyncDisposable {
  /** Where it computes. */
  readonly device: "webgpu" | "wasm";
  /** For each block the k best rows of each probe, or all of them if there are fewer. */
  best(probes: Float32Array, blocks: readonly RowBlock[], size: number, k: number): Promise<
    RankedScores[]
  >;
}

/**
 * Makes the scorer of a device.
 *
 * @throws {DeviceError} If the device asked for does not exist here.
 */
export async function createScorer(choice: DeviceChoice): Promise<Scorer> {
  checkDevice(choice);
  if (choice === "wasm") return new CpuScorer();
  const adapter = await probeAdapter();
  // A software adapter computes on the same cores, and slower.
  if (choice === "auto" && (!adapter || adapter.software)) return new CpuScorer();
  if (!adapter) {
    throw new DeviceError(
      `Cannot search on WebGPU as there is no adapter here: install a driver, or pass device: "wasm"`,
    );
  }
  const context = new GpuContext(await acquireDevice(adapter));
  try {
    return new GpuScorer(
      context,
      await createCosineMatrix(context),
      await createTopK(context),
    );
  } catch (error) {
    context[Symbol.dispose]();
    throw error;
  }
}

class CpuScorer implements Scorer {
  readonly device = "wasm";
  #backend: Promise<Backend> | undefined;

  async best(
    probes: Float32Array,
    blocks: readonly RowBlock[],
    size: number,
    k: number,
  ): Promise<RankedScores[]> {
    const best: RankedScores[] = [];
    for (const { values } of blocks) {
      const scores = await this.#scores(probes, values, size);
      best.push(topK(scores, values.length / size, k));
    }
    return best;
  }

  async #scores(probes: Float32Array, rows: Float32Array, size: number): Promise<Float32Array> {
    const m = probes.length / size, n = rows.length / size;
    if (!gemmPays(m, n, size)) return cosineMatrix(probes, rows, size);
    // onnxruntime takes half a second to start, which is paid only by those who search with many probes at once.
    const backend = await (this.#backend ??= createCpuBackend());
    using left = backend.write(probes, [m, size]);
    using right = backend.write(rows, [n, size]);
    using scores = await backend.cosineMatrix(left, right);
    return (await backend.read(scores))[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#backend)?.[Symbol.asyncDispose]();
  }
}

class GpuScorer implements Scorer {
  readonly device = "webgpu";
  readonly #context: GpuContext;
  readonly #cosineMatrix: Awaited<ReturnType<typeof createCosineMatrix>>;
  readonly #topK: Awaited<ReturnType<typeof createTopK>>;
  readonly #uploaded = new Map<RowBlock, { version: number; block: GpuBlock }>();

  constructor(
    context: GpuContext,
    cosineMatrix: Awaited<ReturnType<typeof createCosineMatrix>>,
    topK: Awaited<ReturnType<typeof createTopK>>,
  ) {
    this.#context = context;
    this.#cosineMatrix = cosineMatrix;
    this.#topK = topK;
  }

  async best(
    probes: Float32Array,
    blocks: readonly RowBlock[],
    size: number,
    k: number,
  ): Promise<RankedScores[]> {
    this.#forgetAllBut(blocks);
    const rows = probes.length / size;
    using stack = new DisposableStack();
    const left = stack.use(this.#context.write(probes, [rows, size]));
    const outputs: GpuBlock[] = [];
    // All blocks are submitted before the only wait.
    for (const block of blocks) {
      const columns = block.values.length / size;
      const scores = stack.use(this.#cosineMatrix(left, this.#upload(block, size)));
      if (Math.min(k, columns) > MOST_K) {
        outputs.push(scores, scores);
      } else {
        const best = this.#topK(scores, Math.min(k, columns));
        outputs.push(stack.use(best.scores), stack.use(best.indices));
      }
    }
    const read = await this.#context.readBack.read(outputs);
    return blocks.map((block, i): RankedScores => {
      const scores = new Float32Array(read[2 * i]);
      const columns = block.values.length / size;
      if (Math.min(k, columns) > MOST_K) return topK(scores, columns, k);
      return { scores, indices: new Uint32Array(read[2 * i + 1]) };
    });
  }

  #upload(rows: RowBlock, size: number): GpuBlock {
    const known = this.#uploaded.get(rows);
    if (known?.version === rows.version) return known.block;
    known?.block[Symbol.dispose]();
    const { values, version } = rows;
    const block = this.#context.write(values, [values.length / size, size]);
    this.#uploaded.set(rows, { version, block });
    return block;
  }

  #forgetAllBut(blocks: readonly RowBlock[]): void {
    const kept = new Set(blocks);
    for (const [rows, { block }] of this.#uploaded) {
      if (kept.has(rows)) continue;
      block[Symbol.dispose]();
      this.#uploaded.delete(rows);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#uploaded.clear();
    this.#context[Symbol.dispose]();
    return Promise.resolve();
  }
}
