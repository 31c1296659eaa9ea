// Scores probes with blocks of rows and keeps the best of each block. On a GPU blocks stay there until they change.

import { type CosineMatrix, cosineMatrixKernel } from "../kernels/cosine_matrix/mod.ts";
import type { RankedScores } from "../kernels/top_k/cpu.ts";
import { type Ranking, type TopK, topKKernel } from "../kernels/top_k/mod.ts";
import type { Block } from "../runtime/memory.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type DeviceChoice, startRuntime } from "../runtime/start.ts";
import type { RowBlock } from "./rows.ts";

/** Probes of a search. */
export interface Probes {
  /** The embeddings, `[probes, size]`. */
  readonly values: Float32Array;
  /** Gain and offset of each, `[probes, 2]`, if scores are to be normalised. */
  readonly normalizations?: Float32Array;
}

/** Ranks the rows of blocks. */
export interface Scorer extends AsyncDisposable {
  /** Where it computes. */
  readonly device: "webgpu" | "wasm";
  /** For each block the k best rows of each probe, or all of them if there are fewer. */
  best(
    probes: Probes,
    blocks: readonly RowBlock[],
    size: number,
    k: number,
  ): Promise<RankedScores[]>;
}

/**
 * Makes the scorer of a device.
 *
 * @throws {DeviceError} If the device asked for does not exist here.
 */
export async function createScorer(choice: DeviceChoice): Promise<Scorer> {
  const runtime = await startRuntime(choice);
  try {
    const [cosineMatrix, topK] = await Promise.all([
      runtime.prepare(cosineMatrixKernel),
      runtime.prepare(topKKernel),
    ]);
    return new RuntimeScorer(runtime, cosineMatrix, topK);
  } catch (error) {
    await runtime[Symbol.asyncDispose]();
    throw error;
  }
}

/** Rows on the device. */
class Uploaded implements Disposable {
  /** Gains and offsets, from the first search on that needs them: a gallery may have none. */
  normalizations: Block | undefined;

  constructor(readonly version: number, readonly embeddings: Block) {}

  [Symbol.dispose](): void {
    this.embeddings[Symbol.dispose]();
    this.normalizations?.[Symbol.dispose]();
  }
}

class RuntimeScorer implements Scorer {
  readonly #runtime: Runtime;
  readonly #cosineMatrix: CosineMatrix;
  readonly #topK: TopK;
  readonly #uploaded = new Map<RowBlock, Uploaded>();

  constructor(runtime: Runtime, cosineMatrix: CosineMatrix, topK: TopK) {
    this.#runtime = runtime;
    this.#cosineMatrix = cosineMatrix;
    this.#topK = topK;
  }

  get device(): "webgpu" | "wasm" {
    return this.#runtime.device;
  }

  async best(
    { values: probes, normalizations }: Probes,
    blocks: readonly RowBlock[],
    size: number,
    k: number,
  ): Promise<RankedScores[]> {
    this.#forgetAllBut(blocks);
    using stack = new DisposableStack();
    const left = stack.use(this.#runtime.write(probes, [probes.length / size, size]));
    const probeRows = normalizations &&
      stack.use(this.#runtime.write(normalizations, [normalizations.length / 2, 2]));
    const rankings: Ranking[] = [];
    // All blocks are submitted before the only wait.
    for (const block of blocks) {
      using made = new DisposableStack();
      const rows = this.#upload(block, size);
      const scores = made.use(await this.#cosineMatrix(left, rows.embeddings));
      const both = probeRows && {
        probes: probeRows,
        references: rows.normalizations ??= this.#write(block.normalizations, 2),
      };
      const ranking = stack.use(this.#topK(scores, k, both));
      // The scores of all blocks together are large, so that only those are kept that are still to be read.
      if (ranking.blocks.includes(scores)) stack.use(made.move());
      rankings.push(ranking);
    }
    const values = await this.#runtime.read(...rankings.flatMap((ranking) => ranking.blocks));
    let next = 0;
    return rankings.map((ranking) =>
      ranking.ranked(values.slice(next, next += ranking.blocks.length))
    );
  }

  #upload(rows: RowBlock, size: number): Uploaded {
    const known = this.#uploaded.get(rows);
    if (known?.version === rows.version) return known;
    known?.[Symbol.dispose]();
    const uploaded = new Uploaded(rows.version, this.#write(rows.values, size));
    this.#uploaded.set(rows, uploaded);
    return uploaded;
  }

  #write(values: Float32Array, width: number): Block {
    return this.#runtime.write(values, [values.length / width, width]);
  }

  #forgetAllBut(blocks: readonly RowBlock[]): void {
    const kept = new Set(blocks);
    for (const [rows, uploaded] of this.#uploaded) {
      if (kept.has(rows)) continue;
      uploaded[Symbol.dispose]();
      this.#uploaded.delete(rows);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The runtime frees the blocks.
    this.#uploaded.clear();
    await this.#runtime[Symbol.asyncDispose]();
  }
}
