// The one picture type of maskinv, and what callers may hand in where a picture is wanted.
// Every stage after decoding (detect, align, annotate) reads this and nothing else.

import { InvalidArgumentError } from "../base/errors.ts";

/**
 * A decoded picture: 8-bit RGBA, row-major, upright (EXIF orientation applied), opaque
 * (transparent pixels are composited over white, as viewers show them).
 */
export interface Image {
  /** Width in pixels, at least 1. */
  readonly width: number;
  /** Height in pixels, at least 1. */
  readonly height: number;
  /** `width * height * 4` bytes in the order R, G, B, A. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  /**
   * How many times smaller, in each direction, the picture was decoded than its file says (`reduceAbove` of
   * `loadImage`): a place in it, times this, is a place in the file's picture. Missing if it is whole.
   */
  readonly reduction?: number;
  /** The size of the file's picture, upright, in pixels. Missing if it is whole. */
  readonly reducedFrom?: { readonly width: number; readonly height: number };
}

/** Raw pixels from elsewhere (a canvas, a camera, sharp): RGBA or RGB, row-major, 8 bits a channel. */
export interface PixelData {
  /** Width in pixels, at least 1. */
  readonly width: number;
  /** Height in pixels, at least 1. */
  readonly height: number;
  /** `width * height * 4` (RGBA) or `width * height * 3` (RGB) bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/**
 * What maskinv accepts as a picture: a file path, a `URL` object (`file:`, `data:`, `blob:`; `http(s):` is fetched
 * as the caller asked for it), the bytes of an image file, a `Blob`, or raw pixels.
 */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | PixelData;

/**
 * Makes an opaque RGBA {@linkcode Image} of raw RGB or RGBA pixels. Opaque RGBA is taken without a copy.
 *
 * @param pixels The pixels; see {@linkcode PixelData}.
 * @param label What messages call the picture.
 * @returns The picture.
 * @throws {InvalidArgumentError} If the size is not a positive integer or does not fit the data.
 *
 * @example
 * ```ts
 * import { fromPixels } from "@maskinv/maskinv/image";
 *
 * const red = fromPixels({ width: 1, height: 1, data: new Uint8Array([255, 0, 0]) });
 * console.log(red.data); // Uint8ClampedArray [255, 0, 0, 255]
 * ```
 */
export function fromPixels(pixels: PixelData, label = "raw pixels"): Image {
  const { width, height, data } = pixels;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new InvalidArgumentError(
      `Cannot use ${label} as the size is ${width}x${height}: give a positive integer width and height`,
    );
  }
  const count = width * height;
  if (data.length === count * 3) return { width, height, data: expandRgb(data, count) };
  if (data.length !== count * 4) {
    throw new InvalidArgumentError(
      `Cannot use ${label} as ${width}x${height} needs ${count * 4} (RGBA) or ${
        count * 3
      } (RGB) bytes ` +
        `and there are ${data.length}: check width, height and the number of channels`,
    );
  }
  return { width, height, data: flattenOverWhite(data, count) };
}

function expandRgb(data: Uint8Array | Uint8ClampedArray, count: number): Image["data"] {
  const out = new Uint8ClampedArray(count * 4);
  for (let i = 0, j = 0; i < out.length; i += 4, j += 3) {
    out[i] = data[j];
    out[i + 1] = data[j + 1];
    out[i + 2] = data[j + 2];
    out[i + 3] = 255;
  }
  return out;
}

function flattenOverWhite(data: Uint8Array | Uint8ClampedArray, count: number): Image["data"] {
  let opaque = true;
  for (let i = 3; i < count * 4 && opaque; i += 4) opaque = data[i] === 255;
  if (opaque && data.buffer instanceof ArrayBuffer) {
    return new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  }
  const out = new Uint8ClampedArray(data);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3] / 255, white = 255 * (1 - alpha);
    out[i] = out[i] * alpha + white;
    out[i + 1] = out[i + 1] * alpha + white;
    out[i + 2] = out[i + 2] * alpha + white;
    out[i + 3] = 255;
  }
  return out;
}
