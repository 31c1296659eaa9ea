// Reads the records of a log and tells an unfinished end from damage.

import type { FileHandle } from "node:fs/promises";
import { GalleryCorruptError } from "./errors.ts";
import { type Cipher, HEADER_SIZE } from "./file_cipher.ts";

/** Bytes before the body of a record; the first `BOUND_SIZE` of them are sealed with it. */
export const HEAD_SIZE = 16, BOUND_SIZE = 12;
/** Bytes looked through at a time for the next record. */
const SCANNED = 2 ** 20;

/** Reads records one after the other and tells an unfinished end from damage. */
export class LogReader {
  /** Where the last whole record ends. */
  end = HEADER_SIZE;
  records = 0;

  constructor(
    readonly file: FileHandle,
    readonly cipher: Cipher,
    readonly path: string,
    readonly size: number,
    readonly repair: boolean,
  ) {}

  /** The payload of the next record; `undefined` at the end or at an unfinished record. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { crc32 } = await import("node:zlib");
    const head = await readAt(this.file, this.end, HEAD_SIZE);
    if (head.length < HEAD_SIZE) return undefined;
    const bound = head.subarray(0, BOUND_SIZE), view = new DataView(head.buffer);
    if (view.getUint32(BOUND_SIZE, true) !== crc32(bound)) {
      // A file system may have made room for a record and lost its bytes in a power failure.
      if (await this.#isZeroFrom(this.end)) return undefined;
      throw this.#corrupt("its head is damaged");
    }
    const number = view.getBigUint64(4, true);
    if (number !== BigInt(this.records)) throw this.#corrupt(`record ${number} is in its place`);
    const start = this.end + HEAD_SIZE;
    const length = view.getUint32(0, true) + this.cipher.overhead;
    if (start + length > this.size) return undefined;
    const payload = await this.cipher.open(await readAt(this.file, start, length), bound);
    if (!payload) {
      if (start + length === this.size && this.repair) return undefined;
      throw this.#corrupt("its bytes were changed", start + length === this.size);
    }
    this.end = start + length;
    this.records++;
    return payload;
  }

  /**
   * After {@linkcode LogReader.next} has thrown: goes on behind the damage, to the next place that looks like the head of
   * a later record; whether there is one.
   */
  async skip(): Promise<boolean> {
    const { crc32 } = await import("node:zlib");
    for (let at = this.end; at + HEAD_SIZE <= this.size;) {
      const bytes = await readAt(this.file, at, SCANNED), view = new DataView(bytes.buffer);
      for (let i = 0; i + HEAD_SIZE <= bytes.length; i++) {
        const length = view.getUint32(i, true) + this.cipher.overhead;
        const number = view.getBigUint64(i + 4, true);
        const fits = number > this.records && number < this.size &&
          at + i + HEAD_SIZE + length <= this.size;
        if (!fits) continue;
        const bound = bytes.subarray(i, i + BOUND_SIZE);
        if (view.getUint32(i + BOUND_SIZE, true) !== crc32(bound)) continue;
        this.end = at + i;
        this.records = Number(number);
        return true;
      }
      at += Math.max(1, bytes.length - HEAD_SIZE + 1);
    }
    return false;
  }

  async #isZeroFrom(start: number): Promise<boolean> {
    for (let at = start; at < this.size; at += 65536) {
      if ((await readAt(this.file, at, 65536)).some((byte) => byte !== 0)) return false;
    }
    return true;
  }

  #corrupt(why: string, last = false): GalleryCorruptError {
    return new GalleryCorruptError(
      `Cannot read record ${this.records} of ${this.path} at byte ${this.end} as ${why}: ` +
        `restore the file from a backup, or ` +
        (last ? "open it with repair to lose this last record" : "save the rest") +
        ` (the command gallery repair)`,
    );
  }
}

/** The bytes that are there, up to a length. */
export async function readAt(
  file: FileHandle,
  start: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled < length ? bytes.slice(0, filled) : bytes;
}
