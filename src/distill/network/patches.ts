// The 3x3 patches of crops as rows of a matrix, so that the first convolution is a product too.
// Done outside of jax-js since nothing is differentiated by the crops.

/** Numbers of a patch, and one zero: rows of a product are loaded in fours. */
export const PATCH = 28;
const SIZE = 112;

/**
 * Returns the patches of 112x112x3 crops in the layout of grid.ts: `[count, 112 / stride + 1, 112 / stride + 1, 28]`, each patch
 * ordered row, column, channel, starting `before` places before its output.
 */
export function patchesOf(
  images: Float32Array,
  count: number,
  stride: number,
  before: number,
): Float32Array<ArrayBuffer> {
  const side = SIZE / stride;
  const patches = new Float32Array(count * (side + 1) * (side + 1) * PATCH);
  for (let n = 0; n < count; n++) {
    const image = images.subarray(n * SIZE * SIZE * 3, (n + 1) * SIZE * SIZE * 3);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const to = ((n * (side + 1) + y) * (side + 1) + x) * PATCH;
        const left = x * stride - before;
        for (let row = 0; row < 3; row++) {
          const from = y * stride - before + row;
          if (from < 0 || from >= SIZE) continue;
          for (let column = 0; column < 3; column++) {
            const at = left + column;
            if (at < 0 || at >= SIZE) continue;
            const source = (from * SIZE + at) * 3, target = to + (row * 3 + column) * 3;
            patches[target] = image[source];
            patches[target + 1] = image[source + 1];
            patches[target + 2] = image[source + 2];
          }
        }
      }
    }
  }
  return patches;
}
