// A random rotation of a given number of dimensions from 64-bit-quality random bytes: Gaussian rows, orthonormalised,
// which gives every rotation and reflection the same chance (Haar measure: Stewart, SIAM J. Numer. Anal. 1980).

/** Bytes that {@linkcode rotationMatrix} takes. */
export function rotationBytes(size: number): number {
  return 8 * (size * size + size * size % 2);
}

/**
 * Makes an orthogonal matrix.
 *
 * @param random {@linkcode rotationBytes} random bytes.
 * @param size The number of dimensions.
 * @returns `[size, size]` by rows, orthonormal within double precision.
 */
export function rotationMatrix(random: Uint8Array<ArrayBuffer>, size: number): Float64Array {
  const matrix = gaussians(random).slice(0, size * size);
  for (let i = 0; i < size; i++) {
    const row = matrix.subarray(i * size, (i + 1) * size);
    // Gram-Schmidt, twice: the second round removes what rounding left of the first.
    for (let round = 0; round < 2; round++) {
      for (let j = 0; j < i; j++) {
        const other = matrix.subarray(j * size, (j + 1) * size);
        const along = dot(row, other);
        for (let k = 0; k < size; k++) row[k] -= along * other[k];
      }
      const gain = 1 / Math.sqrt(dot(row, row));
      for (let k = 0; k < size; k++) row[k] *= gain;
    }
  }
  return matrix;
}

/** The product of a matrix and a vector. */
export function rotate(matrix: Float64Array, vector: Float32Array): Float64Array {
  const size = vector.length;
  return Float64Array.from(
    { length: size },
    (_, i) => dot(matrix.subarray(i * size, (i + 1) * size), vector),
  );
}

/** Normally distributed numbers by Box and Muller: two of 16 bytes. */
function gaussians(random: Uint8Array<ArrayBuffer>): Float64Array {
  const view = new DataView(random.buffer, random.byteOffset, random.byteLength);
  const values = new Float64Array(random.length / 8);
  // 53 bits and never 0, whose logarithm is infinite.
  const uniform = (i: number): number =>
    (Number(view.getBigUint64(8 * i, true) >> 11n) + 0.5) / 2 ** 53;
  for (let i = 0; i < values.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(i))), angle = 2 * Math.PI * uniform(i + 1);
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

function dot(a: Float64Array, b: Float64Array | Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
