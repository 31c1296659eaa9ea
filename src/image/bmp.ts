// Decodes BMP with decode-bmp: 1, 4 and 8 bits with a palette, 24 and 32 bits.
// decode-bmp reads rows bottom up and right after the palette; files that differ are rearranged for it.

import { BMP } from "./bmp_header.ts";
import { view } from "./chunks.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";

/** From this size on, the header has a mask that says where alpha is. */
const HEADER_WITH_ALPHA = 56, ALPHA_MASK = 66;

/** Returns the pixels of a BMP, rows bottom up, or ImageDecodeError. */
export async function decodeBmp(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  label: string,
): Promise<PixelData> {
  const data = view(bytes);
  const depth = data.getUint16(BMP.DEPTH, true);
  const headerEnd = 14 + data.getUint32(BMP.HEADER_SIZE, true);
  const colors = depth <= 8 ? data.getUint32(BMP.COLORS, true) || 2 ** depth : 0;
  if (colors > 2 ** depth) throw undecodable(label, "its BMP palette is corrupt");
  const offset = data.getUint32(BMP.PIXEL_OFFSET, true);
  const pixelBytes = Math.ceil(width * depth / 32) * 4 * height;
  if (offset < headerEnd + colors * 4) {
    throw undecodable(label, "its BMP header is cut short or corrupt");
  }
  if (offset + pixelBytes > bytes.length) {
    throw undecodable(label, `it is truncated (${bytes.length} of ${offset + pixelBytes} bytes)`);
  }
  const palette = bytes.subarray(headerEnd, headerEnd + colors * 4);
  const file = new Uint8Array(BMP.MASKS + palette.length + pixelBytes);
  file.set(bytes.subarray(0, BMP.MASKS));
  file.set(palette, BMP.MASKS);
  file.set(bytes.subarray(offset, offset + pixelBytes), BMP.MASKS + palette.length);
  const header = view(file);
  header.setUint32(BMP.HEADER_SIZE, BMP.SMALLEST_HEADER, true);
  header.setInt32(BMP.HEIGHT, height, true);
  header.setUint32(BMP.COLORS, colors, true);
  const { default: decode } = await import("npm:decode-bmp@0.2.1");
  try {
    const { data: rgba } = decode(file);
    // Without a mask for it the fourth byte of 32 bits is unused, and mostly 0.
    const hasAlpha = headerEnd - 14 >= HEADER_WITH_ALPHA && data.getUint32(ALPHA_MASK, true) !== 0;
    if (depth === 32 && !hasAlpha) { for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255; }
    return { width, height, data: rgba };
  } catch (error) {
    throw undecodable(label, `its BMP data is corrupt (${(error as Error).message})`);
  }
}
