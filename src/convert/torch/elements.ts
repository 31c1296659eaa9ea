// The types of numbers that torch stores, their sizes in bytes, and the floating-point ones as float32.
// Storages are little-endian; typed arrays are too wherever TypeScript runs.

/** A type of numbers, by the name of torch's storage without "Storage". */
export type ElementType = keyof typeof ELEMENT_BYTES;

/** Bytes of a number. */
export const ELEMENT_BYTES = {
  Double: 8,
  Float: 4,
  Half: 2,
  BFloat16: 2,
  Long: 8,
  Int: 4,
  Short: 2,
  Char: 1,
  QInt8: 1,
  Byte: 1,
  Bool: 1,
} as const;

/** Whole numbers of the types that quantised tensors and their zero points have; undefined for other types. */
export function decodeWholeNumbers(
  type: ElementType,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> | undefined {
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case "QInt8":
      return new Float32Array(new Int8Array(buffer));
    case "Int":
      return new Float32Array(new Int32Array(buffer));
    case "Long":
      return Float32Array.from(new BigInt64Array(buffer), Number);
    default:
      return undefined;
  }
}

/** Floating-point numbers as float32; undefined for other types. */
export function decodeNumbers(
  type: ElementType,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> | undefined {
  // A copy, as what was read may lie at any byte of a window.
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case "Float":
      return new Float32Array(buffer);
    case "Double":
      return new Float32Array(new Float64Array(buffer));
    case "Half":
      return new Float32Array(new Float16Array(buffer));
    case "BFloat16": {
      // A float32 without its lower half.
      const halves = new Uint16Array(buffer), words = new Uint32Array(halves.length);
      halves.forEach((half, i) => words[i] = half << 16);
      return new Float32Array(words.buffer);
    }
    default:
      return undefined;
  }
}
