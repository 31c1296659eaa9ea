// Writes a picture as a PNG file, with fast-png.
// For pictures that people look at: annotated photos, aligned crops.

import type { Image } from "./image.ts";

/**
 * Encodes a picture as a PNG file, 8-bit RGB, without loss.
 *
 * @param image The picture; its alpha, always 255, is left out.
 * @returns The bytes of the file.
 *
 * @example
 * ```ts
 * import { encodePng, fromPixels } from "@maskinv/maskinv/image";
 *
 * const red = fromPixels({ width: 1, height: 1, data: new Uint8Array([255, 0, 0]) });
 * const file = await encodePng(red);
 * console.log(file[1], file[2], file[3]); // 80 78 71, that is "PNG"
 * ```
 */
export async function encodePng(image: Image): Promise<Uint8Array<ArrayBuffer>> {
  const { encode } = await import("npm:fast-png@8.0.0");
  const { width, height, data } = image;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return new Uint8Array(encode({ width, height, data: rgb, channels: 3 }));
}
