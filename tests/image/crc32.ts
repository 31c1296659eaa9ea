// The checksum of PNG chunks, for reading and writing them.

let table: Uint32Array | undefined;

/** CRC-32 (ISO 3309) of bytes, as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
}

/** Sets the checksums of all PNG chunks, so that a change in them gets past that check. */
export function withRightChecksums(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const data = new DataView(png.buffer);
  for (let at = 8; at + 12 <= png.length;) {
    const end = at + 8 + data.getUint32(at);
    if (end + 4 > png.length) break;
    data.setUint32(end, crc32(png.subarray(at + 4, end)));
    at = end + 4;
  }
  return png;
}
