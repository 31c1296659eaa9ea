// Reads MXNet's .params, in which insightface published its first ArcFace networks: a list of arrays, then their names.
// Layout: src/ndarray/ndarray.cc of Apache MXNet (Save and Load), all three versions; numbers are little-endian.

import { CheckpointError } from "../../base/errors.ts";
import type { ByteSource } from "../../pickle/source.ts";
import { ELEMENT_BYTES, type ElementType } from "../torch/elements.ts";
import { StoredTensor } from "../torch/stored_tensor.ts";

const LIST_MAGIC = 0x112n;
const V1 = 0xf993fac8, V2 = 0xf993fac9;
/** MXNet's type flags. */
const TYPES: Readonly<Record<number, ElementType>> = {
  0: "Float",
  1: "Double",
  2: "Half",
  3: "Byte",
  4: "Int",
  5: "Char",
  6: "Long",
};
const MAX_ARRAYS = 100_000, MAX_DIMENSIONS = 8, MAX_NAME = 200;

/** Whether a file begins as MXNet's .params. */
export function isMxnet(source: ByteSource): boolean {
  return source.length >= 24 && new Reader(source, "").long() === LIST_MAGIC;
}

/**
 * The arrays by their names, as `arg:conv0_weight`.
 *
 * @throws {CheckpointError} If the file is cut short or corrupt, or has sparse arrays.
 */
export function readMxnet(source: ByteSource, label: string): ReadonlyMap<string, StoredTensor> {
  const reader = new Reader(source, label);
  reader.skip(16);
  const count = reader.count(MAX_ARRAYS, "arrays");
  const tensors = Array.from({ length: count }, () => readArray(reader, source));
  if (reader.count(MAX_ARRAYS, "names") !== count) {
    throw reader.refused(`it has another number of names than its ${count} arrays`);
  }
  const named = new Map<string, StoredTensor>();
  for (const tensor of tensors) {
    const name = reader.text(reader.count(MAX_NAME, "characters in a name"));
    if (named.has(name)) throw reader.refused(`it has two arrays ${name}`);
    named.set(name, tensor);
  }
  return named;
}

function readArray(reader: Reader, source: ByteSource): StoredTensor {
  const magic = reader.word();
  if (magic === V2 && reader.word() !== 0) throw reader.refused("it has sparse arrays");
  const isLarge = magic === V1 || magic === V2, dimensions = isLarge ? reader.word() : magic;
  // An array without dimensions was never filled, and nothing of it follows.
  if (!(dimensions > 0 && dimensions <= MAX_DIMENSIONS)) {
    throw reader.refused(`it has an array of ${dimensions} dimensions`);
  }
  const sizes = Array.from(
    { length: dimensions },
    () => isLarge ? Number(reader.long()) : reader.word(),
  );
  reader.skip(8); // the device that it was on
  const type = TYPES[reader.word()], length = sizes.reduce((product, size) => product * size, 1);
  if (!type) throw reader.refused("it has numbers of a type that MXNet does not have");
  const start = reader.skip(length * ELEMENT_BYTES[type]);
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
  const storage = { kind: "object", type, length, start: () => start } as const;
  return new StoredTensor(source, storage, { offset: 0, sizes, strides });
}

class Reader {
  #at = 0;

  constructor(readonly source: ByteSource, readonly label: string) {}

  word(): number {
    return this.#view(4).getUint32(0, true);
  }

  long(): bigint {
    return this.#view(8).getBigUint64(0, true);
  }

  count(max: number, what: string): number {
    const count = this.long();
    if (count > max) throw this.refused(`it is said to have ${count} ${what}`);
    return Number(count);
  }

  text(length: number): string {
    const { buffer, byteOffset } = this.#view(length);
    return new TextDecoder().decode(new Uint8Array(buffer, byteOffset, length));
  }

  /** Passes over bytes; where they begin. */
  skip(length: number): number {
    const start = this.#at;
    if (!(length >= 0 && start + length <= this.source.length)) {
      throw this.refused(`it is cut short at byte ${this.source.length}`);
    }
    this.#at += length;
    return start;
  }

  refused(why: string): CheckpointError {
    return new CheckpointError(
      `Cannot read ${this.label} as ${why}: check that it was copied as a whole`,
    );
  }

  #view(length: number): DataView {
    const bytes = this.source.read(this.skip(length), length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }
}
