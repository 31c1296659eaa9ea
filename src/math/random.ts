// Seeded random numbers: the same seed gives the same masks on every machine and backend, as only integer arithmetic of
// 32 bits is used. `Math.random` takes no seed.

/**
 * Creates a generator of numbers from 0 (included) to 1 (excluded), by mulberry32.
 *
 * @param seed A whole number; its lowest 32 bits count.
 * @returns A function that gives the next number.
 */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
