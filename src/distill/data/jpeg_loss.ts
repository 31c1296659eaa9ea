// What JPEG (ITU-T T.81) loses, without its bit stream: colours to luma and chroma, chroma halved, cosine transform of
// 8 x 8 blocks, rounding by the tables of Annex K, and back. WebP's lossy form and video lose in the same way.
// A codec would spend ten times as long, most of it on Huffman codes that are decoded again at once.

/** The tables of Annex K.1 for quality 50. */
// deno-fmt-ignore
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
  14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
  18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
  49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
// deno-fmt-ignore
const CHROMA = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
  24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/** Rows of the cosine transform of eight values. */
const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const k = i >> 3, n = i & 7;
  return (k === 0 ? Math.sqrt(1 / 8) : 1 / 2) * Math.cos((2 * n + 1) * k * Math.PI / 16);
});
const block = new Float64Array(64), half = new Float64Array(64);

/**
 * Takes from a square RGB picture, in place, what a JPEG file of it would lose.
 *
 * @param pixels Grey levels, `size` x `size` x 3.
 * @param size Pixels a side, a multiple of 16.
 * @param quality 1 to 100, as of libjpeg.
 */
export function loseAsJpeg(pixels: Float32Array, size: number, quality: number): void {
  const count = size * size, wide = size >> 1;
  const luma = new Float32Array(count);
  const blue = new Float32Array(count >> 2), red = new Float32Array(count >> 2);
  for (let y = 0, i = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++, p += 3) {
      const r = pixels[p], g = pixels[p + 1], b = pixels[p + 2];
      luma[i] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
      // A chroma value is the mean of four pixels.
      const at = (y >> 1) * wide + (x >> 1);
      blue[at] += 0.25 * (-0.168736 * r - 0.331264 * g + 0.5 * b);
      red[at] += 0.25 * (0.5 * r - 0.418688 * g - 0.081312 * b);
    }
  }
  const scale = quality < 50 ? 50 / quality : 2 - quality / 50;
  roundBlocks(luma, size, LUMA, scale);
  roundBlocks(blue, wide, CHROMA, scale);
  roundBlocks(red, wide, CHROMA, scale);
  for (let y = 0, i = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++, p += 3) {
      const at = (y >> 1) * wide + (x >> 1), l = luma[i] + 128, b = blue[at], r = red[at];
      pixels[p] = l + 1.402 * r;
      pixels[p + 1] = l - 0.344136 * b - 0.714136 * r;
      pixels[p + 2] = l + 1.772 * b;
    }
  }
}

function roundBlocks(
  plane: Float32Array,
  size: number,
  table: readonly number[],
  scale: number,
): void {
  for (let top = 0; top < size; top += 8) {
    for (let left = 0; left < size; left += 8) {
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) block[8 * y + x] = plane[(top + y) * size + left + x];
      }
      transform(block, half, 8, 1);
      transform(half, block, 8, 1);
      for (let k = 0; k < 64; k++) {
        const step = Math.max(1, Math.floor(table[k] * scale + 0.5));
        block[k] = Math.round(block[k] / step) * step;
      }
      transform(block, half, 1, 8);
      transform(half, block, 1, 8);
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) plane[(top + y) * size + left + x] = block[8 * y + x];
      }
    }
  }
}

/** Transforms each row and writes it as a column; steps 8, 1 go forth, 1, 8 back. Twice does rows and columns. */
function transform(from: Float64Array, to: Float64Array, byRow: number, byColumn: number): void {
  for (let row = 0; row < 8; row++) {
    for (let k = 0; k < 8; k++) {
      let sum = 0;
      for (let n = 0; n < 8; n++) sum += COSINES[k * byRow + n * byColumn] * from[8 * row + n];
      to[8 * k + row] = sum;
    }
  }
}
