// The limits on pictures from outside, and the messages of a picture that is over them.
// They are checked on the header, before memory is taken for the pixels.

import { ImageDecodeError, ImageTooLargeError, InvalidArgumentError } from "../base/errors.ts";

/**
 * The most pixels (width x height) of a picture unless `maxPixels` says otherwise: 65e6, which the photos of phones
 * with 48, 50 and 64 MP have. It holds everywhere: in programs, on the command line and in the server.
 */
export const DEFAULT_MAX_PIXELS = 65e6;

/**
 * From this size on, verifiers decode a JPEG reduced (`reduceAbove`): 16e6 pixels. A photo of 49 MP then takes half the
 * memory.
 */
export const REDUCE_ABOVE_PIXELS = 16e6;

/** The most bytes that are read of a file or an answer unless `maxBytes` says otherwise: 100e6. */
export const DEFAULT_MAX_BYTES = 100e6;

/** The most bytes of a request to the server unless `maxBodyBytes` says otherwise: 50e6, two photos of a phone. */
export const DEFAULT_MAX_BODY_BYTES = 50e6;

/** Throws InvalidArgumentError unless a limit is a positive number; `Infinity` means no limit. */
export function checkLimit(name: string, value: number): void {
  if (typeof value === "number" && value > 0) return;
  throw new InvalidArgumentError(
    `Cannot use ${name} ${value} as a limit must be a positive number: pass Infinity for no limit`,
  );
}

/** Throws ImageTooLargeError if a picture has more pixels than allowed. */
export function checkPixels(
  size: { readonly width: number; readonly height: number },
  maxPixels: number,
  label: string,
): void {
  const pixels = size.width * size.height;
  if (pixels <= maxPixels) return;
  throw new ImageTooLargeError(
    `Cannot decode ${label} as its header says ${size.width}x${size.height} ` +
      `(${megas(pixels)} MP) and the limit is ${megas(maxPixels)} MP: pass maxPixels to allow it`,
  );
}

/** Throws ImageTooLargeError if there are more bytes than allowed. */
export function checkBytes(bytes: number, maxBytes: number, label: string): void {
  if (bytes <= maxBytes) return;
  throw new ImageTooLargeError(
    `Cannot read ${label} as it has ${megas(bytes)} MB or more ` +
      `and the limit is ${megas(maxBytes)} MB: pass maxBytes to allow it`,
  );
}

/** Returns the error of bytes that are no whole picture; `seen` and `remedy` complete the sentence. */
export function undecodable(
  label: string,
  seen: string,
  remedy = "get a whole copy of the file",
): ImageDecodeError {
  return new ImageDecodeError(`Cannot decode ${label} as ${seen}: ${remedy}`);
}

function megas(value: number): number {
  return Number((value / 1e6).toPrecision(3));
}
