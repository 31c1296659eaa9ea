// Reads format, size and orientation of an image file from its header alone.
// The size is known before memory is taken for pixels, so that hostile headers cost nothing.

import { ascii, jpegSegments, riffChunks, uint32, view } from "./chunks.ts";
import { bmpHeader } from "./bmp_header.ts";
import { exifOrientation } from "./exif.ts";
import { heifHeader } from "./heif_header.ts";
import { undecodable } from "./limits.ts";
import { type ImageFormat, imageFormat } from "./signature.ts";
import { tiffHeader } from "./tiff_header.ts";

/** What the header of an image file says. */
export interface ImageHeader {
  /** The format, told by the first bytes. */
  readonly format: ImageFormat;
  /** Width in pixels as stored, before the orientation is applied (of HEIC after it); at least 1. */
  readonly width: number;
  /** Height in pixels as stored, before the orientation is applied (of HEIC after it); at least 1. */
  readonly height: number;
  /** EXIF orientation, 1 (upright) to 8; of AVIF what its boxes say, of HEIC always 1 as libheif turns the picture. */
  readonly orientation: number;
  /** JPEG only: colour components, 1 (grey), 3 (YCbCr or RGB) or 4 (CMYK or YCCK). */
  readonly components?: number;
}

type Size = Pick<ImageHeader, "width" | "height" | "components"> & {
  readonly orientation?: number;
};

/**
 * Reads the header of an image file of any {@linkcode ImageFormat} without decoding it.
 *
 * @param bytes The file, or as much of it as holds the header.
 * @param label What messages call the picture.
 * @returns Format, stored size in pixels and orientation.
 * @throws {ImageDecodeError} If the bytes are empty, cut short within the header, or of an unknown format.
 *
 * @example
 * ```ts
 * import { readHeader } from "@maskinv/maskinv/image";
 *
 * const gif = new Uint8Array([71, 73, 70, 56, 57, 97, 32, 0, 16, 0, 0, 0, 0]);
 * const { format, width, height } = readHeader(gif);
 * console.log(format, width, height); // gif 32 16
 * ```
 */
export function readHeader(bytes: Uint8Array, label = "the picture"): ImageHeader {
  const format = imageFormat(bytes, label);
  const size = SIZES[format](bytes, label);
  if (!size) {
    throw undecodable(label, `its ${format.toUpperCase()} header is cut short or corrupt`);
  }
  if (size.width === 0 || size.height === 0) {
    throw undecodable(label, `its header says ${size.width}x${size.height} pixels`);
  }
  return { format, orientation: exifOrientation(bytes, format), ...size };
}

const SIZES: Record<ImageFormat, (bytes: Uint8Array, label: string) => Size | undefined> = {
  jpeg: jpegSize,
  png: pngSize,
  gif: gifSize,
  webp: webpSize,
  heic: heicSize,
  avif: heifHeader,
  bmp: bmpHeader,
  tiff: tiffHeader,
};

function heicSize(bytes: Uint8Array): Size | undefined {
  const header = heifHeader(bytes);
  if (!header || header.orientation < 5) return header && { ...header, orientation: 1 };
  return { width: header.height, height: header.width, orientation: 1 };
}

function jpegSize(bytes: Uint8Array, label: string): Size | undefined {
  for (const { type, start } of jpegSegments(bytes)) {
    // SOF0 to SOF15; C4, C8 and CC are Huffman tables, an extension and arithmetic coding.
    if (type < 0xc0 || type > 0xcf || type === 0xc4 || type === 0xc8 || type === 0xcc) continue;
    if (start + 6 > bytes.length) return undefined;
    if (bytes[start] !== 8) {
      throw undecodable(
        label,
        `it is a JPEG of ${bytes[start]} bits a sample and only 8 are supported`,
        "convert it to an 8-bit JPEG or to PNG",
      );
    }
    const data = view(bytes);
    return {
      height: data.getUint16(start + 1),
      width: data.getUint16(start + 3),
      components: bytes[start + 5],
    };
  }
  return undefined;
}

function pngSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 33 || ascii(bytes, 12, 4) !== "IHDR") return undefined;
  return { width: uint32(bytes, 16), height: uint32(bytes, 20) };
}

function gifSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 13) return undefined;
  return { width: view(bytes).getUint16(6, true), height: view(bytes).getUint16(8, true) };
}

function webpSize(bytes: Uint8Array): Size | undefined {
  for (const { type, start } of riffChunks(bytes)) {
    if (start + 10 > bytes.length) return undefined;
    const data = view(bytes);
    if (type === "VP8X") {
      return {
        width: (data.getUint32(start + 4, true) & 0xffffff) + 1,
        height: (data.getUint32(start + 6, true) >>> 8) + 1,
      };
    }
    if (type === "VP8L") {
      const bits = data.getUint32(start + 1, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    if (type === "VP8 ") {
      return {
        width: data.getUint16(start + 6, true) & 0x3fff,
        height: data.getUint16(start + 8, true) & 0x3fff,
      };
    }
  }
  return undefined;
}
