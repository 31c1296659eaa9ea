// Pictures for people: photos with boxes, landmarks and the verdict drawn in, written as PNG.

import { type Face, fivePoints } from "../pipeline/detect/face.ts";
import { annotate } from "../image/annotate.ts";
import { encodePng } from "../image/encode.ts";
import type { Image } from "../image/image.ts";
import { asWriteError } from "../base/write_error.ts";

/** The photo with the box and five landmarks of each face, and a label above the first. */
export function annotateFaces(
  photo: Image,
  faces: readonly Face[],
  label: string,
): Image {
  const points = faces.flatMap(({ landmarks }) => fivePoints(landmarks));
  const labels = faces.slice(0, label ? 1 : 0).map(({ box: { x, y } }) => ({ x, y, text: label }));
  return annotate(photo, { boxes: faces.map(({ box }) => box), points, labels });
}

/** Pictures next to each other, tops aligned, on black. */
export function sideBySide(pictures: readonly Image[]): Image {
  const width = pictures.reduce((sum, picture) => sum + picture.width, 0);
  const height = Math.max(...pictures.map((picture) => picture.height));
  const out = new Uint32Array(width * height).fill(0xff000000);
  let left = 0;
  for (const { width: own, height: rows, data } of pictures) {
    const pixels = new Uint32Array(data.buffer, data.byteOffset, own * rows);
    for (let y = 0; y < rows; y++) {
      out.set(pixels.subarray(y * own, (y + 1) * own), y * width + left);
    }
    left += own;
  }
  return { width, height, data: new Uint8ClampedArray(out.buffer) };
}

/** Writes a picture as PNG. */
export async function writePng(path: string, picture: Image): Promise<void> {
  const bytes = await encodePng(picture);
  try {
    await Deno.writeFile(path, bytes);
  } catch (error) {
    throw asWriteError(path, error);
  }
}
