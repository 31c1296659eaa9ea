// Saves what can be read of a damaged gallery. Each record is sealed by itself, so that damage to one leaves the others
// readable. The damaged file is kept: what was lost may still be got from it, or from a backup.

import { MaskinvError } from "../base/errors.ts";
import { GalleryStoreError } from "./errors.ts";
import { HEADER_SIZE, type KeySource, openCipher } from "./file_cipher.ts";
import { type FolderLock, lockFolder } from "./file_lock.ts";
import { Log } from "./file_log.ts";
import { LogReader, readAt } from "./file_reader.ts";
import { decodeChange } from "./file_record.ts";
import { apply, isGalleryFolder, LOG_FILE, missingGallery, payloadsOf } from "./file_store.ts";
import { MemoryStore } from "./memory_store.ts";
import type { GalleryCount } from "./store.ts";

/** What a repair has found. */
export interface GalleryRepair extends GalleryCount {
  /** Records that were read. */
  readonly records: number;
  /**
   * What could not be read, in words with the place in the file. Templates that these records added are lost, and what
   * they removed is back.
   */
  readonly lost: readonly string[];
  /** Bytes of an unfinished, never acknowledged change at the end. */
  readonly cutBytes: number;
  /** Where the damaged file is kept; absent if nothing was lost. */
  readonly kept?: string;
}

/**
 * Repairs a gallery in a folder: writes its log anew of the records that can be read, if any cannot.
 *
 * @param folder The folder.
 * @param options The key, if the gallery is encrypted.
 * @returns What was saved and what was lost; a sound gallery is left as it is.
 * @throws {GalleryMissingError} If there is no gallery.
 * @throws {GalleryLockedError} If it is open elsewhere.
 * @throws {GalleryKeyError} If the key is missing or wrong.
 * @throws {GalleryCorruptError} If the header is damaged, without which no record can be read.
 * @throws {GalleryStoreError} If the folder cannot be read or written.
 *
 * @example
 * ```ts
 * import { openFileStore, repairFileStore } from "@maskinv/maskinv/gallery";
 *
 * const folder = await Deno.makeTempDir();
 * await (await openFileStore(folder))[Symbol.asyncDispose]();
 * console.log((await repairFileStore(folder)).lost); // []
 * ```
 */
export async function repairFileStore(
  folder: string,
  { key }: { readonly key?: KeySource } = {},
): Promise<GalleryRepair> {
  if (!await isGalleryFolder(folder)) throw missingGallery(folder);
  let lock: FolderLock | undefined;
  try {
    const fs = await import("node:fs/promises");
    const path = await fs.realpath(folder), log = `${path}/${LOG_FILE}`;
    lock = await lockFolder(path);
    await using memory = new MemoryStore("wasm");
    const found = await readAll(log, key, memory);
    const repair = { ...found, ...await memory.count() };
    if (found.lost.length === 0) return repair;
    const kept = `${log}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
    await fs.copyFile(log, kept, fs.constants.COPYFILE_EXCL);
    await using _log = await Log.create(log, key, payloadsOf(memory.entries()));
    return { ...repair, kept };
  } catch (error) {
    if (error instanceof MaskinvError) throw error;
    throw new GalleryStoreError(
      `Cannot repair the gallery ${folder} as ${(error as Error).message}: ` +
        `check the folder, its permissions and the room on its disk`,
      { cause: error },
    );
  } finally {
    await lock?.[Symbol.asyncDispose]();
  }
}

async function readAll(
  path: string,
  key: KeySource | undefined,
  memory: MemoryStore,
): Promise<Pick<GalleryRepair, "records" | "lost" | "cutBytes">> {
  const fs = await import("node:fs/promises");
  const file = await fs.open(path, "r");
  try {
    const cipher = await openCipher(await readAt(file, 0, HEADER_SIZE), key, path);
    const { size } = await file.stat();
    const reader = new LogReader(file, cipher, path, size, false);
    const lost: string[] = [];
    let records = 0;
    for (;;) {
      const at = reader.end, number = reader.records;
      try {
        const payload = await reader.next();
        if (!payload) return { records, lost, cutBytes: size - reader.end };
        await apply(memory, decodeChange(payload, `${path}, record ${number}`));
        records++;
      } catch (error) {
        if (!(error instanceof MaskinvError)) throw error;
        // Read, but of no use: the next record follows.
        const isRead = reader.end > at;
        const more = isRead || await reader.skip();
        const end = more ? reader.end : size;
        lost.push(
          `record ${number}${count(number, reader.records, more)}, bytes ${at} to ${end - 1}`,
        );
        if (!more) return { records, lost, cutBytes: 0 };
      }
    }
  } finally {
    await file.close();
  }
}

/** How many records lie between two, where that is known. */
function count(from: number, to: number, isKnown: boolean): string {
  if (!isKnown) return " and what follows";
  return to - from > 1 ? ` to ${to - 1}` : "";
}
