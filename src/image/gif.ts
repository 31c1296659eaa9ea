// Decodes the first picture of a GIF.
// Written here as omggif never returns from some 46-byte files, and gifuct-js takes seconds for some and never says
// that a file is truncated.

import { view } from "./chunks.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";

/** The first frame of a GIF on its screen, transparent where it has no pixels. */
export function decodeGif(bytes: Uint8Array, header: ImageHeader, label: string): PixelData {
  const data = view(bytes);
  const cutShort = (): Error => undecodable(label, "it is truncated");
  let at = 13 + paletteBytes(bytes[10]);
  let palette = bytes.subarray(13, at);
  let transparent = -1;
  while (bytes[at] === 0x21) { // extensions
    if (bytes[at + 1] === 0xf9) transparent = bytes[at + 3] & 1 ? bytes[at + 6] : -1;
    at = skipBlocks(bytes, at + 2);
  }
  if (at + 11 > bytes.length) throw cutShort();
  if (bytes[at] !== 0x2c) throw undecodable(label, "it is a GIF without a picture");
  const [x, y, width, height] = [1, 3, 5, 7].map((offset) => data.getUint16(at + offset, true));
  if (width < 1 || height < 1 || x + width > header.width || y + height > header.height) {
    throw undecodable(
      label,
      `its GIF frame of ${width}x${height} at ${x},${y} does not fit its screen of ` +
        `${header.width}x${header.height}`,
    );
  }
  const flags = bytes[at + 9];
  at += 10;
  if (flags & 0x80) {
    palette = bytes.subarray(at, at + paletteBytes(flags));
    at += paletteBytes(flags);
  }
  if (palette.length === 0) throw undecodable(label, "its GIF palette is missing");
  if (at + 2 > bytes.length) throw cutShort();
  const indices = new Uint8Array(width * height);
  const codeBits = bytes[at];
  if (codeBits < 1 || codeBits > 8) throw undecodable(label, "its GIF data is corrupt");
  const filled = lzw(joinBlocks(bytes, at + 1), codeBits, indices);
  if (filled < 0) throw undecodable(label, "its GIF data is corrupt");
  if (filled < indices.length) throw cutShort();

  const colors = colorTable(palette, transparent);
  const pixels = new Uint32Array(header.width * header.height);
  const rows = flags & 0x40 ? interlacedRows(height) : undefined;
  for (let row = 0, from = 0; row < height; row++) {
    const to = (y + (rows ? rows[row] : row)) * header.width + x;
    for (let i = 0; i < width; i++) pixels[to + i] = colors[indices[from++]];
  }
  const { width: screenWidth, height: screenHeight } = header;
  return { width: screenWidth, height: screenHeight, data: new Uint8ClampedArray(pixels.buffer) };
}

function paletteBytes(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

function skipBlocks(bytes: Uint8Array, at: number): number {
  while (bytes[at] > 0) at += bytes[at] + 1;
  return at + 1;
}

function joinBlocks(bytes: Uint8Array, start: number): Uint8Array {
  const joined = new Uint8Array(bytes.length - start);
  let length = 0;
  for (let at = start; bytes[at] > 0; at += bytes[at] + 1) {
    const block = bytes.subarray(at + 1, at + 1 + bytes[at]);
    joined.set(block, length);
    length += block.length;
  }
  return joined.subarray(0, length);
}

/** RGBA words of all 256 indices; those beyond the palette are opaque black. */
function colorTable(palette: Uint8Array, transparent: number): Uint32Array {
  const rgba = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    rgba.set(palette.subarray(i * 3, i * 3 + 3), i * 4);
    rgba[i * 4 + 3] = i === transparent ? 0 : 255;
  }
  return new Uint32Array(rgba.buffer);
}

function interlacedRows(height: number): number[] {
  const rows: number[] = [];
  for (const [first, step] of [[0, 8], [4, 8], [2, 4], [1, 2]]) {
    for (let row = first; row < height; row += step) rows.push(row);
  }
  return rows;
}

/** Fills `out` with indices; returns how many there were, or -1 for a code that cannot be. */
function lzw(codes: Uint8Array, codeBits: number, out: Uint8Array): number {
  const clear = 1 << codeBits, end = clear + 1;
  // Entry n is the entry prefix[n] with one index more; an entry only refers to earlier ones,
  // which is what makes every walk along the prefixes come to an end.
  const prefix = new Uint16Array(4096), suffix = new Uint8Array(4096);
  const length = new Uint16Array(4096).fill(1, 0, clear);
  for (let i = 0; i < clear; i++) suffix[i] = i;
  let next = end + 1, width = codeBits + 1, previous = -1, first = 0;
  let buffer = 0, buffered = 0, at = 0, filled = 0;
  while (filled < out.length) {
    while (buffered < width) {
      if (at === codes.length) return filled;
      buffer |= codes[at++] << buffered;
      buffered += 8;
    }
    const code = buffer & ((1 << width) - 1);
    buffer >>>= width;
    buffered -= width;
    if (code === clear) {
      next = end + 1;
      width = codeBits + 1;
      previous = -1;
      continue;
    }
    if (code === end) return filled;
    // The one code that is used before it is complete: the previous entry and its own first index.
    const own = code === next && previous >= 0 && next < 4096;
    if (code >= next && !own) return -1;
    const count = own ? length[previous] + 1 : length[code];
    let to = filled + count - 1;
    if (own) out[to--] = first;
    for (let entry = own ? previous : code; to >= filled; entry = prefix[entry]) {
      out[to--] = first = suffix[entry];
    }
    filled += count;
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      suffix[next] = first;
      length[next] = length[previous] + 1;
      if (++next === 1 << width && width < 12) width++;
    }
    previous = code;
  }
  return out.length;
}
