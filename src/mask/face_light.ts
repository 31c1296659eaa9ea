// Estimates a photo's light from the skin of a face: brightness by the direction of the surface, in four numbers.
// So few numbers give a mask the light of the photo, but cannot carry the identity below it into the picture.

import type { Image } from "../image/image.ts";
import type { HeadFrame } from "./fit_surface.ts";
import { cross, dot, length, minus, scale, type Vector } from "./fit_vector.ts";
import type { Rgb } from "./kinds.ts";
import { solveDamped } from "../math/symmetric.ts";

/** Light on the face. */
export interface FaceLight {
  /** Brightness of a place that faces that way, over that of the face's front. */
  factor(normal: Vector): number;
  /** What the exposure makes of a white, per channel. */
  readonly gain: Rgb;
  /** The photo has no colours. */
  readonly grey: boolean;
}

/** Triangles of skin on the right half of the face: brow, nose, cheeks, chin; the left half has their twins. */
const SKIN: readonly (readonly [number, number, number])[] = [
  [151, 108, 9],
  [108, 69, 66],
  [69, 104, 63],
  [118, 101, 50],
  [117, 118, 50],
  [116, 117, 123],
  [101, 36, 50],
  [50, 36, 205],
  [50, 205, 187],
  [123, 50, 187],
  [123, 187, 147],
  [147, 187, 213],
  [205, 206, 207],
  [6, 196, 122],
  [195, 236, 196],
  [5, 134, 51],
  [200, 201, 199],
];
const TWIN: Readonly<Record<number, number>> = {
  108: 337,
  69: 299,
  66: 296,
  104: 333,
  63: 293,
  118: 347,
  101: 330,
  50: 280,
  117: 346,
  116: 345,
  123: 352,
  36: 266,
  205: 425,
  187: 411,
  147: 376,
  213: 433,
  206: 426,
  207: 427,
  196: 419,
  122: 351,
  236: 456,
  134: 363,
  51: 281,
  201: 421,
};

const MIN_FACTOR = 0.6, MAX_FACTOR = 1.3;
/** The least mean range of red, green and blue over the skin of a colour photo; grey and sepia photos have less. */
const MIN_SPREAD = 12;
/** Weight of the usual light (ridge regression), for faces with few samples of skin. */
const RIDGE = 2;
/** The usual light: from above and from the camera, in the head's directions (across, down, back). */
const USUAL = [0, -0.22, -0.3];

/** Estimates the light from the picture at the places of the mesh that are skin. */
export function faceLight(mesh: Float32Array, head: HeadFrame, image: Image): FaceLight {
  const samples: { normal: Vector; level: number }[] = [];
  let red = 0, green = 0, blue = 0, spread = 0;
  for (const half of SKIN) {
    for (const three of [half, half.map((i) => TWIN[i] ?? i)]) {
      const { normal, x, y } = facet(mesh, three, head);
      // Skin that is turned away is not where the mesh projects to.
      if (normal[2] > -0.2) continue;
      const color = around(image, x, y, Math.max(1, head.width * 0.03));
      if (!color) continue;
      const [r, g, b] = color;
      red += r;
      green += g;
      blue += b;
      spread += Math.max(r, g, b) - Math.min(r, g, b);
      samples.push({ normal, level: 0.3 * r + 0.59 * g + 0.11 * b });
    }
  }
  if (samples.length < 6) return { factor: () => 1, gain: [0.9, 0.9, 0.9], grey: false };
  const mean = samples.reduce((sum, { level }) => sum + level, 0) / samples.length;
  const front = scale(head.back, -1);
  const usual = [0, 1, 2].map((k) => USUAL[1] * head.down[k] + USUAL[2] * head.back[k]);
  const [even, ...gradient] = fitLight(samples, mean, usual);
  const raw = (n: Vector): number =>
    even + gradient[0] * n[0] + gradient[1] * n[1] + gradient[2] * n[2];
  const base = Math.max(raw(front), 0.3);
  const exposure = exposureOf(image, head, mean), grey = spread / samples.length < MIN_SPREAD;
  return {
    factor: (normal) => Math.min(MAX_FACTOR, Math.max(MIN_FACTOR, raw(normal) / base)),
    gain: grey ? [exposure, exposure, exposure] : tinted(exposure, red, green, blue),
    grey,
  };
}

/** Least squares of level / mean = even + gradient . normal, with outliers (hair, glasses, beard) weighted down. */
function fitLight(
  samples: readonly { normal: Vector; level: number }[],
  mean: number,
  usual: readonly number[],
): number[] {
  let weights = samples.map(() => 1), solution: Float64Array = Float64Array.of(1, 0, 0, 0);
  for (let round = 0; round < 3; round++) {
    const matrix = new Float64Array(16), right = new Float64Array(4);
    samples.forEach(({ normal, level }, i) => {
      const row = [1, ...normal];
      for (let r = 0; r < 4; r++) {
        for (let c = 0; c < 4; c++) matrix[4 * r + c] += weights[i] * row[r] * row[c];
        right[r] += weights[i] * row[r] * level / Math.max(mean, 1);
      }
    });
    for (let k = 1; k < 4; k++) {
      matrix[5 * k] += RIDGE;
      right[k] += RIDGE * usual[k - 1];
    }
    solution = solveDamped(matrix, right, 0);
    const misses = samples.map(({ normal: [x, y, z], level }) =>
      level / Math.max(mean, 1) - solution[0] - solution[1] * x - solution[2] * y - solution[3] * z
    );
    weights = misses.map((miss) => 1 / (1 + (miss / 0.15) ** 2));
  }
  return [...solution];
}

function facet(
  mesh: Float32Array,
  three: readonly number[],
  head: HeadFrame,
): { normal: Vector; x: number; y: number } {
  const [a, b, c] = three.map((i): Vector => [mesh[3 * i], mesh[3 * i + 1], mesh[3 * i + 2]]);
  const across = cross(minus(b, a), minus(c, a));
  const inward = dot(across, head.back) > 0;
  return {
    normal: scale(across, (inward ? -1 : 1) / Math.max(length(across), 1e-9)),
    x: (a[0] + b[0] + c[0]) / 3,
    y: (a[1] + b[1] + c[1]) / 3,
  };
}

/** Returns the mean colour of a small square, if it is in the picture. */
function around(
  { width, height, data }: Image,
  x: number,
  y: number,
  radius: number,
): Rgb | undefined {
  let count = 0, red = 0, green = 0, blue = 0;
  for (const dy of [-radius, 0, radius]) {
    for (const dx of [-radius, 0, radius]) {
      const px = Math.round(x + dx), py = Math.round(y + dy);
      if (!(px >= 0 && py >= 0 && px < width && py < height)) continue;
      const at = (py * width + px) * 4;
      red += data[at];
      green += data[at + 1];
      blue += data[at + 2];
      count++;
    }
  }
  return count < 5 ? undefined : [red / count, green / count, blue / count];
}

/** Red and blue over green that skin has in ordinary light; what is beyond is the colour of the light. */
const SKIN_RED = [1.05, 1.65], SKIN_BLUE = [0.5, 1];
const MAX_TINT = 1.8;

/** Returns the exposure in the colour of strongly coloured light (stages, sunsets, filters), as bright as without it. */
function tinted(exposure: number, red: number, green: number, blue: number): Rgb {
  const beyond = (ratio: number, [min, max]: readonly number[]): number => {
    const tint = ratio < min ? ratio / min : ratio > max ? ratio / max : 1;
    return Math.min(MAX_TINT, Math.max(1 / MAX_TINT, tint));
  };
  const r = beyond((red + 1) / (green + 1), SKIN_RED);
  const b = beyond((blue + 1) / (green + 1), SKIN_BLUE);
  const even = exposure / (0.3 * r + 0.59 + 0.11 * b);
  return [r * even, even, b * even];
}

/** Returns how bright the photo shows a white mask: by the brightest of the head's surroundings and, less, by the skin. */
function exposureOf({ width, height, data }: Image, head: HeadFrame, skin: number): number {
  const [x, y] = head.middle, reach = head.width;
  const levels: number[] = [];
  for (let j = -6; j <= 6; j++) {
    for (let i = -6; i <= 6; i++) {
      const px = Math.round(x + reach * i / 6), py = Math.round(y + reach * j / 6);
      if (!(px >= 0 && py >= 0 && px < width && py < height)) continue;
      const at = (py * width + px) * 4;
      levels.push(0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2]);
    }
  }
  levels.sort((a, b) => a - b);
  const bright = levels[Math.floor(levels.length * 0.92)] ?? 200;
  return Math.min(1.03, Math.max(0.35, 0.22 + 0.4 * skin / 160 + 0.35 * bright / 220));
}
