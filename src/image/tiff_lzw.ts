// Counts what LZW data of a TIFF expands to, without expanding it: one byte may stand for thousands.

const CLEAR = 256, END = 257, FIRST_FREE = 258, MAX_ENTRIES = 4096;

/** Returns how many bytes LZW data (TIFF 6.0, section 13) expands to; counting ends soon after `max`. */
export function lzwLength(data: Uint8Array, max: number): number {
  const lengths = new Uint32Array(MAX_ENTRIES + 1).fill(1, 0, CLEAR);
  let next = FIRST_FREE, width = 9, previous = -1, total = 0;
  let buffer = 0, buffered = 0;
  for (const byte of data) {
    buffer = ((buffer << 8) | byte) & 0xffffff;
    buffered += 8;
    if (buffered < width) continue;
    const code = (buffer >>> (buffered - width)) & ((1 << width) - 1);
    buffered -= width;
    if (code === END) break;
    if (code === CLEAR) {
      next = FIRST_FREE;
      width = 9;
      previous = -1;
      continue;
    }
    const length = code < next ? lengths[code] : lengths[previous] + 1;
    total += length || 1;
    if (total > max) break;
    if (previous >= 0 && next < MAX_ENTRIES) lengths[next++] = lengths[previous] + 1;
    if (next + 1 >= 1 << width && width < 12) width++;
    previous = code;
  }
  return total;
}
