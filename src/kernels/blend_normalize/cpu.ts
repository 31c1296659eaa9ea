// Turns what the network gives into templates: the reference of shaders/blend_normalize.wgsl.
// Adding the mirror image's embedding before normalising is the test-time practice of ArcFace and MaskInv.

/**
 * Adds each embedding and its mirror image's, if there are mirror images, and scales the sum to length 1.
 *
 * @param embeddings `[n, dim]`, or `[2 n, dim]` with the mirror images in the second half.
 * @param dim The number of dimensions.
 * @param mirrored Whether the second half are mirror images.
 * @returns `[n, dim]`; a row of zeros stays zeros, a row with a NaN becomes NaN.
 */
export function blendNormalize(
  embeddings: Float32Array,
  dim: number,
  mirrored: boolean,
): Float32Array<ArrayBuffer> {
  const half = mirrored ? embeddings.length / 2 : embeddings.length;
  const out = new Float32Array(embeddings.subarray(0, half));
  for (let start = 0; start < half; start += dim) {
    let squares = 0;
    for (let i = start; i < start + dim; i++) {
      if (mirrored) out[i] += embeddings[half + i];
      squares += out[i] * out[i];
    }
    const gain = 1 / Math.max(Math.sqrt(squares), 1e-12);
    for (let i = start; i < start + dim; i++) out[i] *= gain;
  }
  return out;
}
