// The log of a gallery: one file of sealed records that only grows, until it is written anew without what was removed.
// A record is acknowledged after fsync. What a killed process left half written is cut off when the log is opened.
//
// File: header (file_cipher.ts), then records: length of the body 4, number 8, CRC-32 of these 4, body.

import type { FileHandle } from "node:fs/promises";
import { concatBytes } from "../base/concat.ts";
import {
  type Cipher,
  createCipher,
  HEADER_SIZE,
  type KeySource,
  openCipher,
} from "./file_cipher.ts";
import { GalleryStoreError } from "./errors.ts";
import { BOUND_SIZE, HEAD_SIZE, LogReader, readAt } from "./file_reader.ts";

/** What opening a log has found. */
export interface LogState {
  /** Bytes of an unfinished record that were cut off the end; 0 after a clean end. */
  readonly cutBytes: number;
  /** Number of records read. */
  readonly records: number;
}

/** How to open a log. */
export interface LogOptions {
  /** Path of the file. */
  readonly path: string;
  /** The secret; without it the log is not encrypted. */
  readonly key?: KeySource;
  /** Whether to cut off a last record that is whole but damaged, as a power failure may leave it. */
  readonly repair: boolean;
}

/** An open log. */
export class Log implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle;
  #cipher: Cipher;
  #end: number;
  #next: number;
  #broken: Error | undefined;

  private constructor(
    path: string,
    file: FileHandle,
    cipher: Cipher,
    end: number,
    next: number,
  ) {
    this.#path = path;
    this.#file = file;
    this.#cipher = cipher;
    this.#end = end;
    this.#next = next;
  }

  /** The version of the file: one of version 1 has no place for normalisations until it is written anew. */
  get version(): number {
    return this.#cipher.version;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#end;
  }

  /**
   * Opens a log, or makes an empty one.
   *
   * @param options Where it is and how it is sealed.
   * @param take Called with the payload of each record, in order.
   */
  static async open(
    options: LogOptions,
    take: (payload: Uint8Array<ArrayBuffer>, label: string) => Promise<void>,
  ): Promise<{ log: Log; state: LogState }> {
    const { path, key } = options;
    const fs = await import("node:fs/promises");
    // What a killed rewrite left; the log itself is whole.
    await fs.rm(`${path}.new`, { force: true });
    let file: FileHandle;
    try {
      file = await fs.open(path, "r+");
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      const log = await Log.create(path, key, nothing());
      if (!log.#broken) return { log, state: { cutBytes: 0, records: 0 } };
      await log[Symbol.asyncDispose]();
      throw log.#failure(log.#broken);
    }
    try {
      const cipher = await openCipher(await readAt(file, 0, HEADER_SIZE), key, path);
      const { size } = await file.stat();
      const reader = new LogReader(file, cipher, path, size, options.repair);
      for (let payload = await reader.next(); payload; payload = await reader.next()) {
        await take(payload, `${path}, record ${reader.records - 1}`);
      }
      const { end, records } = reader;
      if (end < size) {
        await file.truncate(end);
        await file.sync();
      }
      return {
        log: new Log(path, file, cipher, end, records),
        state: { cutBytes: size - end, records },
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Makes a log of payloads and puts it in the place of another, at once and as a whole. */
  static async create(
    path: string,
    key: KeySource | undefined,
    payloads: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ): Promise<Log> {
    const fs = await import("node:fs/promises");
    const cipher = await createCipher(key);
    const file = await fs.open(`${path}.new`, "w+", 0o600);
    const log = new Log(path, file, cipher, HEADER_SIZE, 0);
    try {
      await writeAt(file, cipher.header, 0);
      for await (const payload of payloads) await log.#write([payload]);
      await file.sync();
      await fs.rename(`${path}.new`, path);
    } catch (error) {
      await file.close();
      // A full disk gets its room back.
      await fs.rm(`${path}.new`, { force: true });
      throw error;
    }
    try {
      await syncFolder(path.slice(0, path.lastIndexOf("/")));
    } catch (error) {
      // This file is in place already: what went on into the one before it would be lost.
      log.#broken = error as Error;
    }
    return log;
  }

  /**
   * Appends records and waits until they are on the disk.
   *
   * @throws {GalleryStoreError} If the disk refuses; none of the records counts.
   */
  async append(payloads: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    if (this.#broken) throw this.#failure(this.#broken);
    const { end, next } = { end: this.#end, next: this.#next };
    try {
      await this.#write(payloads);
      await this.#file.datasync();
    } catch (error) {
      this.#end = end;
      this.#next = next;
      try {
        await this.#file.truncate(end);
        await this.#file.sync();
      } catch {
        // Nobody knows what the disk holds now: only opening the log again can tell.
        this.#broken = error as Error;
      }
      throw this.#failure(error as Error);
    }
  }

  /** Writes the log anew with these payloads alone, under a key of the same or another source. */
  async rewrite(
    payloads: AsyncIterable<Uint8Array<ArrayBuffer>>,
    key: KeySource | undefined,
  ): Promise<void> {
    let log: Log;
    try {
      log = await Log.create(this.#path, key, payloads);
    } catch (error) {
      throw this.#failure(error as Error);
    }
    await this.#file.close();
    this.#file = log.#file;
    this.#cipher = log.#cipher;
    this.#end = log.#end;
    this.#next = log.#next;
    this.#broken = log.#broken;
    if (this.#broken) throw this.#failure(this.#broken);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #write(payloads: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    const { crc32 } = await import("node:zlib");
    const parts: Uint8Array[] = [];
    for (const payload of payloads) {
      const head = new Uint8Array(HEAD_SIZE), view = new DataView(head.buffer);
      const bound = head.subarray(0, BOUND_SIZE);
      view.setUint32(0, payload.length, true);
      view.setBigUint64(4, BigInt(this.#next++), true);
      const body = await this.#cipher.seal(payload, bound);
      view.setUint32(BOUND_SIZE, crc32(bound), true);
      parts.push(head, body);
    }
    const bytes = concatBytes(parts);
    await writeAt(this.#file, bytes, this.#end);
    this.#end += bytes.length;
  }

  #failure(cause: Error): GalleryStoreError {
    return new GalleryStoreError(
      `Cannot write ${this.#path} as ${cause.message}: make room on the disk or mend it, ` +
        `then open the gallery again`,
      { cause },
    );
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(
      bytes,
      written,
      bytes.length - written,
      start + written,
    );
    written += bytesWritten;
  }
}

/** The payloads of an empty log. */
async function* nothing(): AsyncGenerator<never, void, void> {}

/** Makes a rename last; hosts that cannot do so (Windows) say so by an error and need not. */
export async function syncFolder(folder: string): Promise<void> {
  const fs = await import("node:fs/promises");
  try {
    const handle = await fs.open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES"].includes((error as { code?: string }).code ?? "")) {
      throw error;
    }
  }
}
