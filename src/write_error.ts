// What a full disk, a read-only one or a missing permission is to callers: one error that names the file.

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
