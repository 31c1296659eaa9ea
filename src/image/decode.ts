// From the bytes of an image file to an upright, opaque picture.
// Looks at the header first; each decoder is loaded only when its format is met.

import { ImageDecodeError, InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { decodeGif } from "./gif.ts";
import { type ImageHeader, readHeader } from "./header.ts";
import { fromPixels, type Image, type PixelData } from "./image.ts";
import { decodeJpeg } from "./jpeg.ts";
import { checkLimit, checkPixels, DEFAULT_MAX_PIXELS, undecodable } from "./limits.ts";
import { orient } from "./orient.ts";
import { decodePng } from "./png.ts";
import type { ImageFormat } from "./signature.ts";
import { decodeWebp } from "./webp.ts";

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /** What messages call the picture, such as its file name; "the picture" by default. */
  readonly label?: string;
  /** The most pixels (width x height) to decode; {@linkcode DEFAULT_MAX_PIXELS} by default. */
  readonly maxPixels?: number;
}

type Decoder = (
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
) => PixelData | Promise<PixelData>;

const DECODERS: Record<ImageFormat, Decoder> = {
  jpeg: decodeJpeg,
  png: decodePng,
  gif: decodeGif,
  webp: decodeWebp,
};

/**
 * Decodes the bytes of a JPEG (also CMYK), PNG, GIF (its first picture) or still WebP file. The
 * format is told by the bytes. EXIF orientation is applied and transparency becomes white.
 *
 * @param bytes The whole file.
 * @param options See {@linkcode DecodeOptions}.
 * @returns The picture, upright and opaque.
 * @throws {ImageDecodeError} If the bytes are truncated, corrupt or of an unknown format.
 * @throws {ImageTooLargeError} If the header says more than `maxPixels`, or more than 12e6 pixels
 * of a CMYK JPEG; nothing is decoded then.
 * @throws {InvalidArgumentError} If `bytes` is no Uint8Array or `maxPixels` not a positive number.
 * @throws {MaskinvError} If the WebAssembly file of a decoder cannot be loaded.
 *
 * @example
 * ```ts
 * import { decodeImage, encodePng, fromPixels } from "@maskinv/maskinv/image";
 *
 * const red = fromPixels({ width: 1, height: 1, data: new Uint8Array([255, 0, 0]) });
 * const image = await decodeImage(await encodePng(red));
 * console.log(image.data); // Uint8ClampedArray [255, 0, 0, 255]
 * ```
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  const { header, pixels, label } = await decodeStored(bytes, options);
  return orient(fromPixels(pixels, label), header.orientation);
}

/** As {@linkcode decodeImage}, but alpha stays as it is in the file: for mask templates. */
export async function decodeRgba(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  const { header, pixels, label } = await decodeStored(bytes, options);
  const { width, height, data } = pixels;
  const whole = data.length === width * height * 4
    ? { width, height, data: new Uint8ClampedArray(data) }
    : fromPixels(pixels, label);
  return orient(whole, header.orientation);
}

/** The pixels as the file has them. */
async function decodeStored(
  bytes: Uint8Array,
  { label = "the picture", maxPixels = DEFAULT_MAX_PIXELS }: DecodeOptions,
): Promise<{ header: ImageHeader; pixels: PixelData; label: string }> {
  checkLimit("maxPixels", maxPixels);
  if (!(bytes instanceof Uint8Array)) {
    throw new InvalidArgumentError(
      `Cannot decode ${label} as it is of type ${typeof bytes}: pass a Uint8Array, ` +
        `or use loadImage for paths, URLs and Blobs`,
    );
  }
  const header = readHeader(bytes, label);
  checkPixels(header, maxPixels, label);
  const pixels = await decodePixels(bytes, header, label);
  if (pixels.width !== header.width || pixels.height !== header.height) {
    throw undecodable(
      label,
      `its header says ${header.width}x${header.height} ` +
        `and its data is ${pixels.width}x${pixels.height}`,
    );
  }
  return { header, pixels, label };
}

async function decodePixels(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  try {
    return await DECODERS[header.format](bytes, header, label);
  } catch (cause) {
    if (cause instanceof MaskinvError) throw cause;
    // Nothing but a lack of memory for the pixels is known to come here.
    const size = `${header.width}x${header.height}`;
    throw new ImageDecodeError(
      `Cannot decode ${label} as decoding its ${size} pixels failed (${cause}): ` +
        `free memory or make the picture smaller`,
      { cause },
    );
  }
}
