// Draws boxes, points and labels on a copy of a picture, for people to see what was found.
// Sizes follow the picture, so that the marks can be seen on a thumbnail and on a photo of 50 MP.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Image } from "./image.ts";
import { type TextRenderer, textRenderer } from "./text.ts";

/** Red, green and blue, 0 to 255 each. */
export type Color = readonly [red: number, green: number, blue: number];

/** A place in pixels from the top left corner; marks beyond the border are clipped. */
export interface PointMark {
  /** Pixels to the right of the left border. */
  readonly x: number;
  /** Pixels below the top border. */
  readonly y: number;
  /** Sky blue by default, of labels white. */
  readonly color?: Color;
}

/** The outline of a box; `x` and `y` are its top left corner. */
export interface BoxMark extends PointMark {
  /** Width in pixels, 0 or more. */
  readonly width: number;
  /** Height in pixels, 0 or more. */
  readonly height: number;
}

/** A line of text on a ground of one colour; `x` and `y` are the top left corner. */
export interface LabelMark extends PointMark {
  /** The text; letters that the font (Latin) lacks are shown as `?`. White by default. */
  readonly text: string;
  /** The colour of the ground; black by default. */
  readonly ground?: Color;
  /** Whether `y` is the bottom of the label and not its top. */
  readonly above?: boolean;
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

const SKY_BLUE: Color = [86, 180, 233], WHITE: Color = [255, 255, 255], BLACK: Color = [0, 0, 0];

/** The height of text: a share of the picture's shorter side, and at least so many pixels. */
const MIN_TEXT = 14, TEXT_SHARE = 1 / 20;

/** The height in pixels down to which text that is wider than its picture is shrunk; then it is cut off. */
const MIN_SHRUNK_TEXT = 8;

/** imagescript's frame of RGBA pixels. */
interface Frame {
  replace(frame: Frame, x: number, y: number): Frame;
  overlay(frame: Frame, x: number, y: number): Frame;
  fill(color: readonly number[]): Frame;
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly frame: Frame;
  make(width: number, height: number, data?: Uint8Array): Frame;
}

/**
 * Draws boxes, then points, then labels on a copy of a picture, with imagescript. Lines, dots and letters grow with the
 * picture, and are at least as large as can be seen.
 *
 * @param image The picture; it is left as it is.
 * @param marks What to draw, in pixels of the picture; fractions are rounded.
 * @returns A new picture of the same size.
 * @throws {MaskinvError} If there are labels and the font's WebAssembly file cannot be read.
 * @throws {InvalidArgumentError} If a coordinate is not finite or a box has a negative size.
 *
 * @example
 * ```ts
 * import { annotate, fromPixels } from "@maskinv/maskinv/image";
 *
 * const white = fromPixels({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(255) });
 * const drawn = await annotate(white, {
 *   boxes: [{ x: 8, y: 20, width: 40, height: 40 }],
 *   points: [{ x: 28, y: 40, color: [255, 0, 0] }],
 *   labels: [{ x: 8, y: 8, text: "0.73" }],
 * });
 * console.log(drawn.width, drawn.height); // 64 64
 * ```
 */
export async function annotate(image: Image, marks: Marks): Promise<Image> {
  const { boxes = [], points = [], labels = [] } = marks;
  for (const mark of [...boxes, ...points, ...labels]) checkMark(mark);
  const { width, height } = image, data = image.data.slice();
  // Its type declarations are those of another entry, which has no default export.
  const { default: Framebuffer } = await import(
    "npm:imagescript@1.3.1/v2/framebuffer.mjs"
  ) as unknown as {
    default: new (width: number, height: number, data?: Uint8Array) => Frame;
  };
  const make: Canvas["make"] = (...of) => new Framebuffer(...of);
  const canvas = { width, height, make, frame: make(width, height, new Uint8Array(data.buffer)) };
  const size = Math.min(width, height);
  for (const box of boxes) drawBox(canvas, box, Math.ceil(size / 240));
  for (const point of points) drawDot(canvas, point, Math.max(1, size / 160));
  if (labels.length > 0) {
    const render = await textRenderer();
    const letters = Math.max(MIN_TEXT, Math.round(size * TEXT_SHARE));
    for (const label of labels) drawLabel(canvas, label, letters, render);
  }
  return { width, height, data };
}

function checkMark(mark: PointMark & Partial<BoxMark>): void {
  const { x, y, width = 0, height = 0 } = mark;
  if ([x, y, width, height].every(Number.isFinite) && width >= 0 && height >= 0) return;
  throw new InvalidArgumentError(
    `Cannot draw a mark as it has x ${x}, y ${y}, width ${width}, height ${height}: ` +
      `give finite numbers and a size that is not negative`,
  );
}

function drawBox(canvas: Canvas, box: BoxMark, line: number): void {
  const { color } = box;
  const x = Math.round(box.x), y = Math.round(box.y);
  const width = Math.max(line, Math.round(box.width));
  const height = Math.max(line, Math.round(box.height));
  fill(canvas, x, y, width, line, color);
  fill(canvas, x, y + height - line, width, line, color);
  fill(canvas, x, y, line, height, color);
  fill(canvas, x + width - line, y, line, height, color);
}

function drawDot(canvas: Canvas, { x, y, color }: PointMark, radius: number): void {
  const reach = Math.round(radius);
  for (let dy = -reach; dy <= reach; dy++) {
    const half = Math.round(Math.sqrt(Math.max(0, radius * radius - dy * dy)));
    fill(canvas, Math.round(x) - half, Math.round(y) + dy, 2 * half + 1, 1, color);
  }
}

function drawLabel(canvas: Canvas, label: LabelMark, size: number, render: TextRenderer): void {
  const { text, x, y, color = WHITE, ground = BLACK, above = false } = label;
  if (text.trim() === "") return;
  let pad = Math.round(size / 4), ink = render(text, size, color);
  if (ink.width + 2 * pad > canvas.width) {
    size = Math.max(MIN_SHRUNK_TEXT, Math.floor(size * canvas.width / (ink.width + 2 * pad)));
    pad = Math.round(size / 4);
    ink = render(text, size, color);
  }
  const width = ink.width + 2 * pad, { height } = ink;
  const left = Math.max(0, Math.min(Math.round(x), canvas.width - width));
  const wanted = Math.round(y) - (above ? height : 0);
  const top = Math.max(0, Math.min(wanted, canvas.height - height));
  fill(canvas, left, top, width, height, ground);
  canvas.frame.overlay(canvas.make(ink.width, height, ink.data), left + pad, top);
}

/** Fills a rectangle as far as it lies within the picture. */
function fill(
  { width: canvasWidth, height: canvasHeight, frame, make }: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  color: Color = SKY_BLUE,
): void {
  const left = Math.max(0, x), top = Math.max(0, y);
  const inside = Math.min(x + width, canvasWidth) - left;
  const rows = Math.min(y + height, canvasHeight) - top;
  if (inside > 0 && rows > 0) frame.replace(make(inside, rows).fill([...color, 255]), left, top);
}
