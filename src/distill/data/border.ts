// Room around a photo: tight crops of faces cut off what the detectors expect to see around one.
// Training data and the mask-state network's photos get it alike.

import { fromPixels, type Image } from "../../image/image.ts";

/** Returns the photo with a black border on each side, of a share of its width and height. */
export function withBorder(image: Image, share: number): Image {
  const left = Math.round(image.width * share), top = Math.round(image.height * share);
  const width = image.width + 2 * left, height = image.height + 2 * top;
  const data = new Uint8Array(width * height * 4);
  const row = image.width * 4;
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * row, (y + 1) * row), ((y + top) * width + left) * 4);
  }
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return fromPixels({ width, height, data });
}
