// One array of several: bytes that arrive or are written in parts, rows of templates.

/** Joins arrays of bytes in their order. */
export function concatBytes(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  return filled(new Uint8Array(totalLength(parts)), parts);
}

/** Joins arrays of 32-bit floats in their order. */
export function concatFloats(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  return filled(new Float32Array(totalLength(parts)), parts);
}

/** Some rows of a table of 32-bit floats, `size` numbers each, in the order given. */
export function rowsOf(
  table: Float32Array,
  rows: readonly number[] | Uint32Array,
  size: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => out.set(table.subarray(row * size, (row + 1) * size), i * size));
  return out;
}

function totalLength(parts: readonly ArrayLike<number>[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function filled<T extends Uint8Array | Float32Array>(
  whole: T,
  parts: readonly ArrayLike<number>[],
): T {
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
