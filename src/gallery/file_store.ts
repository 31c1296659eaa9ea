// Templates in a folder: all of them in memory for searching, and a log on the disk from which memory is built anew.
// For one process at a time; many machines share a database instead (postgres_store.ts).

import type { DeviceChoice } from "../runtime/start.ts";
import { DisposedError, MaskinvError } from "../base/errors.ts";
import type { Template } from "../pipeline/score/template.ts";
import { GalleryMissingError, GalleryStoreError } from "./errors.ts";
import type { KeySource } from "./file_cipher.ts";
import { type FolderLock, lockFolder } from "./file_lock.ts";
import { Log, type LogState, syncFolder } from "./file_log.ts";
import { type Change, decodeChange, encodeChange } from "./file_record.ts";
import { MemoryStore } from "./memory_store.ts";
import { checkIdentity } from "./names.ts";
import {
  type Candidate,
  checkEntries,
  type GalleryCount,
  type GalleryEntry,
  type GalleryIdentity,
  type GalleryModel,
  type GalleryStore,
  type Normalizer,
  type PutMode,
  type RenameMode,
} from "./store.ts";

/** Options of {@linkcode openFileStore}. */
export interface FileStoreOptions {
  /**
   * Asks for the secret that encrypts the log; without it the log is written as it is. 32 random bytes, or a CryptoKey
   * for HKDF.
   */
  readonly key?: KeySource;
  /** Where to search; `"auto"` by default. */
  readonly device?: DeviceChoice;
  /** Whether to drop a last record that is whole but damaged, as a power failure may leave it. By default false. */
  readonly repair?: boolean;
  /** Whether to make a gallery where there is none; by default true. */
  readonly create?: boolean;
}

/** A gallery in a folder. */
export interface FileStore extends GalleryStore {
  /** Bytes of an unfinished, never acknowledged change that opening has cut off; 0 after a clean end. */
  readonly cutBytes: number;
  /**
   * Writes the log anew without what was removed or replaced, which is on the disk until then. Happens by itself when
   * most of a log of 4 MB or more is such waste.
   *
   * @param options A new key, or `null` for none, to change the encryption.
   */
  compact(options?: { readonly key?: KeySource | null }): Promise<void>;
}

/** The log's name in the folder. */
export const LOG_FILE = "gallery.log";
/** From this size on a log is written anew when most of it is waste. */
const MIN_COMPACTED = 4 * 2 ** 20;
/** Templates per record of a log that is written anew. */
const RECORD_TEMPLATES = 1024;

/**
 * Opens a gallery in a folder, or makes one. A change that was acknowledged survives the end of the process at any
 * moment (`kill -9`), and of the machine as far as its disk keeps what fsync promised. With a key, nobody without it
 * can read templates or names, or change, move or drop records other than the last ones of the file: an old copy of
 * the whole file is a valid file.
 *
 * @param folder The folder; made if there is none.
 * @param options Key and device.
 * @returns The store; no other process can open the folder until it is disposed of.
 * @throws {GalleryMissingError} If there is no gallery in the folder and `create` is false; nothing is made.
 * @throws {GalleryLockedError} If another process has it open.
 * @throws {GalleryKeyError} If the key is missing or wrong.
 * @throws {GalleryCorruptError} If the log was damaged before its end.
 * @throws {GalleryStoreError} If the folder cannot be read or written.
 *
 * @example
 * ```ts
 * import { openFileStore } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * const folder = await Deno.makeTempDir();
 * const key = () => crypto.getRandomValues(new Uint8Array(32)); // from your key management
 * await using store = await openFileStore(folder, { key });
 * await store.put([{ identity: "ann", templates: [new Template([1, 0], "my-model")] }], "add");
 * console.log(await store.count()); // { identities: 1, templates: 1 }
 * ```
 */
export async function openFileStore(
  folder: string,
  options: FileStoreOptions = {},
): Promise<FileStore> {
  const { key, device = "auto", repair = false, create = true } = options;
  let lock: FolderLock | undefined;
  try {
    const fs = await import("node:fs/promises");
    if (!create && !await isGalleryFolder(folder)) throw missingGallery(folder);
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const path = await fs.realpath(folder);
    await syncFolder(path.slice(0, path.lastIndexOf("/")) || "/");
    lock = await lockFolder(path);
    const memory = new MemoryStore(device);
    const { log, state } = await Log.open(
      { path: `${path}/${LOG_FILE}`, key, repair },
      async (payload, label) => void await apply(memory, decodeChange(payload, label)),
    );
    return new OpenFileStore(memory, log, lock, state, key);
  } catch (error) {
    await lock?.[Symbol.asyncDispose]();
    if (error instanceof MaskinvError) throw error;
    throw new GalleryStoreError(
      `Cannot open the gallery ${folder} as ${
        (error as Error).message
      }: check the folder and the permissions`,
      { cause: error },
    );
  }
}

/**
 * Whether a folder holds a gallery.
 *
 * @throws {GalleryStoreError} If it cannot be looked into.
 */
export async function isGalleryFolder(folder: string): Promise<boolean> {
  const fs = await import("node:fs/promises");
  try {
    await fs.stat(`${folder}/${LOG_FILE}`);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return false;
    throw new GalleryStoreError(
      `Cannot open the gallery ${folder} as ${
        (error as Error).message
      }: check the folder and the permissions`,
      { cause: error },
    );
  }
}

/** The error for a folder without a gallery. */
export function missingGallery(
  folder: string,
  remedy = "check the path, or enrol somebody there first, which makes it",
): GalleryMissingError {
  return new GalleryMissingError(`There is no gallery in ${folder}: ${remedy}`);
}

/** A change that waits for its turn; `settle` is called with what the change gave. */
interface Waiting {
  readonly change: Change;
  resolve(removed: number): void;
  reject(error: unknown): void;
}

class OpenFileStore implements FileStore {
  readonly cutBytes: number;
  readonly #memory: MemoryStore;
  readonly #log: Log;
  readonly #lock: FolderLock;
  #key: KeySource | undefined;
  #waiting: Waiting[] = [];
  /** The work on the log, one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(
    memory: MemoryStore,
    log: Log,
    lock: FolderLock,
    state: LogState,
    key: KeySource | undefined,
  ) {
    this.#memory = memory;
    this.#log = log;
    this.#lock = lock;
    this.#key = key;
    this.cutBytes = state.cutBytes;
  }

  model(): Promise<GalleryModel | undefined> {
    return this.#memory.model();
  }

  count(): Promise<GalleryCount> {
    return this.#memory.count();
  }

  templates(identity: string): Promise<readonly Template[]> {
    return this.#memory.templates(identity);
  }

  entries(): AsyncIterable<GalleryEntry> {
    return this.#memory.entries();
  }

  complete(cohort: string, normalize: Normalizer): Promise<number> {
    return this.#inTurn(async () => {
      const completed = await this.#memory.complete(cohort, normalize);
      if (completed > 0) await this.#compact(this.#key);
      return completed;
    });
  }

  search(probes: readonly Template[], k: number): Promise<readonly (readonly Candidate[])[]> {
    return this.#memory.search(probes, k);
  }

  async put(entries: readonly GalleryEntry[], mode: PutMode): Promise<void> {
    await this.#change({ kind: mode, entries });
  }

  remove(identities: readonly string[]): Promise<number> {
    return this.#change({ kind: "remove", identities: identities.map(checkIdentity) });
  }

  async rename(from: string, to: string, mode: RenameMode): Promise<number> {
    const name = checkIdentity(to);
    return await this.#inTurn(async () => {
      this.#memory.checkRename(from, name, mode);
      const [moved] = await this.#memory.templates(from);
      // The whole log is written anew, so that the old name is gone from the disk as well, and at one moment.
      if (moved && from !== name) {
        const entries = renamed(this.#memory.entries(), from, name);
        await this.#log.rewrite(payloadsOf(entries), this.#key);
      }
      return await this.#memory.rename(from, name, mode);
    });
  }

  identities(): AsyncIterable<GalleryIdentity> {
    return this.#memory.identities();
  }

  namesLike(identity: string): Promise<readonly string[]> {
    return this.#memory.namesLike(identity);
  }

  compact(options: { readonly key?: KeySource | null } = {}): Promise<void> {
    const key = options.key === undefined ? this.#key : options.key ?? undefined;
    return this.#inTurn(() => this.#compact(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#tail;
    await this.#memory[Symbol.asyncDispose]();
    await this.#log[Symbol.asyncDispose]();
    await this.#lock[Symbol.asyncDispose]();
  }

  #change(change: Change): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#waiting.push({ change, resolve, reject });
    this.#inTurn(() => this.#flush()).catch(reject);
    return promise;
  }

  /** Writes all changes that wait with one fsync. */
  async #flush(): Promise<void> {
    const batch = this.#waiting.splice(0);
    let model = this.#memory.currentModel;
    const accepted: Waiting[] = [], payloads: Uint8Array<ArrayBuffer>[] = [];
    for (const waiting of batch) {
      const { change, reject } = waiting;
      try {
        if (change.kind !== "remove") model = checkEntries(change.entries, model);
        payloads.push(encodeChange(change));
        accepted.push(waiting);
      } catch (error) {
        reject(error);
      }
    }
    try {
      if (this.#log.version < 2 && accepted.some(({ change }) => isNormalized(change))) {
        await this.#compact(this.#key);
      }
      if (payloads.length > 0) await this.#log.append(payloads);
    } catch (error) {
      for (const { reject } of accepted) reject(error);
      return;
    }
    for (const { change, resolve, reject } of accepted) {
      await apply(this.#memory, change).then(resolve, reject);
    }
    await this.#compactIfWasteful();
  }

  async #compactIfWasteful(): Promise<void> {
    const { size } = this.#log;
    if (size < MIN_COMPACTED) return;
    const { identities, templates } = this.#memory.currentCount;
    const needed = templates * 4 * ((this.#memory.currentModel?.size ?? 0) + 2) + identities * 64;
    // What was acknowledged stays so if this fails, and the next change will say that the disk is full.
    if (size > 2 * needed) await this.#compact(this.#key).catch(() => {});
  }

  async #compact(key: KeySource | undefined): Promise<void> {
    await this.#log.rewrite(payloadsOf(this.#memory.entries()), key);
    this.#key = key;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.#disposed) {
      return Promise.reject(
        new DisposedError("Cannot use this gallery store as it was disposed of: open it again"),
      );
    }
    const result = this.#tail.then(task);
    this.#tail = result.then(() => {}, () => {});
    return result;
  }
}

/** Whether a change brings what a file of version 1 has no place for. */
function isNormalized(change: Change): boolean {
  return change.kind !== "remove" &&
    change.entries.some(({ templates }) => templates.some(({ normalization }) => normalization));
}

/** Makes a change in memory; returns how many identities it removed. */
export async function apply(memory: MemoryStore, change: Change): Promise<number> {
  if (change.kind === "remove") return await memory.remove(change.identities);
  await memory.put(change.entries, change.kind);
  return 0;
}

/** The entries with one renamed; last, so that its templates follow those of an identity that it joins. */
async function* renamed(
  entries: AsyncIterable<GalleryEntry>,
  from: string,
  to: string,
): AsyncGenerator<GalleryEntry, void, void> {
  let last: GalleryEntry | undefined;
  for await (const entry of entries) {
    if (entry.identity === from) last = { ...entry, identity: to };
    else yield entry;
  }
  if (last) yield last;
}

/** The records of a log that holds nothing but these entries. */
export async function* payloadsOf(
  entries: AsyncIterable<GalleryEntry>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let part: GalleryEntry[] = [], templates = 0;
  for await (const entry of entries) {
    part.push(entry);
    templates += entry.templates.length;
    if (templates < RECORD_TEMPLATES) continue;
    yield encodeChange({ kind: "add", entries: part });
    part = [];
    templates = 0;
  }
  if (part.length > 0) yield encodeChange({ kind: "add", entries: part });
}
