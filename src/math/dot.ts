// The scalar product of two rows: of templates of length 1 their cosine.

/** Returns the sum of the products of numbers at the same place; `b` is at least as long as `a`. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
