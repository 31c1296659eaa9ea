// Draws boxes, points and labels on a copy of a picture, for people to see what was found.
// Sizes follow the picture, so that the marks can be seen on a thumbnail and on a 40 MP photo.

import { InvalidArgumentError } from "../base/errors.ts";
import { GLYPH_ADVANCE, GLYPH_HEIGHT, GLYPH_WIDTH, hasInk } from "./font.ts";
import type { Image } from "./image.ts";

/** Red, green and blue, 0 to 255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** A place in pixels from the top left corner; marks beyond the border are clipped. */
export interface PointMark {
  /** Pixels to the right of the left border. */
  readonly x: number;
  /** Pixels below the top border. */
  readonly y: number;
  /** Green by default. */
  readonly color?: Color;
}

/** The outline of a box; `x` and `y` are its top left corner. */
export interface BoxMark extends PointMark {
  /** Width in pixels, 0 or more. */
  readonly width: number;
  /** Height in pixels, 0 or more. */
  readonly height: number;
}

/** A line of text on a black ground; `x` and `y` are the top left corner. */
export interface LabelMark extends PointMark {
  /** Letters (shown as upper case), digits and `.,-+=%:/#_()`; others are shown as `?`. */
  readonly text: string;
}

/** What to draw. */
export interface Marks {
  /** Outlines of boxes, such as faces. */
  readonly boxes?: readonly BoxMark[];
  /** Filled dots, such as the landmarks of a face. */
  readonly points?: readonly PointMark[];
  /** Lines of text, such as scores; moved into the picture where they would stick out. */
  readonly labels?: readonly LabelMark[];
}

const GREEN: Color = [0, 230, 64], BLACK: Color = [0, 0, 0];

/**
 * Draws boxes, then points, then labels on a copy of a picture.
 *
 * @param image The picture; it is left as it is.
 * @param marks What to draw, in pixels of the picture; fractions are rounded.
 * @returns A new picture of the same size.
 * @throws {InvalidArgumentError} If a coordinate is not finite or a box has a negative size.
 *
 * @example
 * ```ts
 * import { annotate, fromPixels } from "@maskinv/maskinv/image";
 *
 * const white = fromPixels({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(255) });
 * const drawn = annotate(white, {
 *   boxes: [{ x: 8, y: 20, width: 40, height: 40 }],
 *   points: [{ x: 28, y: 40, color: [255, 0, 0] }],
 *   labels: [{ x: 8, y: 8, text: "0.73" }],
 * });
 * console.log(drawn.width, drawn.height); // 64 64
 * ```
 */
export function annotate(image: Image, marks: Marks): Image {
  const { boxes = [], points = [], labels = [] } = marks;
  for (const mark of [...boxes, ...points, ...labels]) checkMark(mark);
  const copy = { width: image.width, height: image.height, data: image.data.slice() };
  const size = Math.min(image.width, image.height);
  const line = Math.max(1, Math.round(size / 240));
  for (const box of boxes) drawBox(copy, box, line);
  for (const point of points) drawDot(copy, point, Math.max(1, size / 160));
  for (const label of labels) drawLabel(copy, label, Math.max(1, Math.round(size / 300)));
  return copy;
}

function checkMark(mark: PointMark & Partial<BoxMark>): void {
  const { x, y, width = 0, height = 0 } = mark;
  if ([x, y, width, height].every(Number.isFinite) && width >= 0 && height >= 0) return;
  throw new InvalidArgumentError(
    `Cannot draw a mark as it has x ${x}, y ${y}, width ${width}, height ${height}: ` +
      `give finite numbers and a size that is not negative`,
  );
}

function drawBox(image: Image, box: BoxMark, line: number): void {
  const { color } = box;
  const x = Math.round(box.x), y = Math.round(box.y);
  const width = Math.max(line, Math.round(box.width));
  const height = Math.max(line, Math.round(box.height));
  fill(image, x, y, width, line, color);
  fill(image, x, y + height - line, width, line, color);
  fill(image, x, y, line, height, color);
  fill(image, x + width - line, y, line, height, color);
}

function drawDot(image: Image, { x, y, color }: PointMark, radius: number): void {
  const reach = Math.round(radius);
  for (let dy = -reach; dy <= reach; dy++) {
    const half = Math.round(Math.sqrt(Math.max(0, radius * radius - dy * dy)));
    fill(image, Math.round(x) - half, Math.round(y) + dy, 2 * half + 1, 1, color);
  }
}

function drawLabel(image: Image, { text, x, y, color }: LabelMark, scale: number): void {
  const characters = [...text];
  const width = (characters.length * GLYPH_ADVANCE + 1) * scale;
  const height = (GLYPH_HEIGHT + 2) * scale;
  const left = Math.max(0, Math.min(Math.round(x), image.width - width));
  const top = Math.max(0, Math.min(Math.round(y), image.height - height));
  fill(image, left, top, width, height, BLACK);
  characters.forEach((character, i) => {
    for (let gy = 0; gy < GLYPH_HEIGHT; gy++) {
      for (let gx = 0; gx < GLYPH_WIDTH; gx++) {
        if (!hasInk(character, gx, gy)) continue;
        const inkX = left + (i * GLYPH_ADVANCE + gx + 1) * scale;
        fill(image, inkX, top + (gy + 1) * scale, scale, scale, color);
      }
    }
  });
}

/** Fills a rectangle as far as it lies within the picture. */
function fill(
  { width: imageWidth, height: imageHeight, data }: Image,
  x: number,
  y: number,
  width: number,
  height: number,
  color: Color = GREEN,
): void {
  const right = Math.min(x + width, imageWidth), bottom = Math.min(y + height, imageHeight);
  for (let row = Math.max(0, y); row < bottom; row++) {
    for (let column = Math.max(0, x); column < right; column++) {
      data.set(color, (row * imageWidth + column) * 4);
    }
  }
}
