// What is beside a face that fills its photo: the crop reaches over the photo's border, where there is only black.
// A student that saw nothing else would learn faces cut out of black; so half of the samples get surroundings.
// Filled by pull and push (Gortler et al., "The Lumigraph", SIGGRAPH 1996): the photo goes on, ever more blurred.

import { CROP_SIZE } from "./crop.ts";

/** Sum of red, green and blue up to which a pixel may be beyond the border: lossy files do not keep pure black. */
const MAX_BLACK = 12;
/** Pixels along the border that were mixed with the black, or that a lossy file has smeared into it. */
const MIXED = 3;
/** Sides of the ever smaller pictures. */
const SIDES = [144, 72, 36, 18, 9, 5, 3, 2, 1];

/** Red, green, blue and weight of each pixel of a picture. */
const levels = SIDES.map((side) => new Float32Array(side * side * 4));
const beyond = new Uint8Array(CROP_SIZE * CROP_SIZE);
const stack = new Int32Array(CROP_SIZE * CROP_SIZE);

/**
 * Continues the photo over its border, in place: whatever black is connected with the crop's border.
 *
 * @param crop RGB bytes of a crop.
 */
export function surround(crop: Uint8Array): void {
  if (!markBeyond(crop)) return;
  const [whole] = levels;
  for (let i = 0, p = 0, q = 0; i < beyond.length; i++, p += 3, q += 4) {
    const weight = beyond[i] ? 0 : 1;
    whole[q] = weight * crop[p];
    whole[q + 1] = weight * crop[p + 1];
    whole[q + 2] = weight * crop[p + 2];
    whole[q + 3] = weight;
  }
  for (let level = 1; level < SIDES.length; level++) pull(level);
  // Nothing but black: there is nothing to go on with.
  if (levels[SIDES.length - 1][3] === 0) return;
  for (let level = SIDES.length - 1; level > 0; level--) push(level);
  for (let i = 0, p = 0, q = 0; i < beyond.length; i++, p += 3, q += 4) {
    if (!beyond[i]) continue;
    crop[p] = whole[q];
    crop[p + 1] = whole[q + 1];
    crop[p + 2] = whole[q + 2];
  }
}

/** Each pixel of a smaller picture is the mean of what is known of the four, or fewer, that it covers. */
function pull(level: number): void {
  const from = levels[level - 1], to = levels[level];
  const side = SIDES[level - 1], half = SIDES[level];
  to.fill(0);
  for (let y = 0, p = 0; y < side; y++) {
    for (let x = 0; x < side; x++, p += 4) {
      if (from[p + 3] === 0) continue;
      const q = ((y >> 1) * half + (x >> 1)) * 4;
      for (let k = 0; k < 4; k++) to[q + k] += from[p + 3] * (k < 3 ? from[p + k] : 1);
    }
  }
  for (let q = 0; q < to.length; q += 4) {
    const weight = to[q + 3];
    if (weight === 0) continue;
    for (let k = 0; k < 3; k++) to[q + k] /= weight;
    to[q + 3] = Math.min(1, weight);
  }
}

/** What is not known of a picture comes from the smaller one, bilinear. */
function push(level: number): void {
  const from = levels[level], to = levels[level - 1];
  const half = SIDES[level], side = SIDES[level - 1], last = half - 1;
  for (let y = 0, q = 0; y < side; y++) {
    const v = Math.min(last, Math.max(0, y / 2 - 0.25)), top = Math.floor(v), t = v - top;
    const upper = top * half, lower = Math.min(last, top + 1) * half;
    for (let x = 0; x < side; x++, q += 4) {
      if (to[q + 3] === 1) continue;
      const u = Math.min(last, Math.max(0, x / 2 - 0.25)), left = Math.floor(u), s = u - left;
      const right = Math.min(last, left + 1), rest = 1 - to[q + 3];
      const a = (upper + left) * 4, b = (upper + right) * 4;
      const c = (lower + left) * 4, d = (lower + right) * 4;
      for (let k = 0; k < 3; k++) {
        const above = from[a + k] + s * (from[b + k] - from[a + k]);
        const below = from[c + k] + s * (from[d + k] - from[c + k]);
        to[q + k] = to[q + 3] * to[q + k] + rest * (above + t * (below - above));
      }
      to[q + 3] = 1;
    }
  }
}

/** Marks the pixels beyond the photo and those mixed with them; false if there are none. */
function markBeyond(crop: Uint8Array): boolean {
  const last = CROP_SIZE - 1;
  let open = 0;
  const isBlack = (i: number): boolean =>
    crop[3 * i] + crop[3 * i + 1] + crop[3 * i + 2] <= MAX_BLACK;
  const visit = (i: number): void => {
    if (beyond[i] || !isBlack(i)) return;
    beyond[i] = 1;
    stack[open++] = i;
  };
  beyond.fill(0);
  for (let i = 0; i < CROP_SIZE; i++) {
    visit(i);
    visit(last * CROP_SIZE + i);
    visit(i * CROP_SIZE);
    visit(i * CROP_SIZE + last);
  }
  if (open === 0) return false;
  while (open > 0) {
    const i = stack[--open], x = i % CROP_SIZE;
    if (x > 0) visit(i - 1);
    if (x < last) visit(i + 1);
    if (i >= CROP_SIZE) visit(i - CROP_SIZE);
    if (i < last * CROP_SIZE) visit(i + CROP_SIZE);
  }
  widen(1);
  widen(CROP_SIZE);
  return true;
}

/** Marks what lies within {@linkcode MIXED} pixels of a marked pixel along rows (step 1) or columns. */
function widen(step: number): void {
  const across = step === 1 ? CROP_SIZE : 1;
  for (let line = 0; line < CROP_SIZE; line++) {
    for (const way of [1, -1]) {
      let left = 0;
      for (let k = 0; k < CROP_SIZE; k++) {
        const i = line * across + (way > 0 ? k : CROP_SIZE - 1 - k) * step;
        if (beyond[i] === 1) left = MIXED;
        else if (left > 0) {
          left--;
          beyond[i] = 2;
        }
      }
    }
  }
  if (step === 1) { for (let i = 0; i < beyond.length; i++) if (beyond[i]) beyond[i] = 1; }
}
