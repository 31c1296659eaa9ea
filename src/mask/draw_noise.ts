// Smooth noise over the plane and steps without corners: what cloth, folds and cloudy prints are drawn with.
// The noise of a seed is the same on every machine: integer arithmetic of 32 bits decides.

/** Smooth noise in -1..1 whose features are about one unit wide. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const left = Math.floor(x), top = Math.floor(y);
  const u = ease(x - left), v = ease(y - top);
  const upper = mix(hash(left, top, seed), hash(left + 1, top, seed), u);
  const lower = mix(hash(left, top + 1, seed), hash(left + 1, top + 1, seed), u);
  return mix(upper, lower, v);
}

function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ h >>> 15, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
  return ((h ^ h >>> 16) >>> 0) / 2 ** 31 - 1;
}

/** From 0 to 1 as x goes from `from` to `to`, without corners. */
export function smoothStep(from: number, to: number, x: number): number {
  return ease(Math.min(1, Math.max(0, (x - from) / (to - from))));
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** Between a and b. */
export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
