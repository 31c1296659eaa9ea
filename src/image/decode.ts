// From the bytes of an image file to an upright, opaque picture.
// Looks at the header first; each decoder is loaded only when its format is met.

import { ImageDecodeError, InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { decodeAvif } from "./avif.ts";
import { decodeBmp } from "./bmp.ts";
import { decodeGif } from "./gif.ts";
import { decodeHeic } from "./heic.ts";
import { type ImageHeader, readHeader } from "./header.ts";
import { fromPixels, type Image, type PixelData } from "./image.ts";
import { decodeJpeg } from "./jpeg.ts";
import { canReduce, decodeReducedJpeg, type Reduction, reductionFor } from "./jpeg_reduced.ts";
import { checkLimit, checkPixels, DEFAULT_MAX_PIXELS, undecodable } from "./limits.ts";
import { orient } from "./orient.ts";
import { decodePng } from "./png.ts";
import type { ImageFormat } from "./signature.ts";
import { decodeTiff } from "./tiff.ts";
import { decodeWebp } from "./webp.ts";

/** Options of {@linkcode decodeImage}. */
export interface DecodeOptions {
  /** What messages call the picture, such as its file name; "the picture" by default. */
  readonly label?: string;
  /** The most pixels (width x height) to decode; {@linkcode DEFAULT_MAX_PIXELS} by default. */
  readonly maxPixels?: number;
  /**
   * JPEGs (but CMYK) of more pixels than this are decoded at a half, a quarter or an eighth of their width and height,
   * the largest that has no more; `reduction` of the picture says which. `Infinity`, that is never, by default.
   */
  readonly reduceAbove?: number;
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
  heic: decodeHeic,
  avif: decodeAvif,
  bmp: decodeBmp,
  tiff: decodeTiff,
};

/**
 * Decodes the bytes of a JPEG (also CMYK), PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP file; of several pictures in it the
 * first, or the one that the file says is primary. The format is told by the bytes, never by the name. The orientation
 * in EXIF, TIFF and HEIF is applied and transparency becomes white.
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
  const { header, pixels, label, reduction } = await decodeStored(bytes, options);
  const image = orient(fromPixels(pixels, label), header.orientation);
  if (reduction === 1) return image;
  const { width, height, orientation } = header;
  const turned = orientation >= 5; // EXIF's orientations 5 to 8 change width and height
  return {
    ...image,
    reduction,
    reducedFrom: turned ? { width: height, height: width } : { width, height },
  };
}

/** As {@linkcode decodeImage}, but alpha stays as it is in the file: for mask templates. */
export async function decodeRgba(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  const { header, pixels, label } = await decodeStored(bytes, {
    ...options,
    reduceAbove: Infinity,
  });
  const { width, height, data } = pixels;
  const whole = data.length === width * height * 4
    ? { width, height, data: new Uint8ClampedArray(data) }
    : fromPixels(pixels, label);
  return orient(whole, header.orientation);
}

/** Returns the pixels as the file has them. */
async function decodeStored(
  bytes: Uint8Array,
  { label = "the picture", maxPixels = DEFAULT_MAX_PIXELS, reduceAbove = Infinity }: DecodeOptions,
): Promise<{ header: ImageHeader; pixels: PixelData; label: string; reduction: number }> {
  checkLimit("maxPixels", maxPixels);
  checkLimit("reduceAbove", reduceAbove);
  if (!(bytes instanceof Uint8Array)) {
    throw new InvalidArgumentError(
      `Cannot decode ${label} as it is of type ${typeof bytes}: pass a Uint8Array, ` +
        `or use loadImage for paths, URLs and Blobs`,
    );
  }
  const header = readHeader(bytes, label);
  checkPixels(header, maxPixels, label);
  const wanted = reductionFor(header, reduceAbove);
  const reduction = wanted > 1 && await canReduce() ? wanted : 1;
  const pixels = await decodePixels(bytes, header, label, reduction);
  if (!fits(pixels, header, reduction)) {
    throw undecodable(
      label,
      `its header says ${header.width}x${header.height} ` +
        `and its data is ${pixels.width}x${pixels.height}`,
    );
  }
  return { header, pixels, label, reduction };
}

/** Returns whether the data has the size that the header says; a HEIC may be cropped (clean aperture). */
function fits({ width, height }: PixelData, header: ImageHeader, reduction: number): boolean {
  if (header.format === "heic") return width <= header.width && height <= header.height;
  return width === Math.ceil(header.width / reduction) &&
    height === Math.ceil(header.height / reduction);
}

async function decodePixels(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
  reduction: Reduction,
): Promise<PixelData> {
  try {
    if (reduction > 1) return await decodeReducedJpeg(bytes, header, reduction, label);
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
