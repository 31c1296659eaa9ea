// The rows of a gallery in memory: embeddings in blocks of a fixed number of rows, and whose each row is.
// Blocks never move, so that growing copies nothing and a GPU uploads only the blocks that changed.

import type { GalleryCount, GalleryEntry, PutMode } from "./store.ts";

/** Rows per block: 3 MB at 192 dimensions. */
const BLOCK_ROWS = 4096;

/** Rows that lie together. */
export interface RowBlock {
  /** `[rows, size]`, without the rows that are not in use yet. */
  readonly values: Float32Array;
  /** Changes when a row changes. */
  readonly version: number;
}

/** An identity's place in memory; `rows` in the order of enrolment. */
interface Owner {
  readonly identity: string;
  rows: number[];
}

class Block implements RowBlock {
  readonly #all: Float32Array;
  readonly #size: number;
  used = 0;
  version = 0;

  constructor(size: number, rows: number) {
    this.#all = new Float32Array(rows * size);
    this.#size = size;
  }

  get values(): Float32Array {
    return this.#all.subarray(0, this.used * this.#size);
  }

  row(at: number): Float32Array {
    return this.#all.subarray(at * this.#size, (at + 1) * this.#size);
  }
}

/** Embeddings and their owners. */
export class Rows {
  readonly #size: number;
  readonly #blocks: Block[] = [];
  readonly #owners: Owner[] = [];
  readonly #byName = new Map<string, Owner>();

  /** @param size The number of dimensions. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The blocks in use. */
  get blocks(): readonly RowBlock[] {
    return this.#blocks;
  }

  /** Rows per block; the last block may have fewer. */
  get blockRows(): number {
    return BLOCK_ROWS;
  }

  get count(): GalleryCount {
    return { identities: this.#byName.size, templates: this.#owners.length };
  }

  /** The names of all identities. */
  names(): IterableIterator<string> {
    return this.#byName.keys();
  }

  /** Whose a row is. */
  identity(row: number): string {
    return this.#owners[row].identity;
  }

  /** A row's embedding; valid until the next change. */
  embedding(row: number): Float32Array {
    return this.#blocks[Math.floor(row / BLOCK_ROWS)].row(row % BLOCK_ROWS);
  }

  /** The embeddings of an identity in the order of enrolment; none if there is no such identity. */
  of(identity: string): Float32Array[] {
    return this.#byName.get(identity)?.rows.map((row) => this.embedding(row)) ?? [];
  }

  /** Adds or replaces; the entries have been checked. */
  put(entries: readonly GalleryEntry[], mode: PutMode): void {
    for (const { identity, templates } of entries) {
      if (mode === "replace") this.remove(identity);
      let owner = this.#byName.get(identity);
      if (!owner) this.#byName.set(identity, owner = { identity, rows: [] });
      for (const { embedding } of templates) this.#append(owner, embedding);
    }
  }

  /** Removes an identity; whether there was one. */
  remove(identity: string): boolean {
    const owner = this.#byName.get(identity);
    if (!owner) return false;
    this.#byName.delete(identity);
    // From the last row on, so that the row that fills a hole is never one that goes as well.
    for (const row of owner.rows.toSorted((a, b) => b - a)) this.#drop(row);
    return true;
  }

  #append(owner: Owner, embedding: Float32Array): void {
    const row = this.#owners.length;
    if (row % BLOCK_ROWS === 0) this.#blocks.push(new Block(this.#size, BLOCK_ROWS));
    const block = this.#blocks.at(-1)!;
    block.row(row % BLOCK_ROWS).set(embedding);
    block.used++;
    block.version++;
    this.#owners.push(owner);
    owner.rows.push(row);
  }

  /** The last row moves into the hole. */
  #drop(row: number): void {
    const last = this.#owners.length - 1;
    const owner = this.#owners.pop()!;
    if (row !== last) {
      const block = this.#blocks[Math.floor(row / BLOCK_ROWS)];
      block.row(row % BLOCK_ROWS).set(this.embedding(last));
      block.version++;
      this.#owners[row] = owner;
      owner.rows = owner.rows.map((old) => old === last ? row : old);
    }
    const tail = this.#blocks.at(-1)!;
    tail.row(last % BLOCK_ROWS).fill(0);
    tail.used--;
    tail.version++;
    if (tail.used === 0) this.#blocks.pop();
  }
}
