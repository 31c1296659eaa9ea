// Templates that are too much alike: the same picture under two names, or a person that training must not see.
// Rows against rows in tiles, so that the matrix of all scores is never in memory.

import type { Backend } from "../../backend/backend.ts";

/** Rows that are scored at a time. */
const TILE = 1024;

/** Two rows and their comparison score. */
export interface Alike {
  readonly probe: number;
  readonly reference: number;
  readonly score: number;
}

/** The most similar reference of each probe, if it scores at least `threshold`. */
export async function nearest(
  backend: Backend,
  probes: Float32Array,
  references: Float32Array,
  size: number,
  threshold: number,
): Promise<Alike[]> {
  const found: Alike[] = [];
  await eachRow(backend, probes, references, size, (probe, scores) => {
    let reference = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i] > scores[reference]) reference = i;
    const score = scores[reference];
    if (score >= threshold) found.push({ probe, reference, score });
  });
  return found;
}

/** All pairs of rows with a score of at least `threshold`; the probe comes after the reference. */
export async function pairsAlike(
  backend: Backend,
  rows: Float32Array,
  size: number,
  threshold: number,
): Promise<Alike[]> {
  const found: Alike[] = [];
  await eachRow(backend, rows, rows, size, (probe, scores) => {
    for (let reference = 0; reference < probe; reference++) {
      const score = scores[reference];
      if (score >= threshold) found.push({ probe, reference, score });
    }
  });
  return found;
}

async function eachRow(
  backend: Backend,
  probes: Float32Array,
  references: Float32Array,
  size: number,
  visit: (probe: number, scores: Float32Array) => void,
): Promise<void> {
  const count = probes.length / size, columns = references.length / size;
  if (count === 0 || columns === 0) return;
  using right = backend.write(references, [columns, size]);
  for (let start = 0; start < count; start += TILE) {
    const tile = probes.subarray(start * size, Math.min(count, start + TILE) * size);
    using left = backend.write(tile, [tile.length / size, size]);
    using scores = await backend.cosineMatrix(left, right);
    const [values] = await backend.read(scores);
    for (let i = 0; i < tile.length / size; i++) {
      visit(start + i, values.subarray(i * columns, (i + 1) * columns));
    }
  }
}
