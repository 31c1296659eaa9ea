// Draws mask layers on a picture: the reference of shaders/mask_overlay.wgsl and the path without a GPU.
// Bilinear from the texture, transparent outside of it; layers and pieces in order; what they cover is in plan.ts.

import type { Image } from "../../image/image.ts";
import type { MaskBlend, MaskLayer, MaskTexture } from "./layer.ts";
import { EDGE, planLayer, type PlannedLayer, type PlannedPiece, SNAP } from "./plan.ts";

/** Paints what the texture has at (u, v), if anything, over the pixel whose bytes begin at `to`. */
type Paint = (to: number, u: number, v: number) => void;

/**
 * Draws masks on a picture.
 *
 * @param image The picture; it is not changed.
 * @param layers What to draw, in order; see `layer.ts`.
 * @returns The picture with the masks.
 * @throws {InvalidArgumentError} If a layer's texture, light or region is not what `layer.ts` says.
 *
 * @example
 * ```ts
 * import { maskOverlay } from "@maskinv/maskinv/mask";
 *
 * const white = { width: 2, height: 1, data: new Uint8ClampedArray(8).fill(255) };
 * const texture = { width: 1, height: 1, data: new Uint8ClampedArray([0, 100, 200, 255]) };
 * const { data } = maskOverlay(white, [{
 *   region: { x: 0, y: 0, width: 2, height: 1 },
 *   texture,
 *   pieces: [{ toTexture: [1, 0, 0, 0, 1, 0, 0, 0, 1] }],
 *   blend: { kind: "alpha", gain: [1, 1, 1] },
 * }]);
 * console.log([...data]); // [0, 100, 200, 255, 255, 255, 255, 255]
 * ```
 */
export function maskOverlay(image: Image, layers: readonly MaskLayer[]): Image {
  const { width, height } = image;
  const data = new Uint8ClampedArray(image.data);
  for (const layer of layers) drawLayer(planLayer(layer, image), data, width);
  return { width, height, data };
}

function drawLayer({ layer, box, pieces }: PlannedLayer, data: Image["data"], width: number): void {
  const paint = layer.blend.kind === "alpha"
    ? alphaPaint(data, layer.texture, layer.blend)
    : maskinvPaint(data, layer.texture, layer.blend);
  const columns = box.right - box.left;
  // Which pixels have been drawn, so that pieces that share an edge do not draw it twice.
  const done = pieces.length > 1 ? new Uint8Array(columns * (box.bottom - box.top)) : undefined;
  for (const piece of pieces) {
    const { left, top, right, bottom } = piece.box;
    const [a, d, g, , b, e, h, , c, f, i] = piece.toTexture;
    for (let y = 0; y < bottom - top; y++) {
      const [first, end] = span(piece, y, right - left);
      const row = ((y + top) * width + left) * 4;
      const doneRow = (y + top - box.top) * columns + left - box.left;
      for (let x = first; x < end; x++) {
        if (done) {
          if (done[doneRow + x]) continue;
          done[doneRow + x] = 1;
        }
        const w = g * x + h * y + i;
        paint(row + x * 4, (a * x + b * y + c) / w, (d * x + e * y + f) / w);
      }
    }
  }
}

/** Returns the pixels of a row that are inside of all three edges. */
function span({ edges }: PlannedPiece, y: number, width: number): [first: number, end: number] {
  let first = 0, end = width;
  for (let k = 0; k < 9; k += 3) {
    const gradient = edges[k], rest = edges[k + 1] * y + edges[k + 2] + EDGE;
    if (gradient > 0) first = Math.max(first, Math.ceil(-rest / gradient));
    else if (gradient < 0) end = Math.min(end, Math.floor(-rest / gradient) + 1);
    else if (!(rest >= 0)) return [0, 0];
  }
  return [first, end];
}

/** Transparent texels have no say in the colour, so that no fringe of theirs shows at the mask's rim. */
function alphaPaint(
  data: Image["data"],
  texture: MaskTexture,
  { gain, light }: Extract<MaskBlend, { kind: "alpha" }>,
): Paint {
  const sample = new Float64Array(4);
  return (to, u, v) => {
    if (!readTexture(texture, u, v, true, sample)) return;
    const lit = light ? lightAt(light, texture, u, v) : 1, rest = 1 - sample[3] / 255;
    for (let k = 0; k < 3; k++) {
      // Adding a half and cutting off rounds; the array clamps.
      data[to + k] = Math.floor(sample[k] * gain[k] * lit + rest * data[to + k] + 0.5);
    }
  };
}

/**
 * MaskInv's formula, `trunc(a (255 (1 - a) - v + offset) + (1 - a) picture) mod 256` with a = alpha / 255. Where a
 * value is a whole number, noise in its last digits would be cut to another grey level or wrapped from 0 to 255; so
 * alpha, v and offset are first snapped to multiples of 1 / SNAP, and the rest is exact in whole numbers.
 */
function maskinvPaint(
  data: Image["data"],
  texture: MaskTexture,
  { offset }: Extract<MaskBlend, { kind: "maskinv" }>,
): Paint {
  const sample = new Float64Array(4), whole = 255 * SNAP;
  const added = offset.map(snap);
  return (to, u, v) => {
    if (!readTexture(texture, u, v, false, sample)) return;
    const alpha = snap(sample[3]), rest = whole - alpha;
    for (let k = 0; k < 3; k++) {
      const level = alpha * (rest - snap(sample[k]) + added[k]) + rest * SNAP * data[to + k];
      data[to + k] = Math.trunc(level / (whole * SNAP)) & 255;
    }
  };
}

function snap(level: number): number {
  return Math.floor(level * SNAP + 0.5);
}

/**
 * Reads red, green, blue and alpha, 0..255, between four texels; those outside are zero.
 *
 * @param multiplied Whether colours are weighed with alpha / 255.
 * @returns Whether there is anything: alpha is not 0.
 */
function readTexture(
  { width, height, data }: MaskTexture,
  u: number,
  v: number,
  multiplied: boolean,
  out: Float64Array,
): boolean {
  // Also false for what is not a number, on the map's horizon.
  if (!(u > -1 && v > -1 && u < width && v < height)) return false;
  const left = Math.floor(u), top = Math.floor(v), x = u - left, y = v - top;
  // Corners outside of the texture weigh nothing; their index is clamped to stay readable.
  const w0 = left < 0 ? 0 : 1 - x, w1 = left + 1 < width ? x : 0;
  const h0 = top < 0 ? 0 : 1 - y, h1 = top + 1 < height ? y : 0;
  const x0 = left < 0 ? 0 : left, x1 = left + 1 < width ? left + 1 : left;
  const y0 = (top < 0 ? 0 : top) * width, y1 = (top + 1 < height ? top + 1 : top) * width;
  const p00 = (y0 + x0) * 4, p01 = (y0 + x1) * 4, p10 = (y1 + x0) * 4, p11 = (y1 + x1) * 4;
  let w00 = h0 * w0, w01 = h0 * w1, w10 = h1 * w0, w11 = h1 * w1;
  const a00 = data[p00 + 3], a01 = data[p01 + 3], a10 = data[p10 + 3], a11 = data[p11 + 3];
  const alpha = w00 * a00 + w01 * a01 + w10 * a10 + w11 * a11;
  if (alpha === 0) return false;
  if (multiplied) {
    w00 *= a00 / 255;
    w01 *= a01 / 255;
    w10 *= a10 / 255;
    w11 *= a11 / 255;
  }
  for (let k = 0; k < 3; k++) {
    out[k] = w00 * data[p00 + k] + w01 * data[p01 + k] + w10 * data[p10 + k] + w11 * data[p11 + k];
  }
  out[3] = alpha;
  return true;
}

/** Returns the brightness at a place of the texture, between four factors of the grid over it. */
function lightAt(
  { size, factors }: { readonly size: number; readonly factors: Float32Array },
  { width, height }: MaskTexture,
  u: number,
  v: number,
): number {
  const x = gridPlace(u, width, size), y = gridPlace(v, height, size);
  const left = Math.min(Math.floor(x), Math.max(0, size - 2)), s = x - left;
  const top = Math.min(Math.floor(y), Math.max(0, size - 2)), t = y - top;
  const next = size > 1 ? 1 : 0, at = top * size + left, under = at + next * size;
  const upper = factors[at] + s * (factors[at + next] - factors[at]);
  const lower = factors[under] + s * (factors[under + next] - factors[under]);
  return upper + t * (lower - upper);
}

/** From a texture place to a place on the grid, whose ends lie on the first and last texel. */
function gridPlace(place: number, length: number, size: number): number {
  return Math.min(Math.max(place / Math.max(length - 1, 1), 0), 1) * (size - 1);
}
