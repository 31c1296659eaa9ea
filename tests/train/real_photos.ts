// The real photos with and without masks of ../shared: what they show, by the name of the file.
// They come as tight crops of faces; a black border of a quarter gives a detector the surroundings that others have.

import { fromPixels, type Image } from "../../src/image/image.ts";
import type { MaskStateName } from "../../src/pipeline/embed/mask_state.ts";

/** The border on each side, of the picture's width and height. */
const BORDER = 0.25;
/** Photos of `masked` that show the nose, found by hand on contact sheets. */
const NOSE_OUT: readonly string[] = (
  "0135 0186 0226 0227 0246 0247 0251 0271 0274 0309 0318 0358 " +
  "0380 0422 0428 0429 0431 0432 0434 0435 0444 0509 0520 0568"
).split(" ").map((number) => `${number}.jpg`);

/** The photo with the black border that the real photos get. */
export function withBorder(image: Image): Image {
  const left = Math.round(image.width * BORDER), top = Math.round(image.height * BORDER);
  const width = image.width + 2 * left, height = image.height + 2 * top;
  const data = new Uint8Array(width * height * 4);
  const row = image.width * 4;
  for (let y = 0; y < image.height; y++) {
    data.set(image.data.subarray(y * row, (y + 1) * row), ((y + top) * width + left) * 4);
  }
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return fromPixels({ width, height, data });
}

/** The state of the face in a photo, by its path in the data folder. */
export function stateOf(file: string): MaskStateName {
  const [, folder, name] = file.split("/");
  if (folder === "unmasked") return "none";
  return NOSE_OUT.includes(name) ? "nose-out" : "full";
}
