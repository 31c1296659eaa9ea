// What is printed on masks: how much of the second colour shows at a place.

import { smoothNoise, smoothStep } from "./draw_noise.ts";
import type { Pattern } from "./kinds.ts";

/** 0 for the mask's colour to 1 for the print's, in steps for patterns of several tones. */
export function printAt(pattern: Pattern, u: number, v: number, seed: number): number {
  // Squares of the same size across and down, turned and sized a little by the seed.
  const size = 9 + seed % 5 * 1.5, x = u * size, y = v * 0.75 * size;
  switch (pattern) {
    case "plain":
      return 0;
    case "stripes":
      return edge(Math.sin((seed & 1 ? y * 2 : x * 2) * 2));
    case "dots": {
      const row = Math.floor(y), shift = row & 1 ? 0.5 : 0;
      return edge(3 * (0.3 - Math.hypot(x + shift - Math.floor(x + shift) - 0.5, y - row - 0.5)));
    }
    case "checks":
      return (edge(Math.sin(x * 2.6)) + edge(Math.sin(y * 2.6))) / 2;
    case "waves":
      return edge(Math.sin(y * 5 + 1.6 * Math.sin(x * 2)));
    case "camouflage": {
      const cloud = smoothNoise(x * 0.7, y * 0.9, seed) +
        0.5 * smoothNoise(x * 1.7, y * 2, seed + 1);
      return 0.5 * smoothStep(0.02, 0.08, cloud) + 0.5 * smoothStep(0.38, 0.44, cloud);
    }
  }
}

function edge(value: number): number {
  return smoothStep(-0.12, 0.12, value);
}
