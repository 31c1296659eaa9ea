// What is beside a face that fills its photo: the crop reaches over the photo's border, where there is only black.
// A student that saw nothing else would learn faces cut out of black; so half of the samples get surroundings.

import { CROP_SIZE } from "./crop.ts";
import { resample } from "./resample.ts";

/** From this many pixels beyond the border on, only the blurred picture is seen: no second pair of eyes. */
const FADE = 10;
/** Cells a side of the blurred picture. */
const CELLS = 12;

/**
 * Continues the photo over its border, mirrored and ever more blurred, in place: whatever black is connected with the
 * crop's border.
 *
 * @param crop RGB bytes of a crop.
 */
export function surround(crop: Uint8Array): void {
  const outside = blackFromBorder(crop);
  const near = nearestInside(outside);
  if (near[0] < 0) return;
  const source = crop.slice(), far = new Float32Array(outside.length);
  for (let y = 0; y < CROP_SIZE; y++) {
    for (let x = 0; x < CROP_SIZE; x++) {
      const at = y * CROP_SIZE + x;
      if (!outside[at]) continue;
      const edgeX = near[at] % CROP_SIZE, edgeY = (near[at] - edgeX) / CROP_SIZE;
      const mirror = clamp(2 * edgeY - y) * CROP_SIZE + clamp(2 * edgeX - x);
      const from = 3 * (outside[mirror] ? near[at] : mirror);
      for (let k = 0; k < 3; k++) crop[3 * at + k] = source[from + k];
      far[at] = Math.min(1, Math.hypot(x - edgeX, y - edgeY) / FADE);
    }
  }
  const cells = resample(Float32Array.from(crop), CROP_SIZE, CELLS);
  const blurred = resample(cells, CELLS, CROP_SIZE);
  far.forEach((share, at) => {
    if (share === 0) return;
    for (let i = 3 * at; i < 3 * at + 3; i++) crop[i] += share * (blurred[i] - crop[i]);
  });
}

const clamp = (value: number): number => Math.min(CROP_SIZE - 1, Math.max(0, value));

/** Which pixels lie outside of the photo, and the row of half-black pixels along its border. */
function blackFromBorder(crop: Uint8Array): Uint8Array {
  const count = CROP_SIZE * CROP_SIZE, outside = new Uint8Array(count);
  const open: number[] = [];
  const visit = (at: number): void => {
    if (outside[at]) return;
    const black = crop[3 * at] + crop[3 * at + 1] + crop[3 * at + 2] === 0;
    // What borders on black was mixed with it when the crop was cut.
    outside[at] = black ? 1 : 2;
    if (black) open.push(at);
  };
  for (let i = 0; i < CROP_SIZE; i++) {
    for (const at of [i, count - 1 - i, i * CROP_SIZE, i * CROP_SIZE + CROP_SIZE - 1]) {
      if (crop[3 * at] + crop[3 * at + 1] + crop[3 * at + 2] === 0) visit(at);
    }
  }
  while (open.length > 0) {
    const at = open.pop()!, x = at % CROP_SIZE;
    if (x > 0) visit(at - 1);
    if (x < CROP_SIZE - 1) visit(at + 1);
    if (at >= CROP_SIZE) visit(at - CROP_SIZE);
    if (at < count - CROP_SIZE) visit(at + CROP_SIZE);
  }
  return outside;
}

/** The nearest pixel of the photo to each pixel, by two sweeps; -1 where all is black. */
function nearestInside(outside: Uint8Array): Int32Array {
  const near = Int32Array.from(outside, (out, at) => out ? -1 : at);
  // How far the nearest pixel is: to the right and down.
  const across = new Int16Array(outside.length), down = new Int16Array(outside.length);
  const take = (at: number, from: number, dx: number, dy: number): void => {
    if (near[from] < 0) return;
    const x = across[from] + dx, y = down[from] + dy;
    if (near[at] >= 0 && across[at] ** 2 + down[at] ** 2 <= x * x + y * y) return;
    near[at] = near[from];
    across[at] = x;
    down[at] = y;
  };
  const sweep = (first: number, step: 1 | -1): void => {
    for (let i = 0; i < CROP_SIZE; i++) {
      const row = (first + step * i) * CROP_SIZE, before = row - step * CROP_SIZE;
      for (let j = 0; j < CROP_SIZE; j++) {
        const x = first + step * j, at = row + x;
        if (!outside[at]) continue;
        if (j > 0) take(at, at - step, -step, 0);
        if (i === 0) continue;
        take(at, before + x, 0, -step);
        if (x > 0) take(at, before + x - 1, -1, -step);
        if (x < CROP_SIZE - 1) take(at, before + x + 1, 1, -step);
      }
      // Along the row once more the other way.
      for (let j = CROP_SIZE - 2; j >= 0; j--) {
        const at = row + first + step * j;
        if (outside[at]) take(at, at + step, step, 0);
      }
    }
  };
  sweep(0, 1);
  sweep(CROP_SIZE - 1, -1);
  return near;
}
