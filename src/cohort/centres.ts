// Spherical k-means (Dhillon and Modha, Machine Learning 2001): templates of many people to a few hundred centres.
// A centre of too few people would be nearly one of their templates; such centres are given up and their people go to others.

import { InvalidArgumentError } from "../base/errors.ts";
import { shuffled } from "../distill/data/chance.ts";
import type { Backend } from "../kernels/mod.ts";

/** The fewest people of a centre. */
export const MIN_PEOPLE = 5;
/** Rounds; the last ones give up small centres. */
const ROUNDS = 12, LAST_ROUNDS = 4;
/** Templates compared with all centres at a time: bounds the memory for scores. */
const BLOCK = 1024;

/**
 * The centres of templates.
 *
 * @param backend Multiplies.
 * @param templates `[n, size]`, rows of length 1, one a person.
 * @param size Numbers per template.
 * @param count How many centres to begin with.
 * @returns `[centres, size]` of length 1, each the mean direction of {@linkcode MIN_PEOPLE} people or more; as a rule fewer
 *     than `count`.
 * @throws {InvalidArgumentError} If there are fewer than {@linkcode MIN_PEOPLE} people a centre.
 */
export async function centresOf(
  backend: Backend,
  templates: Float32Array,
  size: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  const people = templates.length / size;
  if (!(Number.isInteger(count) && count >= 1 && count * MIN_PEOPLE <= people)) {
    throw new InvalidArgumentError(
      `Cannot make ${count} centres of ${people} people as each must be of ${MIN_PEOPLE} or more: ` +
        `give more people or ask for fewer centres`,
    );
  }
  let centres = new Float32Array(count * size);
  shuffled(people, count).subarray(0, count).forEach((row, i) =>
    centres.set(templates.subarray(row * size, (row + 1) * size), i * size)
  );
  for (let round = 0; round < ROUNDS; round++) {
    let nearest = await nearestOf(backend, templates, centres, size);
    if (round >= ROUNDS - LAST_ROUNDS) {
      // Whom a centre loses may make another one large enough, so that it is done more than once.
      centres = withoutSmall(centres, nearest, size);
      nearest = await nearestOf(backend, templates, centres, size);
    }
    centres = meansOf(templates, nearest, centres.length / size, size);
  }
  for (;;) {
    const nearest = await nearestOf(backend, templates, centres, size);
    const kept = withoutSmall(centres, nearest, size);
    const means = meansOf(
      templates,
      kept.length === centres.length ? nearest : await nearestOf(backend, templates, kept, size),
      kept.length / size,
      size,
    );
    if (kept.length === centres.length) return means;
    centres = means;
  }
}

/** The centre of each template with the highest cosine. */
async function nearestOf(
  backend: Backend,
  templates: Float32Array,
  centres: Float32Array,
  size: number,
): Promise<Uint32Array> {
  const people = templates.length / size, count = centres.length / size;
  const nearest = new Uint32Array(people);
  using right = backend.write(centres, [count, size]);
  for (let from = 0; from < people; from += BLOCK) {
    const rows = Math.min(BLOCK, people - from);
    using left = backend.write(templates.slice(from * size, (from + rows) * size), [rows, size]);
    using block = await backend.cosineMatrix(left, right);
    const [scores] = await backend.read(block);
    for (let i = 0; i < rows; i++) {
      let best = 0;
      for (let k = 1; k < count; k++) {
        if (scores[i * count + k] > scores[i * count + best]) best = k;
      }
      nearest[from + i] = best;
    }
  }
  return nearest;
}

function withoutSmall(
  centres: Float32Array<ArrayBuffer>,
  nearest: Uint32Array,
  size: number,
): Float32Array<ArrayBuffer> {
  const people = new Uint32Array(centres.length / size);
  for (const centre of nearest) people[centre]++;
  const kept = [...people.keys()].filter((centre) => people[centre] >= MIN_PEOPLE);
  const out = new Float32Array(kept.length * size);
  kept.forEach((centre, i) =>
    out.set(centres.subarray(centre * size, (centre + 1) * size), i * size)
  );
  return out;
}

/** The mean direction of the people of each centre; centres without people are left out. */
function meansOf(
  templates: Float32Array,
  nearest: Uint32Array,
  count: number,
  size: number,
): Float32Array<ArrayBuffer> {
  const sums = new Float64Array(count * size);
  nearest.forEach((centre, row) => {
    for (let k = 0; k < size; k++) sums[centre * size + k] += templates[row * size + k];
  });
  const rows: Float64Array[] = [];
  for (let start = 0; start < sums.length; start += size) {
    const row = sums.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) rows.push(row.map((value) => value / length));
  }
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => out.set(row, i * size));
  return out;
}
