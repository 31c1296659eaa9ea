// Decodes TIFF in strips, uncompressed or with LZW or Deflate, of 8 or 16 bits, with the package tiff.
// imagescript 1.3.1 has a TIFF decoder, too, but its WebAssembly ends in "memory access out of bounds" for every file,
// also in Node. utif2 does not return from some LZW data: an entry of its table may become its own prefix.

import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { checkInflated } from "./inflate.ts";
import { undecodable } from "./limits.ts";
import { lzwLength } from "./tiff_lzw.ts";
import { DEFLATE, isPixelTag, tiffEntries, type TiffFields, tiffFields } from "./tiff_header.ts";
import { view } from "./chunks.ts";

/** Writers may fill up a strip. */
const SLACK_BYTES = 4096;

/** Returns the pixels of a TIFF's first picture as stored, or ImageDecodeError. */
export async function decodeTiff(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  const fields = tiffFields(bytes)!;
  await checkStrips(bytes, header, fields, label);
  const { decode } = await import("npm:tiff@7.1.3");
  try {
    const [picture] = decode(onlyPixelTags(bytes), { pages: [0] });
    return {
      width: header.width,
      height: header.height,
      data: toRgba(picture.data, fields, header),
    };
  } catch (error) {
    throw undecodable(label, `its TIFF data is corrupt (${(error as Error).message})`);
  }
}

/** The strips must lie within the file, cover the picture, and hold what they should and no more. */
async function checkStrips(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  fields: TiffFields,
  label: string,
): Promise<void> {
  const { offsets = [], counts = [], bits = [8], samples = [1], compression = [1] } = fields;
  const rows = Math.min(height, fields.rows?.[0] ?? height);
  const strips = rows > 0 ? Math.ceil(height / rows) : NaN;
  const rowBytes = Math.ceil(width * samples[0] * bits[0] / 8);
  if (offsets.length !== strips || (counts.length !== strips && compression[0] !== 1)) {
    throw undecodable(label, "its TIFF strips do not cover the picture");
  }
  for (const [i, offset] of offsets.entries()) {
    const whole = rowBytes * Math.min(rows, height - i * rows);
    const count = counts[i] ?? whole;
    if (offset + count > bytes.length) throw undecodable(label, "it is truncated");
    const strip = bytes.subarray(offset, offset + count) as Uint8Array<ArrayBuffer>;
    const max = 2 * rowBytes * rows + SLACK_BYTES;
    if (DEFLATE.includes(compression[0])) await checkInflated([strip], max, "TIFF", label);
    else if (compression[0] === 1 ? count < whole : lzwLength(strip, max) > max) {
      throw undecodable(label, "its TIFF data is shorter or larger than its header says");
    }
  }
}

/**
 * Returns a copy whose first directory has only the tags that are needed: others may have endless values or lead in circles,
 * and the package refuses an orientation, which is applied later.
 */
function onlyPixelTags(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (const { tag, entry, little } of tiffEntries(bytes)) {
    if (!isPixelTag(tag)) view(copy).setUint16(entry + 2, 0, little);
  }
  return copy;
}

/** Returns samples of 8 or 16 bits as RGBA of 8 bits. */
function toRgba(
  data: ArrayLike<number>,
  { bits = [8], kind = [1], samples = [1], palette = [], extra = [0] }: TiffFields,
  { width, height }: ImageHeader,
): Uint8ClampedArray {
  const pixels = width * height, channels = samples[0];
  if (data.length !== pixels * channels) throw new Error(`${data.length} samples`);
  const scale = bits[0] === 16 ? 1 / 257 : 1;
  const colours = kind[0] === 2 ? 3 : 1;
  const hasAlpha = channels > colours && extra[0] > 0;
  const entries = 2 ** bits[0];
  const out = new Uint8ClampedArray(pixels * 4);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 4) {
    for (let c = 0; c < 3; c++) {
      out[to + c] = kind[0] === 3
        ? palette[c * entries + data[from]] >> 8
        : data[from + (colours === 1 ? 0 : c)] * scale;
    }
    out[to + 3] = hasAlpha ? data[from + colours] * scale : 255;
  }
  return out;
}
