// From whatever a caller has in hand (path, URL, bytes, Blob, raw pixels) to a picture.
// Reads no more than the limits allow, and from nothing that the caller did not name.

import { ImageReadError, InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { decodeImage, type DecodeOptions } from "./decode.ts";
import { fromPixels, type Image, type ImageInput, type PixelData } from "./image.ts";
import {
  checkBytes,
  checkLimit,
  checkPixels,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_PIXELS,
} from "./limits.ts";
import { publicName } from "./name.ts";
import { readFileBytes, readUrlBytes } from "./read.ts";

/** Options of {@linkcode loadImage}. */
export interface LoadOptions extends DecodeOptions {
  /** The most bytes to read; {@linkcode DEFAULT_MAX_BYTES} by default. */
  readonly maxBytes?: number;
  /** Ends the reading early; the promise is then rejected with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/**
 * Loads a picture from a file, a URL, bytes, a `Blob` or raw pixels.
 *
 * @param input A string is a file path, never a URL. A `URL` object is read (`file:`) or fetched.
 * Raw pixels are taken as they are, see {@linkcode fromPixels}.
 * @param options See {@linkcode LoadOptions}.
 * @returns The picture, upright and opaque.
 * @throws {ImageReadError} If there is no such regular file, no permission, or the fetch fails.
 * @throws {ImageDecodeError} If the bytes are truncated, corrupt or of an unknown format.
 * @throws {ImageTooLargeError} If there are more than `maxBytes` bytes or `maxPixels` pixels.
 * @throws {InvalidArgumentError} If the input is of no known kind or a limit no positive number.
 *
 * @example
 * ```ts
 * import { loadImage } from "@maskinv/maskinv/image";
 *
 * const gif = new Uint8Array([
 *   ...[71, 73, 70, 56, 57, 97, 1, 0, 1, 0, 128, 0, 0, 255, 0, 0, 0, 0, 0],
 *   ...[44, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 68, 1, 0, 59],
 * ]);
 * const image = await loadImage(new Blob([gif]), { maxPixels: 1e6 });
 * console.log(image.data); // Uint8ClampedArray [255, 0, 0, 255]
 * ```
 */
export async function loadImage(input: ImageInput, options: LoadOptions = {}): Promise<Image> {
  const { maxPixels = DEFAULT_MAX_PIXELS, maxBytes = DEFAULT_MAX_BYTES, signal } = options;
  checkLimit("maxPixels", maxPixels);
  checkLimit("maxBytes", maxBytes);
  signal?.throwIfAborted();
  const label = options.label ?? describe(input);
  if (isPixelData(input)) {
    checkPixels(input, maxPixels, label);
    return fromPixels(input, label);
  }
  const bytes = await toBytes(input, label, maxBytes, signal);
  signal?.throwIfAborted();
  return await decodeImage(bytes, { label, maxPixels, reduceAbove: options.reduceAbove });
}

/** Returns the bytes of whatever holds a file; `loadImage` says what it throws. */
export async function toBytes(
  input: Exclude<ImageInput, PixelData>,
  label: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) {
    checkBytes(input.byteLength, maxBytes, label);
    return input instanceof ArrayBuffer ? new Uint8Array(input) : input;
  }
  if (input instanceof Blob) checkBytes(input.size, maxBytes, label);
  try {
    if (input instanceof Blob) return new Uint8Array(await input.arrayBuffer());
    if (typeof input === "string" && input !== "" && !/^(https?|file|data|blob):/i.test(input)) {
      return await readFileBytes(input, label, maxBytes, signal);
    }
    if (input instanceof URL) {
      return input.protocol === "file:"
        ? await readFileBytes(input, label, maxBytes, signal)
        : await readUrlBytes(input, label, maxBytes, signal);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MaskinvError ? error : readError(error, label);
  }
  throw new InvalidArgumentError(
    typeof input === "string" && input !== ""
      ? `Cannot load ${label} as strings are file paths: pass new URL("...") to load a URL`
      : `Cannot load ${label} as a picture: pass a file path, a URL object, a Uint8Array, ` +
        `an ArrayBuffer, a Blob, or {width, height, data} with 8-bit RGB or RGBA data`,
  );
}

function isPixelData(input: ImageInput): input is PixelData {
  if (typeof input !== "object" || input === null || !("data" in input)) return false;
  return input.data instanceof Uint8Array || input.data instanceof Uint8ClampedArray;
}

/** Returns what messages call an input. Of a URL, what may be secret is left out. */
export function describe(input: ImageInput): string {
  if (typeof input === "string") return input === "" ? "an empty string" : publicName(input);
  if (input instanceof URL) return publicName(input.href);
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) return "the picture";
  if (input instanceof Blob) return input instanceof File ? input.name : "the Blob";
  if (isPixelData(input)) return "raw pixels";
  const given: unknown = input;
  if (typeof given !== "object" || given === null) return String(given);
  const name = given.constructor?.name ?? "Object";
  return name === "Object" ? `an object with the keys ${Object.keys(given)}` : `a value of ${name}`;
}

/** Turns what the platform throws into one error with the remedy. */
function readError(error: unknown, label: string): ImageReadError {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  const said = publicName(message ?? String(error));
  const [, what, flag] = said.match(/access to "(.*)".*(--allow-\w+)/) ?? [];
  const [seen, remedy] = name === "NotCapable"
    ? ["Deno has no permission for it", flag ? `run deno with ${flag}="${what}"` : said]
    : code === "ENOENT"
    ? ["there is no such file", "check the path"]
    : code === "EACCES" || code === "EPERM"
    ? ["the file system denies it", "check the permissions of the file and its folders"]
    : [said, "check that it exists and can be read"];
  return new ImageReadError(`Cannot read ${label} as ${seen}: ${remedy}`, { cause: error });
}
