// Templates from a seed: what the tests of this folder put into galleries.

import type { GalleryEntry } from "../../src/gallery/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { Template } from "../../src/pipeline/score/mod.ts";

/** Dimensions of the packaged model's templates. */
export const SIZE = 192;
export const MODEL = "f".repeat(64);

/** Random directions. */
export function randomTemplates(seed: number, count: number, size = SIZE): Template[] {
  const random = randomNumbers(seed);
  const gaussian = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from(
    { length: count },
    () => new Template(Array.from({ length: size }, gaussian), MODEL),
  );
}

/** A template close to another: the same person once more. */
export function near(template: Template, seed: number, noise = 0.5): Template {
  const [{ embedding }] = randomTemplates(seed, 1, template.embedding.length);
  return new Template(
    template.embedding.map((value, i) => value + noise * embedding[i]),
    template.model,
  );
}

/** One template for each of so many people. */
export function people(seed: number, count: number, size = SIZE): GalleryEntry[] {
  return randomTemplates(seed, count, size).map((template, i) => ({
    identity: `person ${i}`,
    templates: [template],
  }));
}

export const KEY = (): Uint8Array => new Uint8Array(32).fill(7);
