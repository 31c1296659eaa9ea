// Turns and mirrors a stored picture so that it is upright, as EXIF orientation says.
// Every later stage takes pictures to be upright.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Image } from "./image.ts";

/**
 * Makes a picture upright.
 *
 * @param image The picture as stored.
 * @param orientation EXIF orientation, 1 to 8: 1 upright, 2 mirrored, 3 turned by 180 degrees,
 * 4 upside down mirrored, 5 transposed, 6 to be turned clockwise by 90 degrees, 7 transposed along
 * the other diagonal, 8 to be turned counter-clockwise by 90 degrees.
 * @returns The upright picture; for orientation 1 it is `image` itself. Width and height are
 * swapped for 5 to 8.
 * @throws {InvalidArgumentError} If the orientation is not an integer from 1 to 8.
 *
 * @example
 * ```ts
 * import { fromPixels, orient } from "@maskinv/maskinv/image";
 *
 * const image = fromPixels({ width: 2, height: 1, data: new Uint8Array([1, 1, 1, 9, 9, 9]) });
 * const turned = orient(image, 6);
 * console.log(turned.width, turned.height, turned.data[0], turned.data[4]); // 1 2 1 9
 * ```
 */
export function orient(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { width: w, height: h } = image;
  const last = w * h - 1;
  // For each case: the source pixel of the first target pixel, and how far the source moves
  // for one step right and for one step down in the target.
  const walk = [
    [w - 1, -1, w],
    [last, -1, -w],
    [last - w + 1, 1, -w],
    [0, w, 1],
    [last - w + 1, -w, 1],
    [last, -w, -1],
    [w - 1, w, -1],
  ][orientation - 2];
  if (!walk) {
    throw new InvalidArgumentError(
      `Cannot orient a picture as the orientation is ${orientation}: give an integer from 1 to 8`,
    );
  }
  const [start, right, down] = walk;
  const [width, height] = orientation < 5 ? [w, h] : [h, w];
  // One 32-bit word a pixel; a view of words needs an aligned start.
  const bytes = image.data.byteOffset % 4 === 0 ? image.data : image.data.slice();
  const source = new Uint32Array(bytes.buffer, bytes.byteOffset, w * h);
  const target = new Uint32Array(w * h);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = start + y * down; x < width; x++, from += right) {
      target[to++] = source[from];
    }
  }
  return { width, height, data: new Uint8ClampedArray(target.buffer) };
}
