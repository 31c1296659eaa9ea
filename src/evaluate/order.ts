// Sorting of many scores: a radix sort that also tells where each score came from, so that whatever belongs to a score
// (who was compared) can follow it. Linear in the number of scores, where an ordinary argsort calls a function per step.

import { InvalidArgumentError } from "../base/errors.ts";

/** Scores in ascending order. */
export interface OrderedScores {
  /** The scores, ascending; -0 is 0. */
  readonly values: Float32Array;
  /** For each of `values`, its place in the list that was sorted; equal scores keep their order. */
  readonly order: Uint32Array;
}

/** 11 bits a pass: 2048 counters fit the first-level cache, and three passes cover 32 bits. */
const BITS = 11, BUCKETS = 1 << BITS, MASK = BUCKETS - 1;

/**
 * Sorts comparison scores and remembers where each came from.
 *
 * @param scores Scores; left as they are.
 * @param kind What messages call them, such as `"genuine"`.
 * @returns The scores in ascending order, with their former places.
 * @throws {InvalidArgumentError} If there are no scores or one of them is NaN.
 *
 * @example
 * ```ts
 * import { orderScores } from "@maskinv/maskinv/evaluate";
 *
 * console.log(orderScores(new Float32Array([0.5, -1, 0.25])).order); // Uint32Array [1, 2, 0]
 * ```
 */
export function orderScores(scores: Float32Array, kind = "comparison"): OrderedScores {
  const count = scores.length;
  if (count === 0) {
    throw new InvalidArgumentError(`Cannot measure anything as there are no ${kind} scores`);
  }
  let keys: Uint32Array = toKeys(scores, kind);
  let order: Uint32Array = Uint32Array.from({ length: 0 });
  let nextKeys: Uint32Array = new Uint32Array(count),
    nextOrder: Uint32Array = new Uint32Array(count);
  for (let shift = 0; shift < 32; shift += BITS) {
    const starts = bucketStarts(keys, shift);
    const first = order.length === 0;
    for (let i = 0; i < count; i++) {
      const key = keys[i], to = starts[(key >>> shift) & MASK]++;
      nextKeys[to] = key;
      nextOrder[to] = first ? i : order[i];
    }
    const freeOrder = first ? new Uint32Array(count) : order;
    [keys, nextKeys] = [nextKeys, keys];
    [order, nextOrder] = [nextOrder, freeOrder];
  }
  return { values: fromKeys(keys), order };
}

/** Whole numbers in the order of the scores: the sign bit is turned, and all bits of negative ones. */
function toKeys(scores: Float32Array, kind: string): Uint32Array {
  const keys = new Uint32Array(scores.length);
  const floats = new Float32Array(keys.buffer);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (Number.isNaN(score)) {
      throw new InvalidArgumentError(
        `Cannot order the ${kind} scores as number ${i} of ${scores.length} is NaN: ` +
          `give -1 to a comparison that could not be made`,
      );
    }
    floats[i] = score + 0; // -0 becomes 0, which has other bits
    const bits = keys[i];
    keys[i] = bits ^ ((-(bits >>> 31)) | 0x80000000);
  }
  return keys;
}

function fromKeys(keys: Uint32Array): Float32Array {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    keys[i] = key ^ (((key >>> 31) - 1) | 0x80000000);
  }
  return new Float32Array(keys.buffer);
}

function bucketStarts(keys: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(BUCKETS);
  for (let i = 0; i < keys.length; i++) starts[(keys[i] >>> shift) & MASK]++;
  let sum = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const size = starts[bucket];
    starts[bucket] = sum;
    sum += size;
  }
  return starts;
}

/** The number of ascending scores below a threshold: the place of the first that is not. */
export function countBelow(values: Float32Array, threshold: number): number {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}
