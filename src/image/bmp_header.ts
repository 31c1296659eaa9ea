// Reads the header of a BMP file, and says of the unusual kinds what they are.

import { view } from "./chunks.ts";
import { undecodable } from "./limits.ts";

/** What is needed to decode a BMP. */
export interface BmpHeader {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** 1 if the rows are stored bottom up, as is usual, or 4 (upside down) if they are stored top down. */
  readonly orientation: number;
}

/** Places of fields in the file and values that they may have. */
export const BMP = {
  PIXEL_OFFSET: 10,
  HEADER_SIZE: 14,
  HEIGHT: 22,
  DEPTH: 28,
  COMPRESSION: 30,
  COLORS: 46,
  MASKS: 54,
  BITFIELDS: 3,
  SMALLEST_HEADER: 40,
} as const;

const DEPTHS = [1, 4, 8, 24, 32];

/** Red, green and blue within 32 bits, where everyone has them. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff];

/** Returns the header; undefined if it is cut short or impossible. */
export function bmpHeader(bytes: Uint8Array, label: string): BmpHeader | undefined {
  if (bytes.length < BMP.MASKS) return undefined;
  const data = view(bytes);
  const headerSize = data.getUint32(BMP.HEADER_SIZE, true);
  const depth = data.getUint16(BMP.DEPTH, true);
  const compression = data.getUint32(BMP.COMPRESSION, true);
  const unusual = headerSize < BMP.SMALLEST_HEADER
    ? "of OS/2"
    : !DEPTHS.includes(depth)
    ? `of ${depth} bits a pixel`
    : compression !== 0 && !(compression === BMP.BITFIELDS && depth === 32 && hasUsualMasks(data))
    ? compression === BMP.BITFIELDS ? "with an unusual order of colours" : "with compression"
    : undefined;
  if (unusual) {
    throw undecodable(label, `it is a BMP ${unusual}`, "save it as JPEG or PNG");
  }
  const height = data.getInt32(BMP.HEIGHT, true);
  const width = data.getInt32(BMP.HEIGHT - 4, true);
  if (width < 0) return undefined;
  return { width, height: Math.abs(height), orientation: height < 0 ? 4 : 1 };
}

function hasUsualMasks(data: DataView): boolean {
  if (data.byteLength < BMP.MASKS + 12) return false;
  return USUAL_MASKS.every((mask, i) => data.getUint32(BMP.MASKS + 4 * i, true) === mask);
}
