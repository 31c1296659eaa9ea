// The outer structure of image files: how JPEG, PNG and WebP string their pieces together.
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

/** The segments of a JPEG up to and with the first scan (SOS), as marker codes such as 0xC0. */
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

/** The chunks of a PNG up to and with IEND. */
export function* pngChunks(bytes: Uint8Array): Generator<Chunk<string>> {
  for (let at = 8; at + 8 <= bytes.length;) {
    const chunk = { type: ascii(bytes, at + 4, 4), start: at + 8, end: at + 8 + uint32(bytes, at) };
    yield chunk;
    if (chunk.type === "IEND") return;
    at = chunk.end + 4;
  }
}

/** The chunks of a WebP (RIFF). */
export function* riffChunks(bytes: Uint8Array): Generator<Chunk<string>> {
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view(bytes).getUint32(at + 4, true);
    yield { type: ascii(bytes, at, 4), start: at + 8, end: at + 8 + size };
    at += 8 + size + (size & 1);
  }
}

/** Bytes as text, one character a byte; what lies beyond the end is left out. */
export function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/** A big-endian 32-bit number, as PNG writes them. */
export function uint32(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint32(at);
}

/** A DataView of exactly these bytes. */
export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
