// What makes a photo worthless for comparisons, drawn in every strength up to that: darkness, washed-out light, blur,
// low resolution, noise, JPEG, a turned or squeezed face, a crop that is cut off, and no face at all.
// Stronger than what the student is trained on (data/degrade.ts): the condition head has to
// recognise photos that are of no use for a comparison.

import { loseAsJpeg } from "../data/jpeg_loss.ts";
import type { Chance } from "../data/chance.ts";
import { FRAME_SIZE } from "../data/crop.ts";
import { addNoise, lowResolution } from "../data/degrade.ts";
import { placeMap } from "../data/place.ts";
import { blur } from "../data/resample.ts";
import { type Fault, FAULTS } from "../../pipeline/embed/condition.ts";
import { type Affine, multiplyAffine } from "../../math/affine.ts";

/** How strong each fault was drawn, 0 to 1; those that are missing were not. */
export type FaultStrengths = Partial<Record<Fault, number>>;

/** Share of the samples with no fault, and with two. */
const SOUND = 0.42, TWICE = 0.12;

/** Draws which faults a sample has. */
export function drawFaults(chance: Chance): FaultStrengths {
  const count = chance.happens(SOUND) ? 0 : chance.happens(TWICE / (1 - SOUND)) ? 2 : 1;
  const faults: FaultStrengths = {};
  for (let i = 0; i < count; i++) {
    faults[FAULTS[Math.floor(chance.next() * FAULTS.length)]] = chance.next();
  }
  return faults;
}

/** The map from frame to crop pixels of a face that is turned, or of a place beside the face. */
export function faultyPlace(place: Affine, faults: FaultStrengths, chance: Chance): Affine {
  const turned = faults["turned-away"], absent = faults["not-a-face"];
  const middle = (FRAME_SIZE - 1) / 2;
  if (absent !== undefined) {
    // A small part of the crop or one beside the face, at any angle.
    const scale = chance.between(0.12, 0.5), far = chance.between(0.4, 1) * FRAME_SIZE / 2;
    const way = chance.between(0, 2 * Math.PI), angle = chance.between(0, 2 * Math.PI);
    return placeMap({ x: far * Math.cos(way), y: far * Math.sin(way), scale, angle });
  }
  if (turned === undefined) return place;
  const side = chance.happens(0.5) ? 1 : -1;
  if (chance.happens(0.5)) {
    // In the picture plane, as where the detector was wrong about which way up the face is.
    const angle = side * (0.25 + turned * (Math.PI - 0.25));
    return multiplyAffine(place, rotation(angle, middle));
  }
  // Aside: the points of such a face are closer together across than alignment can mend.
  const squeeze = 1 / (1 - 0.6 * turned);
  return multiplyAffine(place, [squeeze, 0, middle - squeeze * middle, 0, 1, 0]);
}

function rotation(angle: number, middle: number): Affine {
  const c = Math.cos(angle), s = Math.sin(angle);
  return [c, -s, middle - (c - s) * middle, s, c, middle - (s + c) * middle];
}

/** Spoils the pixels of a frame in place, in the order in which it happens to photos. */
export function spoil(pixels: Float32Array, faults: FaultStrengths, chance: Chance): void {
  const { "too-dark": dark, "washed-out": washed, blurred, noisy, "cut-off": cut } = faults;
  if (faults["not-a-face"] !== undefined && chance.happens(0.35)) paintNothing(pixels, chance);
  if (cut !== undefined) cutOff(pixels, cut, chance);
  if (washed !== undefined) washOut(pixels, washed, chance);
  if (blurred !== undefined) loseDetail(pixels, blurred, chance);
  if (dark !== undefined) darken(pixels, dark, chance);
  if (noisy !== undefined) roughen(pixels, noisy, chance);
}

/** Exposure down to one grey level in a hundred, with the noise that such photos have. */
function darken(pixels: Float32Array, strength: number, chance: Chance): void {
  const gain = 0.5 * 0.03 ** strength, floor = chance.between(0, 6);
  for (let i = 0; i < pixels.length; i++) pixels[i] = floor + gain * pixels[i];
  if (chance.happens(0.6)) addNoise(pixels, chance.between(0.3, 3), chance);
  round(pixels);
}

/** Contrast down to one part in thirty, about white or about a grey, as through fog. */
function washOut(pixels: Float32Array, strength: number, chance: Chance): void {
  const left = 0.6 * 0.05 ** strength, about = chance.happens(0.6) ? 255 : chance.between(90, 240);
  const over = chance.happens(0.3) ? 1 + 2 * strength : 1;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = over > 1 ? Math.min(255, over * pixels[i] + 40 * strength) : pixels[i];
    pixels[i] = about + (over > 1 ? Math.sqrt(left) : left) * (pixels[i] - about);
  }
  round(pixels);
}

function loseDetail(pixels: Float32Array, strength: number, chance: Chance): void {
  if (chance.happens(0.5)) blur(pixels, FRAME_SIZE, Math.round(10 * 1.2 * 6 ** strength) / 10);
  else lowResolution(pixels, FRAME_SIZE, Math.round(44 * 0.14 ** strength));
}

function roughen(pixels: Float32Array, strength: number, chance: Chance): void {
  if (chance.happens(0.5)) addNoise(pixels, 10 * 8 ** strength, chance);
  else loseAsJpeg(pixels, FRAME_SIZE, Math.round(16 - 14 * strength));
}

/** The photo's border runs through the face: black on one side. */
function cutOff(pixels: Float32Array, strength: number, chance: Chance): void {
  const depth = Math.round(FRAME_SIZE * (0.15 + 0.55 * strength));
  const side = Math.floor(chance.next() * 4), lean = chance.between(-0.3, 0.3);
  for (let y = 0, at = 0; y < FRAME_SIZE; y++) {
    for (let x = 0; x < FRAME_SIZE; x++, at += 3) {
      const along = side < 2 ? x : y, across = side < 2 ? y : x;
      const from = side % 2 ? FRAME_SIZE - 1 - along : along;
      if (from < depth + lean * (across - FRAME_SIZE / 2)) pixels.fill(0, at, at + 3);
    }
  }
}

/** A flat colour, a ramp or waves in the place of the picture. */
function paintNothing(pixels: Float32Array, chance: Chance): void {
  const low = [0, 0, 0].map(() => chance.between(0, 255));
  const high = [0, 0, 0].map(() => chance.between(0, 255));
  const length = chance.between(6, 200), way = chance.between(0, Math.PI);
  const flat = chance.happens(0.3);
  for (let y = 0, at = 0; y < FRAME_SIZE; y++) {
    for (let x = 0; x < FRAME_SIZE; x++) {
      const phase = (x * Math.cos(way) + y * Math.sin(way)) / length;
      const share = flat ? 0 : 0.5 + 0.5 * Math.sin(phase);
      for (let k = 0; k < 3; k++) pixels[at++] = low[k] + share * (high[k] - low[k]);
    }
  }
  if (chance.happens(0.5)) addNoise(pixels, chance.between(1, 60), chance);
}

/** A dark or faint photo has few grey levels, and what lies between them is gone. */
function round(pixels: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.min(255, Math.max(0, Math.round(pixels[i])));
  }
}
