// Ridge regression that outliers cannot pull: rows far off the fit count less, by Huber's weights, round after round.
// Solves the normal equations by Cholesky; made for a thousand features and thousands of rows.

/** Rows of features and of what is to be told from them, flat. */
export interface Rows {
  readonly count: number;
  /** `count` x `width`. */
  readonly features: Float32Array;
  /** `count` x `outputs`. */
  readonly targets: Float32Array;
}

/** How to fit. */
export interface RidgeOptions {
  readonly width: number;
  readonly outputs: number;
  /** Weight of the squared coefficients; the last feature, a one, is free of it. */
  readonly lambda: number;
  /** Distance of a row from the fit from which on it counts less. */
  readonly delta: number;
  readonly rounds: number;
  /** The distance of a row from the fit, given its outputs' errors. */
  readonly distance: (errors: readonly number[]) => number;
}

/** The coefficients, `outputs` x `width`. */
export function fitRidge(rows: Rows, options: RidgeOptions): Float64Array {
  const { width, outputs, delta, rounds, distance } = options;
  let coefficients = new Float64Array(outputs * width);
  let weights = new Float64Array(rows.count).fill(1);
  for (let round = 0; round < rounds; round++) {
    coefficients = solve(rows, weights, options);
    weights = Float64Array.from(weights, (_, row) => {
      const far = distance(errorsOf(rows, row, coefficients, width, outputs));
      return far <= delta ? 1 : delta / far;
    });
  }
  return coefficients;
}

/** Prediction less target of one row. */
export function errorsOf(
  { features, targets }: Rows,
  row: number,
  coefficients: Float64Array,
  width: number,
  outputs: number,
): number[] {
  return Array.from({ length: outputs }, (_, output) => {
    let sum = -targets[row * outputs + output];
    for (let i = 0; i < width; i++) {
      sum += coefficients[output * width + i] * features[row * width + i];
    }
    return sum;
  });
}

function solve(
  { count, features, targets }: Rows,
  weights: Float64Array,
  { width, outputs, lambda }: RidgeOptions,
): Float64Array<ArrayBuffer> {
  const normal = new Float64Array(width * width), right = new Float64Array(outputs * width);
  for (let row = 0; row < count; row++) {
    const at = row * width;
    for (let i = 0; i < width; i++) {
      const value = weights[row] * features[at + i], to = i * width;
      for (let j = 0; j <= i; j++) normal[to + j] += value * features[at + j];
      for (let o = 0; o < outputs; o++) right[o * width + i] += value * targets[row * outputs + o];
    }
  }
  for (let i = 0; i < width - 1; i++) normal[i * width + i] += lambda;
  factor(normal, width);
  for (let o = 0; o < outputs; o++) substitute(normal, width, right.subarray(o * width));
  return right;
}

/** Cholesky: the lower triangle becomes that of L, with matrix = L L'. */
function factor(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j];
    }
  }
}

/** Solves L L' x = b in place. */
function substitute(lower: Float64Array, size: number, b: Float64Array): void {
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) b[i] -= lower[i * size + k] * b[k];
    b[i] /= lower[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) b[i] -= lower[k * size + i] * b[k];
    b[i] /= lower[i * size + i];
  }
}
