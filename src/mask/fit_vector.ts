// Arithmetic of vectors in space, for fitting.

/** x, y, z as the mesh has them: right and down in pixels, and away from the camera on the same scale. */
export type Vector = readonly [number, number, number];

/** a - b. */
export function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** a times a number. */
export function scale(a: Vector, by: number): Vector {
  return [a[0] * by, a[1] * by, a[2] * by];
}

/** Returns the scalar product. */
export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Returns the length. */
export function length(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2]);
}

/** Returns the vector product. */
export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
