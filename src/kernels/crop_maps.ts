// Where crops lie in their photo, in the form that shaders read: written by the host, or by a kernel that finds them.
// f32 has 1/2000 pixel left at 8000, so that the photo point of the crop's centre is a whole number plus a fraction, and
// only what is relative to it is computed in f32.

import type { Affine, Point } from "../math/affine.ts";
import { uniformLayout, type UniformValues } from "../runtime/gpu/uniforms.ts";

const FIELDS = {
  linear: "vec4f",
  fraction: "vec2f",
  origin: "vec2f",
  side: "f32",
  slot: "f32",
} as const;

/** `struct CropMap` of the shaders. */
export const CROP_MAP = uniformLayout(FIELDS);

/** Numbers of a map in a block, `[n, CROP_MAP_LENGTH]`. */
export const CROP_MAP_LENGTH = CROP_MAP.size / 4;

/** Origins are kept within this, which is outside of every photo and fits an i32. */
const FAR = 1e9;

/** Above this many photo pixels per crop pixel, each crop pixel averages a grid of bilinear samples. */
const SHRINK_LIMIT = 1.5;

/** More samples than this a side would take long and show nothing: a face would have to be 7,000 pixels wide. */
const MAX_SAMPLES = 64;

/** Returns the side of the grid of samples per crop pixel: 1 (plain bilinear) up to {@linkcode SHRINK_LIMIT}. */
export function samplesPerSide(cropToPhoto: Affine): number {
  const [a, b, , d, e] = cropToPhoto;
  const shrink = Math.sqrt(Math.abs(a * e - b * d));
  return shrink > SHRINK_LIMIT ? Math.min(Math.ceil(shrink), MAX_SAMPLES) : 1;
}

/** A square in a photo: where it lies, and how far it is turned clockwise, in radians. */
export interface PhotoSquare {
  readonly centre: Point;
  /** Side of the square in photo pixels. */
  readonly side: number;
  readonly angle: number;
}

/** The map from the pixels of a crop of `size` pixels, which shows a square, to photo pixels (pixel centres at integers). */
export function squareCrop({ centre, side, angle }: PhotoSquare, size: number): Affine {
  const step = side / size, a = step * Math.cos(angle), d = step * Math.sin(angle);
  const middle = (size - 1) / 2;
  return [a, -d, centre.x - (a - d) * middle, d, a, centre.y - (d + a) * middle];
}

/** Writes the maps of square crops of `size` pixels; each goes to its slot of the output. */
export function packCropMaps(
  jobs: readonly { readonly cropToPhoto: Affine; readonly slot: number }[],
  size: number,
): ArrayBuffer {
  return CROP_MAP.pack(
    ...jobs.map(({ cropToPhoto, slot }) => cropMapValues(cropToPhoto, size, slot)),
  );
}

/** Reads the map of the crop at `index` of a block, up to the rounding of f32. */
export function unpackCropMap(values: Float32Array, index: number, size: number): Affine {
  const start = index * CROP_MAP_LENGTH, middle = (size - 1) / 2;
  const [a, b, d, e, fractionX, fractionY, originX, originY] = values.subarray(start, start + 8);
  return [
    a,
    b,
    originX + fractionX - (a + b) * middle,
    d,
    e,
    originY + fractionY - (d + e) * middle,
  ];
}

/** Splits off, in f64, what f32 has too few digits for: the photo point of the crop's centre. */
function cropMapValues(
  cropToPhoto: Affine,
  size: number,
  slot: number,
): UniformValues<typeof FIELDS> {
  // A map that leads nowhere gives a black crop, as in TypeScript.
  if (!cropToPhoto.every(Number.isFinite)) {
    return { linear: [0, 0, 0, 0], fraction: [0, 0], origin: [-FAR, -FAR], side: 1, slot };
  }
  const [a, b, c, d, e, f] = cropToPhoto;
  const middle = (size - 1) / 2;
  const x = clampFar((a + b) * middle + c), y = clampFar((d + e) * middle + f);
  const origin = [Math.floor(x), Math.floor(y)] as const;
  return {
    linear: [a, b, d, e],
    fraction: [x - origin[0], y - origin[1]],
    origin,
    side: samplesPerSide(cropToPhoto),
    slot,
  };
}

function clampFar(value: number): number {
  return Math.min(FAR, Math.max(-FAR, value));
}
