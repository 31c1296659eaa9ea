// Maps of the plane as matrices of wgpu-matrix: float64, column-major, each column padded to four numbers as WGSL's
// mat3x3f is, so that one form serves both sides of a uniform.

import { mat3d } from "npm:wgpu-matrix@3.4.2";

/** The map (x, y) -> (a x + b y + c, d x + e y + f), as `[a, b, c, d, e, f]`. */
export type Affine = readonly [number, number, number, number, number, number];

/** A projective map of the plane as nine numbers, row-major: (x, y) -> ((ax+by+c)/w, (dx+ey+f)/w), w = gx+hy+i. */
export type Homography = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** A 3x3 matrix of twelve numbers: three columns, each followed by a number that does not count. */
export type Matrix = Float64Array;

/** Returns the matrix of nine numbers in row-major order: of a homography, or of three edges a x + b y + c. */
export function matrixOf(
  [a, b, c, d, e, f, g, h, i]: Homography,
): Matrix {
  return mat3d.set(a, d, g, b, e, h, c, f, i);
}

/** Returns the matrix of an affine map. */
export function affineMatrix(map: Affine): Matrix {
  return matrixOf([...map, 0, 0, 1]);
}

/** Returns the nine numbers of a matrix in row-major order. */
export function homographyOf(m: Matrix): Homography {
  // Adding 0 makes 0 of -0.
  return [
    ...[m[0] + 0, m[4] + 0, m[8] + 0] as const,
    ...[m[1] + 0, m[5] + 0, m[9] + 0] as const,
    ...[m[2] + 0, m[6] + 0, m[10] + 0] as const,
  ];
}

/** Returns the affine map of a matrix whose last row is 0, 0, 1. */
export function affineOf(m: Matrix): Affine {
  const [a, b, c, d, e, f] = homographyOf(m);
  return [a, b, c, d, e, f];
}
