// Repeatable chance: numbers by a name, and orders by a seed.
// Nothing of it depends on what was drawn before, so that any worker can make any sample.

import { randomNumbers } from "../../math/random.ts";

/** FNV-1a with a last mix: the same number for a name on every machine, 0 to 2^32 - 1. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  // The last characters alone would decide the low bits; mix them once more.
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d) >>> 0;
  return (hash ^ hash >>> 13) >>> 0;
}

/** Returns the whole numbers 0 to `count - 1` in an order by the seed. */
export function shuffled(count: number, seed: number): Uint32Array {
  const random = randomNumbers(seed);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1)), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}

/** Chance of one sample. */
export interface Chance {
  /** 0 (included) to 1 (excluded). */
  next(): number;
  /** Between two numbers, evenly. */
  between(low: number, high: number): number;
  /** From the normal distribution of mean 0 and deviation 1. */
  normal(): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
}

/** Chance by a name: what is drawn depends on nothing else. */
export function chanceOf(name: string): Chance {
  const next = randomNumbers(hashName(name));
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    happens: (probability) => next() < probability,
  };
}
