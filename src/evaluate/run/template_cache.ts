// Templates on disk, so that an evaluation that was stopped goes on where it was, and the next one is fast.
// One append-only file per model, of records of one size with a checksum each: a torn end is cut off, nothing else is
// ever rewritten. Templates identify people: the folder and its files are for their owner only.

import type { FileHandle } from "node:fs/promises";
import { concatBytes } from "../../base/concat.ts";
import { DatasetError, WriteError } from "../../base/errors.ts";

/** What is known of one sample. */
export interface CachedTemplate {
  /** The template; absent if no face was found. */
  readonly embedding?: Float32Array;
  /** Whether a mask was planned that could not be applied. */
  readonly maskFailed: boolean;
}

/** A file of templates. */
export interface TemplateCache extends AsyncDisposable {
  /** What is known under a key of 32 bytes in hexadecimal digits. */
  get(key: string): CachedTemplate | undefined;
  /** Adds templates; they are on disk when the promise resolves. */
  add(entries: ReadonlyMap<string, CachedTemplate>): Promise<void>;
}

const MAGIC = new TextEncoder().encode("maskinv-tmpl-1\n\0");
const KEY = 32, STATE = 4, SUM = 4;
const NO_FACE = 1, MASK_FAILED = 2;

/** A cache in memory alone, for evaluations that keep nothing. */
export function memoryCache(): TemplateCache {
  const known = new Map<string, CachedTemplate>();
  return {
    get: (key) => known.get(key),
    add: (entries) => {
      for (const [key, entry] of entries) known.set(key, entry);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Opens the file of one model in a folder, which is made if it is missing. `name` says all that templates depend on. */
export async function openTemplateCache(
  folder: string,
  name: string,
  dim: number,
): Promise<TemplateCache> {
  const fs = await import("node:fs/promises");
  const path = `${folder}/${name}.templates`;
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const bytes = await readAll(path);
    const file = await fs.open(path, "a", 0o600);
    const known = await readSound(file, bytes, dim, path).catch(async (error) => {
      await file.close();
      throw error;
    });
    return {
      get: (key) => known.get(key),
      async add(entries): Promise<void> {
        const records = await Promise.all(
          [...entries].map(([key, entry]) => writeRecord(key, entry, dim)),
        );
        // One write of whole records at the end of the file, so that a second process may write too.
        await append(file, concatBytes(records)).catch((cause) => {
          throw unkept(path, cause);
        });
        for (const [key, entry] of entries) known.set(key, entry);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw unkept(path, cause);
  }
}

/** All sound records of a file, which ends with them from now on. */
async function readSound(
  file: FileHandle,
  bytes: Uint8Array<ArrayBuffer>,
  dim: number,
  path: string,
): Promise<Map<string, CachedTemplate>> {
  const { known, sound } = await readRecords(bytes, dim, path);
  if (sound === 0) await restart(file);
  else await file.truncate(sound);
  return known;
}

function unkept(path: string, cause: unknown): WriteError {
  return new WriteError(
    `Cannot keep templates in ${path} as ${(cause as Error).message}: ` +
      `give another folder for the cache, or none`,
    { cause },
  );
}

/** Begins a file that is empty or has only a part of the magic, as a full disk leaves it. */
async function restart(file: FileHandle): Promise<void> {
  await file.truncate(0);
  await append(file, MAGIC);
}

/** Writes all of it: a disk that fills up takes a part before it refuses the rest. */
async function append(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray((await file.write(rest)).bytesWritten);
  }
}

/** The bytes of a file, none if there is none. */
async function readAll(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = await import("node:fs/promises");
  try {
    // A copy, as Node's buffers share memory with others and lie in it unaligned.
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return new Uint8Array();
    throw error;
  }
}

/** All sound records, and where they end. */
async function readRecords(
  bytes: Uint8Array,
  dim: number,
  path: string,
): Promise<{ known: Map<string, CachedTemplate>; sound: number }> {
  const { crc32 } = await import("node:zlib");
  const known = new Map<string, CachedTemplate>();
  if (bytes.length < MAGIC.length && bytes.every((byte, i) => byte === MAGIC[i])) {
    return { known, sound: 0 };
  }
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new DatasetError(
      `Cannot keep templates in ${path} as there is a file of another kind: move it away`,
    );
  }
  const size = recordSize(dim);
  let at = MAGIC.length;
  for (; at + size <= bytes.length; at += size) {
    const record = bytes.slice(at, at + size), view = new DataView(record.buffer);
    if (crc32(record.subarray(0, size - SUM)) !== view.getUint32(size - SUM, true)) break;
    const state = view.getUint32(KEY, true);
    known.set(record.subarray(0, KEY).toHex(), {
      maskFailed: (state & MASK_FAILED) !== 0,
      ...((state & NO_FACE) === 0 &&
        { embedding: new Float32Array(record.buffer, KEY + STATE, dim) }),
    });
  }
  return { known, sound: at };
}

async function writeRecord(key: string, entry: CachedTemplate, dim: number): Promise<Uint8Array> {
  const { crc32 } = await import("node:zlib");
  const size = recordSize(dim), record = new Uint8Array(size), view = new DataView(record.buffer);
  record.setFromHex(key);
  view.setUint32(KEY, (entry.embedding ? 0 : NO_FACE) | (entry.maskFailed ? MASK_FAILED : 0), true);
  if (entry.embedding) new Float32Array(record.buffer, KEY + STATE, dim).set(entry.embedding);
  view.setUint32(size - SUM, crc32(record.subarray(0, size - SUM)), true);
  return record;
}

function recordSize(dim: number): number {
  return KEY + STATE + 4 * dim + SUM;
}
