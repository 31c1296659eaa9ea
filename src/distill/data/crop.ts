// Aligned crops with a margin, as bytes: what training samples are cut from without running detection again.
// The margin holds real pixels for crops that are shifted, turned or scaled, as those of masked faces are.

import type { Affine } from "../../math/affine.ts";
import type { TensorSpec } from "../../runtime/tensor_spec.ts";
import type { Image } from "../../image/image.ts";

/** Width and height of what the networks see, in pixels: ArcFace's frame. */
export const FRAME_SIZE = 112;
/** Pixels around the frame on each side. */
export const MARGIN = 16;
/** Width and height of a crop with its margin, in pixels. */
export const CROP_SIZE = FRAME_SIZE + 2 * MARGIN;
/** Bytes of a crop: rows of RGB pixels. */
export const CROP_BYTES = CROP_SIZE * CROP_SIZE * 3;

/** The form in which crops are cut: grey levels. */
export const CROP_SPEC: TensorSpec = {
  size: CROP_SIZE,
  layout: "NHWC",
  color: "RGB",
  mean: [0, 0, 0],
  scale: [1, 1, 1],
};

/** Returns the map of the frame, extended to the crop: from crop pixels to photo pixels. */
export function withMargin([a, b, c, d, e, f]: Affine): Affine {
  return [a, b, c - MARGIN * (a + b), d, e, f - MARGIN * (d + e)];
}

/** Returns the crop as a picture. */
export function cropImage(crop: Uint8Array): Image {
  const data = new Uint8ClampedArray(CROP_SIZE * CROP_SIZE * 4);
  for (let from = 0, to = 0; from < CROP_BYTES; from += 3, to += 4) {
    data[to] = crop[from];
    data[to + 1] = crop[from + 1];
    data[to + 2] = crop[from + 2];
    data[to + 3] = 255;
  }
  return { width: CROP_SIZE, height: CROP_SIZE, data };
}
