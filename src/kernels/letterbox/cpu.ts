// Fits a whole photo into a detector's square input: the reference of shaders/letterbox.wgsl and the path without a GPU.
// Shrinking averages over the exact source area, so that small faces of large photos do not alias away.

import type { Image } from "../../image/image.ts";
import { channelPlan, type TensorSpec } from "../../runtime/tensor_spec.ts";

/** Where a photo lies inside the square: `square = photo * scale + pad`, in pixel edges. */
export interface LetterboxFit {
  readonly scale: number;
  readonly padX: number;
  readonly padY: number;
}

/**
 * Returns the fit of a photo into a square: centred, black around it, and as large as possible with a black border of `margin`
 * times the photo's longer side on each side.
 */
export function letterboxFit(
  width: number,
  height: number,
  size: number,
  margin = 0,
): LetterboxFit {
  const scale = size / (Math.max(width, height) * (1 + 2 * margin));
  return { scale, padX: (size - width * scale) / 2, padY: (size - height * scale) / 2 };
}

/** Quarter turns clockwise that a letterboxed photo is given. */
export type QuarterTurns = 0 | 1 | 2 | 3;

/** One photo to letterbox. */
export interface LetterboxJob<T> {
  readonly photo: T;
  /** By default 0: upright. */
  readonly turns?: QuarterTurns;
}

/**
 * Returns where the pixels of the upright square go when it is turned: pixel (x, y) is written at
 * `first + x * stepX + y * stepY`, in pixels of the row-major turned square.
 */
export function turnedSteps(
  size: number,
  turns: QuarterTurns = 0,
): { first: number; stepX: number; stepY: number } {
  const last = size - 1;
  return [
    { first: 0, stepX: 1, stepY: size },
    { first: last, stepX: size, stepY: -1 },
    { first: last * size + last, stepX: -1, stepY: -size },
    { first: last * size, stepX: -size, stepY: 1 },
  ][turns];
}

/** Returns the letterboxed photos in the form of `spec`: shape [n, size, size, 3] or [n, 3, size, size]. */
export function letterbox(
  jobs: readonly LetterboxJob<Image>[],
  spec: TensorSpec,
  margin = 0,
): Float32Array<ArrayBuffer> {
  const length = 3 * spec.size * spec.size;
  const out = new Float32Array(jobs.length * length);
  jobs.forEach(({ photo, turns }, i) =>
    fill(out.subarray(i * length, (i + 1) * length), photo, spec, margin, turns)
  );
  return out;
}

function fill(
  out: Float32Array,
  image: Image,
  spec: TensorSpec,
  margin: number,
  turns?: QuarterTurns,
): void {
  const { size } = spec;
  const fit = letterboxFit(image.width, image.height, size, margin);
  const columns = taps(size, fit.padX, fit.scale, image.width);
  const rows = taps(size, fit.padY, fit.scale, image.height);
  const { pixelStride, offset, gain, bias } = channelPlan(spec);
  const [offsetR, offsetG, offsetB] = offset;
  const { first, stepX, stepY } = turnedSteps(size, turns);
  const row = new Float32Array(size * 3), line = new Float32Array(size * 3);
  let lineY = -1;
  for (let y = 0; y < size; y++) {
    row.fill(0);
    for (let t = 0; t < rows.count[y]; t++) {
      const photoY = rows.first[y] + t, share = rows.weight[y * rows.slots + t];
      // Where two output rows meet, both take a share of the same photo row.
      if (photoY !== lineY) fillLine(line, image, photoY, columns);
      lineY = photoY;
      for (let i = 0; i < row.length; i++) row[i] += share * line[i];
    }
    for (let x = 0; x < size; x++) {
      const to = (first + x * stepX + y * stepY) * pixelStride;
      out[to + offsetR] = row[3 * x] * gain[0] + bias[0];
      out[to + offsetG] = row[3 * x + 1] * gain[1] + bias[1];
      out[to + offsetB] = row[3 * x + 2] * gain[2] + bias[2];
    }
  }
}

/** For each output position: the first source position, how many, and their weights (`slots` each). */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weight: Float32Array;
  readonly slots: number;
}

/** Area weights when shrinking, bilinear weights when enlarging; what lies outside of the photo weighs nothing. */
function taps(size: number, pad: number, scale: number, length: number): Taps {
  const footprint = Math.max(1, 1 / scale);
  const slots = Math.ceil(footprint) + 1;
  const first = new Int32Array(size), count = new Int32Array(size);
  const weight = new Float32Array(size * slots);
  for (let i = 0; i < size; i++) {
    const middle = (i + 0.5 - pad) / scale;
    const low = middle - footprint / 2, high = middle + footprint / 2;
    if (middle <= 0 || middle >= length) continue;
    const start = Math.max(0, Math.floor(low));
    const end = Math.min(length, Math.ceil(high));
    first[i] = start;
    count[i] = end - start;
    for (let s = start; s < end; s++) {
      weight[i * slots + s - start] = (Math.min(high, s + 1) - Math.max(low, s)) / footprint;
    }
    // Half a pixel inside the border the footprint hangs over: the border pixel fills in for what is missing.
    weight[i * slots] += Math.max(0, -low) / footprint;
    weight[i * slots + end - 1 - start] += Math.max(0, high - length) / footprint;
  }
  return { first, count, weight, slots };
}

/** One photo row at the width of the output. */
function fillLine(line: Float32Array, image: Image, y: number, columns: Taps): void {
  const { data, width } = image;
  const { first, count, weight, slots } = columns;
  for (let x = 0, to = 0; to < line.length; x++, to += 3) {
    let r = 0, g = 0, b = 0;
    let from = (y * width + first[x]) * 4;
    for (let t = 0, w = x * slots; t < count[x]; t++, w++, from += 4) {
      const share = weight[w];
      r += share * data[from];
      g += share * data[from + 1];
      b += share * data[from + 2];
    }
    line[to] = r;
    line[to + 1] = g;
    line[to + 2] = b;
  }
}
