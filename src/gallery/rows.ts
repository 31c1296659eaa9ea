// The rows of a gallery in memory: embeddings in blocks of a fixed number of rows, and whose each row is.
// Blocks never move, so that growing copies nothing and a GPU uploads only the blocks that changed.

import { foldName } from "./names.ts";
import type { GalleryCount, GalleryEntry, GalleryIdentity, PutMode } from "./store.ts";

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
  identity: string;
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
  /** The names of each folded name. */
  readonly #byFolded = new Map<string, Set<string>>();

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

  /** Whether there is an identity of a name. */
  has(identity: string): boolean {
    return this.#byName.has(identity);
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
      const owner = this.#byName.get(identity) ?? this.#add({ identity, rows: [] });
      for (const { embedding } of templates) this.#append(owner, embedding);
    }
  }

  /** Removes an identity; whether there was one. */
  remove(identity: string): boolean {
    const owner = this.#byName.get(identity);
    if (!owner) return false;
    this.#forget(identity);
    // From the last row on, so that the row that fills a hole is never one that goes as well.
    for (const row of owner.rows.toSorted((a, b) => b - a)) this.#drop(row);
    return true;
  }

  /** Gives an identity a name that may be another one's, whose rows its own then follow; how many rows it has. */
  rename(from: string, to: string): number {
    const owner = this.#byName.get(from);
    if (!owner) return 0;
    const moved = owner.rows.length;
    if (from === to) return moved;
    this.#forget(from);
    const other = this.#byName.get(to);
    if (other) {
      other.rows.push(...owner.rows);
      for (const row of owner.rows) this.#owners[row] = other;
    } else {
      owner.identity = to;
      this.#add(owner);
    }
    return moved;
  }

  /** Names, other than the given one, that fold to the same. */
  like(identity: string): string[] {
    return [...this.#byFolded.get(foldName(identity)) ?? []].filter((name) => name !== identity)
      .sort();
  }

  /** All identities with the number of their rows. */
  *identities(): Generator<GalleryIdentity, void, void> {
    for (const { identity, rows } of this.#byName.values()) {
      yield { identity, templates: rows.length };
    }
  }

  #add(owner: Owner): Owner {
    const { identity } = owner, folded = foldName(identity);
    this.#byName.set(identity, owner);
    const names = this.#byFolded.get(folded);
    if (names) names.add(identity);
    else this.#byFolded.set(folded, new Set([identity]));
    return owner;
  }

  #forget(identity: string): void {
    const folded = foldName(identity), names = this.#byFolded.get(folded)!;
    this.#byName.delete(identity);
    names.delete(identity);
    if (names.size === 0) this.#byFolded.delete(folded);
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
