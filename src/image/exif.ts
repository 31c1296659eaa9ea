// Finds the EXIF orientation of a picture: how a camera was held when it took it.
// EXIF comes from strangers: whatever is wrong with it, the answer is 1 (upright), never an error.

import { ascii, jpegSegments, pngChunks, riffChunks, view } from "./chunks.ts";
import type { ImageFormat } from "./signature.ts";

const ORIENTATION_TAG = 0x0112, SHORT = 3;

/** Returns the EXIF orientation of an image file, 1 to 8; 1 if it has none or it is broken. */
export function exifOrientation(bytes: Uint8Array, format: ImageFormat): number {
  const exif = findExif(bytes, format);
  return exif ? tiffOrientation(exif) : 1;
}

function findExif(bytes: Uint8Array, format: ImageFormat): Uint8Array | undefined {
  if (format === "jpeg") {
    for (const { type, start, end } of jpegSegments(bytes)) {
      if (type === 0xe1 && ascii(bytes, start, 6) === "Exif\0\0") {
        return bytes.subarray(start + 6, end);
      }
    }
  } else if (format === "png") {
    for (const { type, start, end } of pngChunks(bytes)) {
      if (type === "eXIf") return bytes.subarray(start, end);
    }
  } else if (format === "webp") {
    for (const { type, start, end } of riffChunks(bytes)) {
      if (type !== "EXIF") continue;
      // Some writers put the prefix of JPEG before it, against the standard.
      const prefix = ascii(bytes, start, 6) === "Exif\0\0" ? 6 : 0;
      return bytes.subarray(start + prefix, end);
    }
  }
  return undefined;
}

/** Returns the orientation in a TIFF structure; only its first directory (the main picture) is read. */
export function tiffOrientation(tiff: Uint8Array): number {
  const order = ascii(tiff, 0, 4);
  const little = order === "II*\0";
  if (tiff.length < 8 || !(little || order === "MM\0*")) return 1;
  const data = view(tiff);
  const directory = data.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const count = data.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + i * 12;
    if (entry + 12 > tiff.length) return 1;
    if (data.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = data.getUint16(entry + 8, little);
    const valid = data.getUint16(entry + 2, little) === SHORT && value >= 1 && value <= 8;
    return valid ? value : 1;
  }
  return 1;
}
