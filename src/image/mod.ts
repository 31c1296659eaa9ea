// Pictures in and out, and drawing on them. A format may be added here, with its limits against hostile files; nothing
// here may know of faces. Rooms above import the single files, callers this one.

/**
 * Pictures in and out: load JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF and BMP upright and opaque, with limits
 * against hostile files; draw on them; write PNG.
 *
 * @example Load a photo and read its size
 * ```ts
 * import { encodePng, fromPixels, loadImage } from "@maskinv/maskinv/image";
 *
 * const white = fromPixels({ width: 2, height: 1, data: new Uint8Array(6).fill(255) });
 * const image = await loadImage(await encodePng(white)); // or a path, a URL, a Blob
 * console.log(image.width, image.height); // 2 1
 * ```
 *
 * @module
 */

export { annotate } from "./annotate.ts";
export type { BoxMark, Color, LabelMark, Marks, PointMark } from "./annotate.ts";
export { decodeImage } from "./decode.ts";
export type { DecodeOptions } from "./decode.ts";
export { encodePng } from "./encode.ts";
export { readHeader } from "./header.ts";
export type { ImageHeader } from "./header.ts";
export { fromPixels } from "./image.ts";
export type { Image, ImageInput, PixelData } from "./image.ts";
export {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_PIXELS,
  REDUCE_ABOVE_PIXELS,
} from "./limits.ts";
export { loadImage } from "./load.ts";
export type { LoadOptions } from "./load.ts";
export { publicName } from "./name.ts";
export { orient } from "./orient.ts";
export type { ImageFormat } from "./signature.ts";
