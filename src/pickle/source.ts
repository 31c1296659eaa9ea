// Where a pickle's bytes come from: memory, or a file of which only what is asked for is read.
// A benchmark's .bin holds gigabytes of pictures; the unpickler needs only what lies between them.

import { DatasetError, type MaskinvError } from "../base/errors.ts";

/** The class of error that says why something is refused; `DatasetError` unless a reader has its own. */
export type Refusal = new (message: string, options?: ErrorOptions) => MaskinvError;

/** Bytes that can be read anywhere. */
export interface ByteSource extends Disposable {
  /** Number of bytes. */
  readonly length: number;
  /** The bytes of a part, which lies within the source. */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    length: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    [Symbol.dispose]: () => {},
  };
}

/** How much is read of a file at once, where little is asked for. */
const WINDOW = 65536;

/** A file, through a window; open until it is disposed of. */
export async function fileSource(
  path: string,
  Refused: Refusal = DatasetError,
): Promise<ByteSource> {
  const { closeSync, fstatSync, openSync, readSync } = await import("node:fs");
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw new Refused(
      `Cannot open ${path} as ${
        (cause as Error).message
      }: check the path and that reading is allowed`,
      { cause },
    );
  }
  const stat = fstatSync(file), { size } = stat;
  if (!stat.isFile()) {
    closeSync(file);
    throw new Refused(`Cannot open ${path} as it is no file: check the path`);
  }
  let window: Uint8Array = new Uint8Array(0), start = 0;
  const fill = (offset: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, length - done, offset + done);
      if (count === 0) {
        throw new Refused(
          `Cannot read ${path} as it became shorter while it was read: do not write to it meanwhile`,
        );
      }
      done += count;
    }
    return bytes;
  };
  return {
    length: size,
    read(offset, length): Uint8Array {
      if (length > WINDOW) return fill(offset, length);
      if (offset < start || offset + length > start + window.length) {
        window = fill(offset, Math.min(WINDOW, size - offset));
        start = offset;
      }
      return window.subarray(offset - start, offset - start + length);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
