// The outer structure of image files: how JPEG, PNG, WebP and HEIF string their pieces together.
// The header, EXIF and PNG readers walk files with this; a broken file only ends the walk early.

/** A piece of a file; its payload is `bytes.subarray(start, end)`, cut short if the file is. */
export interface Chunk<Type> {
  /** What the piece is: a marker code in JPEG, four letters in PNG and WebP. */
  readonly type: Type;
  /** Where the payload starts in the file. */
  readonly start: number;
  /** Where the payload ends; beyond the end of the file if that is cut short. */
  readonly end: number;
}

/** Returns the segments of a JPEG up to and with the first scan (SOS), as marker codes such as 0xC0. */
export function* jpegSegments(bytes: Uint8Array): Generator<Chunk<number>> {
  let at = 2;
  while (at + 4 <= bytes.length) {
    // Fill bytes and stray bytes before a marker are skipped, as libjpeg does.
    if (bytes[at] !== 0xff || bytes[at + 1] === 0xff || bytes[at + 1] === 0) {
      at++;
      continue;
    }
    const type = bytes[at + 1];
    at += 2;
    if (type === 0xd9) return;
    if (type === 0x01 || (type >= 0xd0 && type <= 0xd8)) continue;
    const length = (bytes[at] << 8) | bytes[at + 1];
    if (length < 2) return;
    yield { type, start: at + 2, end: at + length };
    if (type === 0xda) return;
    at += length;
  }
}

/** Returns the chunks of a PNG up to and with IEND. */
export function* pngChunks(bytes: Uint8Array): Generator<Chunk<string>> {
  for (let at = 8; at + 8 <= bytes.length;) {
    const chunk = { type: ascii(bytes, at + 4, 4), start: at + 8, end: at + 8 + uint32(bytes, at) };
    yield chunk;
    if (chunk.type === "IEND") return;
    at = chunk.end + 4;
  }
}

/** Returns the chunks of a WebP (RIFF), or those within a chunk of it that `start` and `end` say. */
export function* riffChunks(
  bytes: Uint8Array,
  start = 12,
  end = bytes.length,
): Generator<Chunk<string>> {
  for (let at = start; at + 8 <= Math.min(end, bytes.length);) {
    const size = view(bytes).getUint32(at + 4, true);
    yield { type: ascii(bytes, at, 4), start: at + 8, end: at + 8 + size };
    at += 8 + size + (size & 1);
  }
}

/** Returns the boxes of an ISO base media file (HEIF, AVIF; ISO/IEC 14496-12) between two places. */
export function* isoBoxes(
  bytes: Uint8Array,
  start = 0,
  end = bytes.length,
): Generator<Chunk<string>> {
  const stop = Math.min(end, bytes.length);
  for (let at = start; at + 8 <= stop;) {
    let size = uint32(bytes, at), header = 8;
    if (size === 1) {
      if (at + 16 > stop) return;
      size = uint32(bytes, at + 8) * 2 ** 32 + uint32(bytes, at + 12);
      header = 16;
    }
    const boxEnd = size === 0 ? stop : at + size;
    if (boxEnd < at + header) return;
    yield { type: ascii(bytes, at + 4, 4), start: at + header, end: boxEnd };
    at = boxEnd;
  }
}

/** Bytes as text, one character a byte; what lies beyond the end is left out. */
export function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** Returns a big-endian 32-bit number, as PNG writes them. */
export function uint32(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint32(at);
}

/** Returns a DataView of exactly these bytes. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
