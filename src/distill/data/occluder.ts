// Things before a face that are no masks: a hand, a phone, a scarf's end, as blocks of one colour with a soft grain.
// Rare, so that the student learns to do without a part of the face and not to look for the shapes of masks.

import type { Chance } from "./chance.ts";

/** Draws a turned block over a part of the picture below the eyes or beside them, in place. */
export function occlude(pixels: Float32Array, size: number, chance: Chance): void {
  const x = size * chance.between(0.2, 0.8), y = size * chance.between(0.55, 1);
  const halfWidth = size * chance.between(0.1, 0.4), halfHeight = size * chance.between(0.1, 0.3);
  const angle = chance.between(-0.8, 0.8), cos = Math.cos(angle), sin = Math.sin(angle);
  const color = [chance.between(20, 235), chance.between(20, 235), chance.between(20, 235)];
  const grain = chance.between(0, 14);
  for (let v = 0; v < size; v++) {
    for (let u = 0; u < size; u++) {
      const across = (u - x) * cos + (v - y) * sin, down = (v - y) * cos - (u - x) * sin;
      if ((across / halfWidth) ** 4 + (down / halfHeight) ** 4 > 1) continue;
      const level = grain * (chance.next() - 0.5);
      for (let k = 0; k < 3; k++) pixels[(v * size + u) * 3 + k] = color[k] + level;
    }
  }
}
