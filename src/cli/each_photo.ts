// The loop of the commands that read one photo after the other: a photo that cannot be read gets a message, and the rest
// go on.

import { ImageDecodeError, ImageReadError, ImageTooLargeError } from "../base/errors.ts";
import type { Arguments } from "./command.ts";
import { ProgressLine } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** Reads each photo; returns the worst exit code, which is 2 where a photo could not be read. */
export async function eachPhoto(
  photos: Arguments["photos"],
  terminal: Terminal,
  read: (photo: Arguments["photos"][number]) => Promise<number>,
): Promise<number> {
  let worst = 0;
  const line = new ProgressLine(terminal);
  for (const [i, photo] of photos.entries()) {
    line.show(i, photos.length, `${i + 1}/${photos.length} ${photo.label}`);
    try {
      worst = Math.max(worst, await read(photo));
    } catch (error) {
      if (!isOfPhoto(error)) throw error;
      terminal.progress("");
      terminal.err(`maskinv: ${error.message}`);
      worst = 2;
    }
  }
  return worst;
}

/** Whether an error is about one photo and not about what all of them need. */
export function isOfPhoto(error: unknown): error is Error {
  return error instanceof ImageReadError || error instanceof ImageDecodeError ||
    error instanceof ImageTooLargeError;
}
