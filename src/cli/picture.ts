// Pictures for people: photos with boxes, landmarks and the verdict drawn in, written as PNG.

import { type Face, fivePoints } from "../pipeline/detect/face.ts";
import { annotate, type Color } from "../image/annotate.ts";
import { encodePng } from "../image/encode.ts";
import type { Image } from "../image/image.ts";
import { asWriteError } from "../base/write_error.ts";

/** What a picture says of a comparison; `neutral` if nothing was decided. */
export type Outcome = "match" | "no-match" | "neutral";

/**
 * Colours of boxes and of the ground of labels. Green and vermilion can be told apart by people who are colour-blind
 * (Okabe and Ito's palette), white letters can be read on the grounds, and the words say the same.
 */
const COLORS: Readonly<Record<Outcome, { readonly line?: Color; readonly ground: Color }>> = {
  "match": { line: [0, 190, 120], ground: [0, 115, 75] },
  "no-match": { line: [240, 100, 20], ground: [185, 60, 0] },
  "neutral": { ground: [30, 30, 30] },
};

/** The photo with the box and five landmarks of each face, and a label above the first. */
export async function annotateFaces(
  photo: Image,
  faces: readonly Face[],
  label = "",
  outcome: Outcome = "neutral",
): Promise<Image> {
  const { line: color, ground } = COLORS[outcome];
  const points = faces.flatMap(({ landmarks }) => fivePoints(landmarks))
    .map((point) => ({ ...point, color }));
  const labels = faces.slice(0, label ? 1 : 0)
    .map(({ box: { x, y } }) => ({ x, y, text: label, ground, above: true }));
  return await annotate(photo, {
    boxes: faces.map(({ box }) => ({ ...box, color })),
    points,
    labels,
  });
}

/** Pictures next to each other, tops aligned, on black. */
export function sideBySide(pictures: readonly Image[]): Image {
  const width = pictures.reduce((sum, picture) => sum + picture.width, 0);
  const height = Math.max(...pictures.map((picture) => picture.height));
  const out = new Uint32Array(width * height).fill(0xff000000);
  let left = 0;
  for (const { width: columns, height: rows, data } of pictures) {
    const pixels = new Uint32Array(data.buffer, data.byteOffset, columns * rows);
    for (let y = 0; y < rows; y++) {
      out.set(pixels.subarray(y * columns, (y + 1) * columns), y * width + left);
    }
    left += columns;
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
