// The best references of each probe: the reference of shaders/top_k.wgsl and the path without a GPU.
// A bounded insertion, as k is small beside n: most scores cost one comparison with the current k-th.

/** The k best of each row, best first. */
export interface RankedScores {
  /** `rows * k` scores. */
  readonly scores: Float32Array;
  /** `rows * k` column indices. */
  readonly indices: Uint32Array;
}

/**
 * Returns the k largest scores of each row; equal scores in the order of their index.
 *
 * @param scores `[rows, columns]`, no NaN.
 * @param columns The number of columns.
 * @param k How many; all of them if there are fewer.
 * @param normalizations Gain and offset of each row and of each column, `[rows, 2]` and `[columns, 2]`, by which cosines
 *     become the scores that are ranked; without, they are ranked as they are.
 * @returns Scores and column indices, `[rows, min(k, columns)]` each.
 */
export function topK(
  scores: Float32Array,
  columns: number,
  k: number,
  normalizations?: { readonly probes: Float32Array; readonly references: Float32Array },
): RankedScores {
  k = Math.min(k, columns);
  const rows = columns === 0 ? 0 : scores.length / columns;
  const best = new Float32Array(rows * k), indices = new Uint32Array(rows * k);
  if (k === 0) return { scores: best, indices };
  for (let row = 0; row < rows; row++) {
    const start = row * k, last = start + k - 1;
    let filled = start;
    const probes = normalizations?.probes, references = normalizations?.references;
    const gain = probes?.[2 * row] ?? 0, offset = probes?.[2 * row + 1] ?? 0;
    for (let column = 0; column < columns; column++) {
      let score = scores[row * columns + column];
      if (references) {
        // Rounded as it is kept, or a score would be above its own.
        score = Math.fround(
          score * (gain + references[2 * column]) + (offset + references[2 * column + 1]),
        );
      }
      if (filled > last) {
        if (!(score > best[last])) continue;
      } else filled++;
      let slot = filled - 1;
      for (; slot > start && score > best[slot - 1]; slot--) {
        best[slot] = best[slot - 1];
        indices[slot] = indices[slot - 1];
      }
      best[slot] = score;
      indices[slot] = column;
    }
  }
  return { scores: best, indices };
}
