// One writer per gallery folder. Where the kernel's file locks can be had (Deno) a lock ends with its process, however
// that ends; elsewhere (Node) a file names the process, and is stale when that process is gone.

import { GalleryLockedError } from "./errors.ts";

/** Who holds the lock, as the file says. */
interface Holder {
  readonly pid: number;
  /** Whether the kernel holds the lock as well. */
  readonly kernel: boolean;
}

/** The folders that this process holds: its own number in a file proves nothing after a restart of a container. */
const held = new Set<string>();

/** A lock on a folder; disposing of it releases it. */
export type FolderLock = AsyncDisposable;

/**
 * Takes the lock of a folder.
 *
 * @param folder An absolute path without symbolic links.
 * @throws {GalleryLockedError} If another process, or this one, holds it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  if (held.has(folder)) throw locked(folder, "this process has it open");
  held.add(folder);
  try {
    const path = `${folder}/lock`;
    const release = "Deno" in globalThis ? await lockByKernel(path) : await lockByFile(path);
    return {
      async [Symbol.asyncDispose](): Promise<void> {
        try {
          await release();
        } finally {
          held.delete(folder);
        }
      },
    };
  } catch (error) {
    held.delete(folder);
    throw error;
  }
}

async function lockByKernel(path: string): Promise<() => Promise<void>> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  try {
    if (!await file.tryLock(true)) {
      throw locked(path, `process ${(await holder(path))?.pid} has it`);
    }
    const other = await holder(path);
    if (other && !other.kernel && await isAlive(other.pid)) {
      throw locked(path, `process ${other.pid} has it`);
    }
    await overwrite(file, describe(Deno.pid, true));
    return async () => {
      // On a disk that became read-only the text stays, which does no harm: the kernel's lock is what counts.
      await overwrite(file, new Uint8Array()).catch(() => {});
      file.close();
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The size of a lock's text; blanks fill it up. */
const LOCK_SIZE = 64;

/**
 * Writes over the file, which keeps its size, held or not: a file that grows with each opening could not be opened on a
 * full disk, where a gallery is still to be searched.
 */
async function overwrite(file: Deno.FsFile, text: Uint8Array): Promise<void> {
  const bytes = new Uint8Array(LOCK_SIZE).fill(0x20);
  bytes.set(text);
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(bytes);
}

/** The lock of hosts without kernel locks; returns what releases it. */
export async function lockByFile(path: string): Promise<() => Promise<void>> {
  const fs = await import("node:fs/promises");
  const { default: process } = await import("node:process");
  const other = await holder(path);
  if (other && other.pid !== process.pid && await isAlive(other.pid)) {
    throw locked(path, `process ${other.pid} has it`);
  }
  await fs.rm(path, { force: true });
  try {
    // Of two that remove a stale file only one makes the new one.
    await fs.writeFile(path, describe(process.pid, false), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    throw locked(path, `another process took it just now`);
  }
  return () => fs.rm(path, { force: true });
}

function describe(pid: number, kernel: boolean): Uint8Array {
  const holder: Holder = { pid, kernel };
  return new TextEncoder().encode(JSON.stringify(holder));
}

async function holder(path: string): Promise<Holder | undefined> {
  const { readFile } = await import("node:fs/promises");
  try {
    const { pid, kernel } = JSON.parse(await readFile(path, "utf8"));
    return Number.isInteger(pid) ? { pid, kernel: kernel === true } : undefined;
  } catch {
    return undefined; // Absent, blank after a release, or torn when its writer was killed.
  }
}

/** Whether a process lives; one that may not be asked about counts as alive. */
async function isAlive(pid: number): Promise<boolean> {
  const { default: process } = await import("node:process");
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

function locked(path: string, why: string): GalleryLockedError {
  return new GalleryLockedError(
    `Cannot open the gallery ${path.replace(/\/lock$/, "")} for writing as ${why}: ` +
      `close it there, or remove its file "lock" if you know that it is not in use`,
  );
}
