// What a full disk, a read-only one or a missing permission is to callers: one error that names the file, and the old
// file still in its place.

import { MaskinvError, WriteError } from "./errors.ts";

/** The error for a file that could not be written; errors of our own stay as they are. */
export function asWriteError(path: string, error: unknown): MaskinvError {
  if (error instanceof MaskinvError) return error;
  return new WriteError(
    `Cannot write ${path} as ${(error as Error).message}: ` +
      `check the folder, its permissions and the room on its disk`,
    { cause: error },
  );
}

/** Runs something that writes a file. */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw asWriteError(path, error);
  }
}

/**
 * Writes a file so that it is there as a whole or not at all.
 *
 * @throws {WriteError} If the disk refuses; what was there before stays.
 */
export function writeWhole(path: string, content: Uint8Array | string): void {
  const part = `${path}.part`;
  try {
    Deno.writeFileSync(
      part,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    Deno.renameSync(part, path);
  } catch (error) {
    // A full disk gets its room back.
    try {
      Deno.removeSync(part);
    } catch {
      // There may be none.
    }
    throw asWriteError(path, error);
  }
}
