// The two operations on small symmetric matrices that fitting a homography needs, row-major in Float64Array.
// Both are short and accurate to a few units in the last place for nine rows, so no library is used.

/**
 * Returns the eigenvalues, smallest first, and the eigenvector of the smallest, by Jacobi's rotations.
 *
 * @param matrix `size * size` numbers; it is not changed.
 * @param size The number of rows.
 */
export function smallestEigenvector(
  matrix: Float64Array,
  size: number,
): { values: number[]; vector: Float64Array } {
  const m = matrix.slice(), vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  // Convergence is quadratic: nine rows take six to eight sweeps.
  for (let sweep = 0; sweep < 30; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) rotated = rotate(m, vectors, size, p, q) || rotated;
    }
    if (!rotated) break;
  }
  const order = Array.from({ length: size }, (_, i) => i)
    .sort((i, j) => m[i * size + i] - m[j * size + j]);
  return {
    values: order.map((i) => m[i * size + i]),
    vector: Float64Array.from({ length: size }, (_, row) => vectors[row * size + order[0]]),
  };
}

/** Turns the plane of axes p and q so that m[p, q] becomes 0; false if it was already. */
function rotate(
  m: Float64Array,
  vectors: Float64Array,
  size: number,
  p: number,
  q: number,
): boolean {
  const off = m[p * size + q], pp = m[p * size + p], qq = m[q * size + q];
  if (!(Math.abs(off) > 1e-16 * (Math.abs(pp) + Math.abs(qq)))) return false;
  const ratio = (qq - pp) / (2 * off);
  const t = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const c = 1 / Math.hypot(t, 1), s = t * c;
  for (let k = 0; k < size; k++) turn(m, k * size + p, k * size + q, c, s);
  for (let k = 0; k < size; k++) turn(m, p * size + k, q * size + k, c, s);
  for (let k = 0; k < size; k++) turn(vectors, k * size + p, k * size + q, c, s);
  return true;
}

function turn(values: Float64Array, i: number, j: number, c: number, s: number): void {
  const a = values[i], b = values[j];
  values[i] = c * a - s * b;
  values[j] = s * a + c * b;
}

/**
 * Solves `matrix x = right` with each diagonal number raised by its `damping`-fold (Marquardt), by Cholesky.
 *
 * @param matrix A symmetric matrix without negative eigenvalues, of which the lower half is read; it is not changed.
 */
export function solveDamped(
  matrix: Float64Array,
  right: Float64Array,
  damping: number,
): Float64Array {
  return dampedSolver(matrix, right.length, damping)(right);
}

/** As {@linkcode solveDamped}, for many right sides of one matrix of `size` rows. */
export function dampedSolver(
  matrix: Float64Array,
  size: number,
  damping: number,
): (right: Float64Array) => Float64Array {
  const root = matrix.slice();
  for (let i = 0; i < size; i++) {
    root[i * size + i] *= 1 + damping;
    for (let j = 0; j <= i; j++) {
      let sum = root[i * size + j];
      for (let k = 0; k < j; k++) sum -= root[i * size + k] * root[j * size + k];
      root[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / root[j * size + j];
    }
  }
  return (right) => {
    const x = right.slice();
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < i; k++) x[i] -= root[i * size + k] * x[k];
      x[i] /= root[i * size + i];
    }
    for (let i = size - 1; i >= 0; i--) {
      for (let k = i + 1; k < size; k++) x[i] -= root[k * size + i] * x[k];
      x[i] /= root[i * size + i];
    }
    return x;
  };
}
