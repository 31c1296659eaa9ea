// One training sample from one record: mask or cover, place, flip, light, and what a bad camera does.
// In the order in which it happens to real photos; the target stays the teacher's template of the clean frame.

import type { Affine } from "../../math/affine.ts";
import type { Image } from "../../image/image.ts";
import type { MaskOptions } from "../../mask/kinds.ts";
import { maskOverlay } from "../../kernels/mask_overlay/cpu.ts";
import type { MaskLayer } from "../../kernels/mask_overlay/layer.ts";
import type { LayeredPicture } from "../../mask/draw_layers.ts";
import { maskLayer } from "../../mask/mask_layer.ts";
import type { Chance } from "./chance.ts";
import { drawCover, drawPlainMask, drawSunglasses } from "./cover.ts";
import { CROP_SIZE, cropImage, FRAME_SIZE } from "./crop.ts";
import { degrade } from "./degrade.ts";
import { varyLight } from "./light.ts";
import { drawnMask, looseMesh } from "./mask_choice.ts";
import type { ResolvedDataOptions } from "./options.ts";
import { drawPlace, mirrored } from "./place.ts";
import type { PhotoRecord } from "./record.ts";
import { surround } from "./surround.ts";

/** Numbers of a frame. */
export const FRAME_LENGTH = FRAME_SIZE * FRAME_SIZE * 3;

const WHOLE = { x: 0, y: 0, width: CROP_SIZE, height: CROP_SIZE };
/** How much lighter or darker a mask is than the photo's light makes it. */
const SHADE = 0.14;

const pixels = new Float32Array(FRAME_LENGTH);

/** A sample up to its mask, which may be drawn together with those of others. */
export interface BegunSample {
  /** The crop, and the mask to draw on it if there is one. */
  readonly picture: LayeredPicture;
  /** Makes the sample of the crop with its mask, as grey levels. */
  finish(masked: Image, levels: Uint8Array): void;
}

/** Draws a sample as grey levels into `levels`. The record's crop may be changed. */
export function drawSample(
  record: PhotoRecord,
  chance: Chance,
  options: ResolvedDataOptions,
  levels: Uint8Array,
): void {
  const { picture: { image, layers }, finish } = beginSample(record, chance, options);
  finish(layers.length > 0 ? maskOverlay(image, layers) : image, levels);
}

/** Draws a sample up to its mask. The record's crop may be changed. */
export function beginSample(
  record: PhotoRecord,
  chance: Chance,
  options: ResolvedDataOptions,
): BegunSample {
  const masked = chance.happens(options.maskProbability);
  const flipped = chance.happens(0.5) && options.flip;
  const covered = chance.happens(options.coverProbability);
  const place = drawPlace(chance, masked, options.place);
  if (chance.happens(options.surroundProbability)) surround(record.crop);
  const image = cropImage(record.crop);
  if (covered && masked) drawSunglasses(image, record.mesh, chance);
  else if (covered) drawCover(image, record.mesh, chance);
  const layers = masked ? cropMask(image, record.mesh, chance, drawnMask(chance, options)) : [];
  return {
    picture: { image, layers },
    finish(image, levels): void {
      cutFrame(image, flipped ? mirrored(place) : place, pixels);
      if (options.light > 0) varyLight(pixels, chance, options.light);
      if (options.quality > 0) degrade(pixels, FRAME_SIZE, chance, options.quality);
      // A clamped array of bytes rounds and cuts, as cameras do.
      new Uint8ClampedArray(levels.buffer, levels.byteOffset, levels.length).set(pixels);
    },
  };
}

/** Applies a drawn mask to the crop; a plain one if no mesh was found. */
export function maskedCrop(
  image: Image,
  mesh: Float32Array | undefined,
  chance: Chance,
  mask: MaskOptions,
): Image {
  const layers = cropMask(image, mesh, chance, mask);
  return layers.length > 0 ? maskOverlay(image, layers) : image;
}

/** The mask to draw on the crop; none if no mesh was found, where a plain one is drawn at once, in place. */
function cropMask(
  image: Image,
  mesh: Float32Array | undefined,
  chance: Chance,
  mask: MaskOptions,
): MaskLayer[] {
  if (!mesh) {
    drawPlainMask(image, mesh, chance);
    return [];
  }
  const layer = maskLayer(looseMesh(mesh, chance), WHOLE, mask, image), { blend } = layer;
  const shade = Math.exp(SHADE * chance.normal());
  if (layer.region.width === 0 || blend.kind !== "alpha") return [];
  const [red, green, blue] = blend.gain;
  const gain = [red * shade, green * shade, blue * shade] as const;
  return [{ ...layer, blend: { ...blend, gain } }];
}

/** Cuts the frame as grey levels, bilinear; beyond the crop its border goes on. */
export function cutFrame({ data }: Image, place: Affine, out: Float32Array): void {
  const [a, b, c, d, e, f] = place, last = CROP_SIZE - 1.001;
  for (let y = 0, to = 0; y < FRAME_SIZE; y++) {
    for (let x = 0; x < FRAME_SIZE; x++, to += 3) {
      const u = a * x + b * y + c, v = d * x + e * y + f;
      const cropX = u < 0 ? 0 : u > last ? last : u, cropY = v < 0 ? 0 : v > last ? last : v;
      const left = cropX | 0, top = cropY | 0, s = cropX - left, t = cropY - top;
      const at = (top * CROP_SIZE + left) * 4, under = at + CROP_SIZE * 4;
      const w00 = (1 - s) * (1 - t), w01 = s * (1 - t), w10 = (1 - s) * t, w11 = s * t;
      out[to] = w00 * data[at] + w01 * data[at + 4] + w10 * data[under] + w11 * data[under + 4];
      out[to + 1] = w00 * data[at + 1] + w01 * data[at + 5] + w10 * data[under + 1] +
        w11 * data[under + 5];
      out[to + 2] = w00 * data[at + 2] + w01 * data[at + 6] + w10 * data[under + 2] +
        w11 * data[under + 6];
    }
  }
}
