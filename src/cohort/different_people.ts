// Sets that say that all their photos show different people are not always right: which photos show one person after all.

import { cosineMatrix } from "../kernels/cosine_matrix/cpu.ts";

/** Rows of which no two agree by a cosine: the first of each that do. */
export function differentPeople(templates: Float32Array, size: number, same: number): number[] {
  const kept: number[] = [], others = new Float32Array(templates.length);
  for (let row = 0; row < templates.length / size; row++) {
    const template = templates.subarray(row * size, (row + 1) * size);
    const cosines = cosineMatrix(template, others.subarray(0, kept.length * size), size);
    if (!cosines.every((cosine) => cosine < same)) continue;
    others.set(template, kept.length * size);
    kept.push(row);
  }
  return kept;
}
