// The rows of a gallery in memory: embeddings in blocks of a fixed number of rows, and whose each row is.
// Blocks never move, so that growing copies nothing and a GPU uploads only the blocks that changed.

import { foldName } from "./names.ts";
import type { Normalization, Template } from "../pipeline/score/template.ts";
import type { GalleryCount, GalleryEntry, GalleryIdentity, PutMode } from "./store.ts";

/** Rows per block: 3 MB at 192 dimensions. */
const BLOCK_ROWS = 4096;

/** Rows that lie together. */
export interface RowBlock {
  /** `[rows, size]`, without the rows that are not in use yet. */
  readonly values: Float32Array;
  /** `[rows, 2]`, gain and offset of each; NaN where they are not known. */
  readonly normalizations: Float32Array;
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
  readonly #normalizations: Float32Array;
  readonly #size: number;
  used = 0;
  version = 0;

  constructor(size: number, rows: number) {
    this.#all = new Float32Array(rows * size);
    this.#normalizations = new Float32Array(2 * rows).fill(NaN);
    this.#size = size;
  }

  get values(): Float32Array {
    return this.#all.subarray(0, this.used * this.#size);
  }

  get normalizations(): Float32Array {
    return this.#normalizations.subarray(0, 2 * this.used);
  }

  row(at: number): Float32Array {
    return this.#all.subarray(at * this.#size, (at + 1) * this.#size);
  }

  /** Gain and offset of a row. */
  normalization(at: number): Float32Array {
    return this.#normalizations.subarray(2 * at, 2 * at + 2);
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
  #cohort: string | undefined;
  #missing = 0;

  /** @param size The number of dimensions. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The cohort whose normalisations rows have; that of the first row that came with one. */
  get cohort(): string | undefined {
    return this.#cohort;
  }

  /** How many rows have no normalisation by a cohort. */
  missing(cohort: string): number {
    return cohort === this.#cohort ? this.#missing : this.#owners.length;
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
    return this.#block(row).row(row % BLOCK_ROWS);
  }

  /** A row's normalisation, if it has one. */
  normalization(row: number): Normalization | undefined {
    const [gain, offset] = this.#normalization(row);
    return Number.isNaN(gain) ? undefined : { cohort: this.#cohort!, gain, offset };
  }

  /** The rows of an identity in the order of enrolment; none if there is no such identity. */
  of(identity: string): readonly number[] {
    return this.#byName.get(identity)?.rows ?? [];
  }

  /**
   * Gives rows their normalisations by a cohort, which are in the place of those by another one.
   *
   * @param values Gain and offset of each row that was missing, in the order of the rows.
   */
  normalize(cohort: string, values: readonly Normalization[]): void {
    const rows = this.rowsMissing(cohort);
    this.#cohort = cohort;
    rows.forEach((row, i) => this.#normalization(row).set([values[i].gain, values[i].offset]));
    for (const row of rows) this.#block(row).version++;
    this.#missing = 0;
  }

  /** The rows without a normalisation by a cohort. */
  rowsMissing(cohort: string): number[] {
    const rows = Array.from(this.#owners, (_, row) => row);
    return rows.filter((row) => this.normalization(row)?.cohort !== cohort);
  }

  /** Adds or replaces; the entries have been checked. */
  put(entries: readonly GalleryEntry[], mode: PutMode): void {
    for (const { identity, templates } of entries) {
      if (mode === "replace") this.remove(identity);
      const owner = this.#byName.get(identity) ?? this.#add({ identity, rows: [] });
      for (const template of templates) this.#append(owner, template);
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

  #append(owner: Owner, { embedding, normalization }: Template): void {
    const row = this.#owners.length;
    if (row % BLOCK_ROWS === 0) this.#blocks.push(new Block(this.#size, BLOCK_ROWS));
    const block = this.#blocks.at(-1)!;
    block.row(row % BLOCK_ROWS).set(embedding);
    block.used++;
    block.version++;
    this.#owners.push(owner);
    owner.rows.push(row);
    if (normalization) this.#cohort ??= normalization.cohort;
    // A row has no normalisation by another cohort: it is computed anew when it is asked for.
    const isKept = normalization && normalization.cohort === this.#cohort;
    this.#normalization(row).set(isKept ? [normalization.gain, normalization.offset] : [NaN, NaN]);
    if (!isKept) this.#missing++;
  }

  #block(row: number): Block {
    return this.#blocks[Math.floor(row / BLOCK_ROWS)];
  }

  #normalization(row: number): Float32Array {
    return this.#block(row).normalization(row % BLOCK_ROWS);
  }

  /** The last row moves into the hole. */
  #drop(row: number): void {
    const last = this.#owners.length - 1;
    if (!this.normalization(row)) this.#missing--;
    const owner = this.#owners.pop()!;
    if (row !== last) {
      const block = this.#block(row);
      block.row(row % BLOCK_ROWS).set(this.embedding(last));
      this.#normalization(row).set(this.#normalization(last));
      block.version++;
      this.#owners[row] = owner;
      owner.rows = owner.rows.map((old) => old === last ? row : old);
    }
    const tail = this.#blocks.at(-1)!;
    tail.row(last % BLOCK_ROWS).fill(0);
    tail.normalization(last % BLOCK_ROWS).fill(NaN);
    tail.used--;
    tail.version++;
    if (tail.used === 0) this.#blocks.pop();
  }
}
