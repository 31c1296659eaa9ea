// Templates in memory, searched exactly by the kernels of the device. Lost when the process ends: file_store.ts puts
// a log beside it.

import type { DeviceChoice } from "../runtime/start.ts";
import { DeviceLostError, DisposedError } from "../base/errors.ts";
import type { RankedScores } from "../kernels/top_k/cpu.ts";
import { type Normalization, Template } from "../pipeline/score/template.ts";
import { identityExists } from "./errors.ts";
import { checkIdentity } from "./names.ts";
import { type CandidateRow, rankIdentities, SLACK } from "./rank.ts";
import { Rows } from "./rows.ts";
import { createScorer, type Probes, type Scorer } from "./scorer.ts";
import {
  type Candidate,
  checkEntries,
  checkSearch,
  type GalleryCount,
  type GalleryEntry,
  type GalleryIdentity,
  type GalleryModel,
  type GalleryStore,
  incomplete,
  type Normalizer,
  type PutMode,
  type RenameMode,
} from "./store.ts";

/** Options of {@linkcode createMemoryStore}. */
export interface MemoryStoreOptions {
  /** Where to search; `"auto"` by default: WebGPU if the adapter is hardware. */
  readonly device?: DeviceChoice;
}

/** Probes scored together: bounds the memory for scores. */
const PROBES = 128;
/** Templates normalised together, likewise. */
const NORMALIZED = 1024;

/**
 * Makes a store that keeps templates in memory and searches all of them exactly.
 *
 * @param options Where to search.
 * @returns The store, empty.
 * @throws {InvalidArgumentError} If the device is none that there is.
 *
 * @example
 * ```ts
 * import { createMemoryStore } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using store = createMemoryStore({ device: "wasm" });
 * await store.put([{ identity: "ann", templates: [new Template([1, 0], "my-model")] }], "add");
 * const [[best]] = await store.search([new Template([1, 1], "my-model")], 1);
 * console.log(best.identity, best.score.toFixed(3)); // ann 0.707
 * ```
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): GalleryStore {
  return new MemoryStore(options.device ?? "auto");
}

/** The store; `file_store.ts` and it share its parts that do not wait. */
export class MemoryStore implements GalleryStore {
  readonly #device: DeviceChoice;
  #scorer: Promise<Scorer> | undefined;
  #model: GalleryModel | undefined;
  #rows: Rows | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(device: DeviceChoice) {
    this.#device = device;
  }

  model(): Promise<GalleryModel | undefined> {
    return Promise.resolve(this.#model);
  }

  /** The model, without waiting. */
  get currentModel(): GalleryModel | undefined {
    return this.#model;
  }

  /** The number of identities and templates, without waiting. */
  get currentCount(): GalleryCount {
    return this.#rows?.count ?? { identities: 0, templates: 0 };
  }

  count(): Promise<GalleryCount> {
    return this.#inTurn(() => this.currentCount);
  }

  put(entries: readonly GalleryEntry[], mode: PutMode): Promise<void> {
    return this.#inTurn(() => {
      const model = checkEntries(entries, this.#model);
      if (!model) return;
      this.declare(model);
      this.#rows!.put(entries, mode);
    });
  }

  /** Fixes the model; for stores that know it before the first template. */
  declare(model: GalleryModel): void {
    this.#model ??= model;
    this.#rows ??= new Rows(model.size);
  }

  remove(identities: readonly string[]): Promise<number> {
    return this.#inTurn(() =>
      identities.filter((identity) => this.#rows?.remove(identity) ?? false).length
    );
  }

  rename(from: string, to: string, mode: RenameMode): Promise<number> {
    return this.#inTurn(() => {
      this.checkRename(from, to, mode);
      return this.#rows?.rename(from, checkIdentity(to)) ?? 0;
    });
  }

  /** Refuses a rename to a name that is taken, without waiting. */
  checkRename(from: string, to: string, mode: RenameMode): void {
    const name = checkIdentity(to), rows = this.#rows;
    const taken = name !== from && rows?.has(from) && rows.has(name);
    if (taken && mode === "rename") throw identityExists(from, name);
  }

  async *identities(): AsyncGenerator<GalleryIdentity, void, void> {
    yield* await this.#inTurn(() => [...this.#rows?.identities() ?? []]);
  }

  namesLike(identity: string): Promise<readonly string[]> {
    return this.#inTurn(() => this.#rows?.like(identity) ?? []);
  }

  templates(identity: string): Promise<readonly Template[]> {
    return this.#inTurn(() => this.#templates(identity));
  }

  async *entries(): AsyncGenerator<GalleryEntry, void, void> {
    for (const identity of [...this.#rows?.names() ?? []]) {
      const templates = await this.templates(identity);
      if (templates.length > 0) yield { identity, templates };
    }
  }

  complete(cohort: string, normalize: Normalizer): Promise<number> {
    return this.#inTurn(async () => {
      const rows = this.#rows;
      if (!rows || rows.missing(cohort) === 0) return 0;
      const missing = rows.rowsMissing(cohort), made: Normalization[] = [];
      for (let start = 0; start < missing.length; start += NORMALIZED) {
        const part = missing.slice(start, start + NORMALIZED);
        made.push(...await normalize(part.map((row) => this.#template(row))));
      }
      rows.normalize(cohort, made);
      return missing.length;
    });
  }

  search(probes: readonly Template[], k: number): Promise<readonly (readonly Candidate[])[]> {
    return this.#inTurn(async () => {
      const cohort = checkSearch(probes, k, this.#model);
      const missing = cohort === undefined ? 0 : this.#rows?.missing(cohort) ?? 0;
      if (missing > 0) throw incomplete(missing, cohort!);
      const found: Candidate[][] = [];
      for (let start = 0; start < probes.length; start += PROBES) {
        found.push(...await this.#search(probes.slice(start, start + PROBES), k));
      }
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#tail;
    const scorer = this.#scorer;
    this.#scorer = this.#rows = undefined;
    await (await scorer)?.[Symbol.asyncDispose]();
  }

  #templates(identity: string): Template[] {
    return this.#rows?.of(identity).map((row) => this.#template(row)) ?? [];
  }

  #template(row: number): Template {
    const rows = this.#rows!;
    return new Template(rows.embedding(row), this.#model!.model, rows.normalization(row));
  }

  /**
   * Finds the best rows, more and more of them until they are those of k identities or all. One more round is rare:
   * it takes identities with many templates that are all close to the probe.
   */
  async #search(probes: readonly Template[], k: number): Promise<Candidate[][]> {
    const rows = this.#rows, size = this.#model?.size;
    const { identities, templates } = this.currentCount;
    if (!rows || !size || templates === 0) return probes.map(() => []);
    const wanted = Math.min(k, identities);
    const values = new Float32Array(probes.length * size);
    probes.forEach(({ embedding }, i) => values.set(embedding, i * size));
    const normalizations = probes[0].normalization &&
      Float32Array.from(probes.flatMap(({ normalization: by }) => [by!.gain, by!.offset]));
    const search = { values, normalizations };
    for (let limit = Math.min(templates, 2 * k + SLACK);; limit = Math.min(templates, 4 * limit)) {
      const best = await this.#best(search, rows, size, limit);
      const found = probes.map((probe, i) =>
        rankIdentities(probe, candidates(rows, best, i, limit), k)
      );
      if (limit === templates || found.every(({ length }) => length >= wanted)) return found;
    }
  }

  async #best(
    probes: Probes,
    rows: Rows,
    size: number,
    limit: number,
  ): Promise<RankedScores[]> {
    for (let restarted = false;; restarted = true) {
      const scorer = await this.#start();
      try {
        return await scorer.best(probes, rows.blocks, size, limit);
      } catch (error) {
        if (!(error instanceof DeviceLostError) || restarted) throw error;
        this.#scorer = undefined;
        await scorer[Symbol.asyncDispose]();
      }
    }
  }

  #start(): Promise<Scorer> {
    const scorer = this.#scorer ??= createScorer(this.#device);
    // A start that failed must not be remembered: the next search tries again.
    scorer.catch(() => this.#scorer = undefined);
    return scorer;
  }

  /** Searches and changes take turns: a search must not see rows move. */
  #inTurn<T>(task: () => T | Promise<T>): Promise<T> {
    if (this.#disposed) {
      return Promise.reject(
        new DisposedError("Cannot use this gallery store as it was disposed of: open it again"),
      );
    }
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }
}

/** The best rows over all blocks for one probe. */
function* candidates(
  rows: Rows,
  best: readonly RankedScores[],
  probe: number,
  limit: number,
): Generator<CandidateRow, void, void> {
  const found: { row: number; score: number }[] = [];
  best.forEach(({ scores, indices }, block) => {
    const columns = columnsOf(rows, block, limit);
    for (let i = probe * columns; i < (probe + 1) * columns; i++) {
      found.push({ row: block * rows.blockRows + indices[i], score: scores[i] });
    }
  });
  found.sort((a, b) => b.score - a.score || a.row - b.row);
  for (const { row } of found.slice(0, limit)) {
    yield {
      identity: rows.identity(row),
      embedding: rows.embedding(row),
      normalization: rows.normalization(row),
    };
  }
}

/** How many rows of a block a ranking has. */
function columnsOf(rows: Rows, block: number, limit: number): number {
  const before = block * rows.blockRows;
  return Math.min(limit, rows.blockRows, rows.count.templates - before);
}
