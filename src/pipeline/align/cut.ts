// A square cut out of a photo as a picture again: for people to see, and for masks that are drawn on crops.

import type { Image } from "../../image/image.ts";
import { warpAffine } from "../../kernels/warp_affine/cpu.ts";
import type { Affine } from "../../math/affine.ts";

/**
 * Cuts a square out of a photo.
 *
 * @param image The photo.
 * @param cropToPhoto The map from the pixels of the square to those of the photo.
 * @param size Pixels on a side of the square.
 * @returns The square, opaque; black where the photo ends.
 */
export function cutPicture(image: Image, cropToPhoto: Affine, size: number): Image {
  const pixels = warpAffine([{ image, cropToPhoto }], {
    size,
    layout: "NHWC",
    color: "RGB",
    mean: [0, 0, 0],
    scale: [1, 1, 1],
  }, false);
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let i = 0; i < size * size; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = pixels[3 * i + c];
  }
  return { width: size, height: size, data };
}
