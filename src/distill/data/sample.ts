// One training sample from one record: mask, place, flip, light, and what a bad camera does.
// In the order in which it happens to real photos; the target stays the teacher's template of the clean frame.

import { warpAffine } from "../../align/warp_affine.ts";
import type { TensorSpec } from "../../backend/tensor_spec.ts";
import type { Image } from "../../image/image.ts";
import { type MaskOptions, randomMaskOptions } from "../../mask/kinds.ts";
import { maskOverlay } from "../../mask/overlay.ts";
import { wearMask } from "../../mask/wear.ts";
import type { Chance } from "./chance.ts";
import { CROP_SIZE, cropImage, FRAME_SIZE } from "./crop.ts";
import { degrade } from "./degrade.ts";
import { varyLight } from "./light.ts";
import { occlude } from "./occluder.ts";
import type { ResolvedDataOptions } from "./options.ts";
import { mirrored, type Places } from "./place.ts";
import type { PhotoRecord } from "./record.ts";
import { surround } from "./surround.ts";

/** Numbers of a frame. */
export const FRAME_LENGTH = FRAME_SIZE * FRAME_SIZE * 3;

const LEVELS: TensorSpec = {
  size: FRAME_SIZE,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};
const WHOLE = { x: 0, y: 0, width: CROP_SIZE, height: CROP_SIZE };

/** Draws a sample into `image`, and says which template is its target. The record's crop may be changed. */
export function drawSample(
  record: PhotoRecord,
  places: Places,
  chance: Chance,
  options: ResolvedDataOptions,
  image: Float32Array,
): Float32Array {
  const masked = chance.happens(options.maskProbability);
  const flipped = chance.happens(0.5) && options.flip;
  const mask = drawnMask(chance, options);
  const place = masked
    ? places.masked(chance, mask, options.place)
    : places.clean(chance, options.place);
  if (chance.happens(options.surroundProbability)) surround(record.crop);
  const pixels = cut(masked ? wear(record, mask) : cropImage(record.crop), place, flipped);
  const covered = chance.happens(options.occluderProbability);
  if (covered && !masked) occlude(pixels, FRAME_SIZE, chance);
  if (options.light > 0) varyLight(pixels, chance, options.light);
  if (options.quality > 0) degrade(pixels, FRAME_SIZE, chance, options.quality);
  normalise(pixels, image);
  return flipped ? record.mirrorTemplate : record.template;
}

/** Share of masks in a colour that no kind is made in; their textures are drawn anew each time, which takes 5 ms. */
const ANY_COLOR = 0.1;

/** A mask of a kind that is not excluded. */
export function drawnMask(
  chance: Chance,
  { excludeKinds }: Pick<ResolvedDataOptions, "excludeKinds">,
): MaskOptions {
  const colored = chance.happens(ANY_COLOR), rgb = Math.floor(chance.next() * 2 ** 24);
  for (;;) {
    const options = randomMaskOptions(Math.floor(chance.next() * 2 ** 31));
    if (excludeKinds.includes(options.kind)) continue;
    return colored ? { ...options, color: `#${rgb.toString(16).padStart(6, "0")}` } : options;
  }
}

/** The crop with a mask on. */
export function wear(record: PhotoRecord, mask: MaskOptions): Image {
  const crop = cropImage(record.crop);
  const layer = wearMask(record.mesh, WHOLE, mask, crop);
  return layer.region.width > 0 ? maskOverlay(crop, [layer]) : crop;
}

/** Cuts the frame, in grey levels. */
export function cut(
  crop: Image,
  place: Parameters<typeof mirrored>[0],
  flipped: boolean,
): Float32Array {
  return warpAffine(
    [{ image: crop, cropToPhoto: flipped ? mirrored(place) : place }],
    LEVELS,
    false,
  );
}

/** From grey levels to what the networks read. */
export function normalise(pixels: Float32Array, image: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    // Cameras give whole grey levels.
    const level = Math.round(Math.min(255, Math.max(0, pixels[i])));
    image[i] = (level - 127.5) / 128;
  }
}
