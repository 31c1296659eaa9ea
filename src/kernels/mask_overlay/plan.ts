// What both overlay kernels work from: layers checked, cut to the picture, and each piece as edges and a map near it.
// Decided here once in f64, so that TypeScript and WGSL draw the same pixels.

import { mat3d } from "npm:wgpu-matrix@3.4.2";
import type { Point } from "../../math/affine.ts";
import { InvalidArgumentError } from "../../base/errors.ts";
import { applyHomography, type Homography, invertHomography } from "../../math/homography.ts";
import { type Matrix, matrixOf } from "../../math/matrix.ts";
import type { MaskLayer, MaskPiece } from "./layer.ts";

/** A rectangle of whole pixels; `right` and `bottom` are outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * A piece in coordinates relative to the corner of its box: what f32 holds of a place in an 8000 pixel photo would be
 * too little.
 */
export interface PlannedPiece {
  /** The picture pixels that the piece may cover. */
  readonly box: Box;
  /** Three times (a, b, c): inside is where a x + b y + c, in pixels from the edge, is at least -EDGE. */
  readonly edges: Homography;
  /** From picture pixels, relative to the box, to texture pixels. */
  readonly toTexture: Matrix;
}

/** A layer with what it covers. */
export interface PlannedLayer {
  readonly layer: MaskLayer;
  /** The common part of region and picture. */
  readonly box: Box;
  readonly pieces: readonly PlannedPiece[];
}

/** How far outside of its edges, in pixels, a piece still draws: more than f32 errs, less than anyone sees. */
export const EDGE = 1e-3;

/** Colours and alpha of the "maskinv" blend are whole multiples of 1 / SNAP grey levels; see `maskinvLevel`. */
export const SNAP = 64;

/** Everywhere is inside. */
const NO_EDGES: Homography = [0, 0, 1, 0, 0, 1, 0, 0, 1];

/**
 * Prepares a layer for a picture; pieces that cover no pixel are left out.
 *
 * @throws {InvalidArgumentError} If the texture, the light or the region is not what `layer.ts` says.
 */
export function planLayer(
  layer: MaskLayer,
  picture: { readonly width: number; readonly height: number },
): PlannedLayer {
  checkLayer(layer);
  const { x, y, width, height } = layer.region;
  const box = common(
    { left: x, top: y, right: x + width, bottom: y + height },
    { left: 0, top: 0, right: picture.width, bottom: picture.height },
  );
  const pieces = isEmpty(box) ? [] : layer.pieces.flatMap((piece) => planPiece(piece, layer, box));
  return { layer, box, pieces };
}

/** Returns whether a box has no pixels. */
export function isEmpty({ left, top, right, bottom }: Box): boolean {
  return !(left < right && top < bottom);
}

/** Returns the common part of two boxes. */
export function common(a: Box, b: Box): Box {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

function planPiece(
  { triangle, toTexture }: MaskPiece,
  layer: MaskLayer,
  within: Box,
): PlannedPiece[] {
  const corners = triangle ?? textureCorners(toTexture, layer.texture);
  const box = corners ? common(within, boxOf(corners)) : within;
  // What is not finite leads nowhere and covers nothing.
  if (isEmpty(box) || !toTexture.every(Number.isFinite)) return [];
  const edges = triangle ? edgesOf(triangle, box) : NO_EDGES;
  if (!edges.every(Number.isFinite)) return [];
  return [{ box, edges, toTexture: shifted(toTexture, box) }];
}

/** Returns where the texture and its fading border end in the picture; nothing if that goes over the horizon. */
function textureCorners(
  toTexture: Homography,
  { width, height }: MaskLayer["texture"],
): Point[] | undefined {
  const toPicture = invertHomography(toTexture);
  const [, , , , , , g, h, i] = toPicture;
  const corners = [{ x: -1, y: -1 }, { x: width, y: -1 }, { x: width, y: height }, {
    x: -1,
    y: height,
  }];
  const sides = corners.map(({ x, y }) => Math.sign(g * x + h * y + i));
  if (!sides.every((side) => side === sides[0] && side !== 0)) return undefined;
  return corners.map((corner) => applyHomography(toPicture, corner));
}

function boxOf(corners: readonly Point[]): Box {
  const xs = corners.map(({ x }) => x), ys = corners.map(({ y }) => y);
  return {
    left: Math.ceil(Math.min(...xs) - EDGE),
    top: Math.ceil(Math.min(...ys) - EDGE),
    right: Math.floor(Math.max(...xs) + EDGE) + 1,
    bottom: Math.floor(Math.max(...ys) + EDGE) + 1,
  };
}

/** Returns the edges of a triangle of either turn; not finite if it has no area. */
function edgesOf([a, b, c]: readonly [Point, Point, Point], { left, top }: Box): Homography {
  const turn = Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
  const edge = (p: Point, q: Point): [number, number, number] => {
    const scale = turn / Math.hypot(q.x - p.x, q.y - p.y) || NaN;
    const nx = (p.y - q.y) * scale, ny = (q.x - p.x) * scale;
    return [nx, ny, nx * (left - p.x) + ny * (top - p.y)];
  };
  return [...edge(a, b), ...edge(b, c), ...edge(c, a)];
}

/** Returns the map for coordinates that begin at the box, with numbers of about the texture's size. */
function shifted(map: Homography, { left, top }: Box): Matrix {
  const moved = mat3d.translate(matrixOf(map), [left, top]);
  const [, , g, , , , h, , , , w] = moved;
  return mat3d.multiplyScalar(moved, 1 / Math.max(Math.abs(w), Math.abs(g), Math.abs(h)), moved);
}

function checkLayer({ region, texture, blend }: MaskLayer): void {
  const { x, y, width, height } = region;
  if (![x, y, width, height].every(Number.isSafeInteger) || width < 0 || height < 0) {
    throw new InvalidArgumentError(
      `Cannot draw a mask on the region ${x}, ${y}, ${width}x${height}: give whole pixels`,
    );
  }
  const whole = Number.isInteger(texture.width) && Number.isInteger(texture.height);
  if (
    !whole || texture.width < 1 || texture.data.length !== texture.width * texture.height * 4 ||
    texture.height < 1
  ) {
    throw new InvalidArgumentError(
      `Cannot draw a mask texture of ${texture.width}x${texture.height} pixels with ` +
        `${texture.data.length} bytes: give width * height * 4 bytes of RGBA`,
    );
  }
  const light = blend.kind === "alpha" ? blend.light : undefined;
  if (light && !(light.size >= 1 && light.factors.length === light.size * light.size)) {
    throw new InvalidArgumentError(
      `Cannot light a mask with ${light.factors.length} factors for ${light.size}x${light.size} ` +
        `places: give size * size factors`,
    );
  }
  if (blend.kind === "maskinv" && !blend.offset.every((value) => value >= 0 && value <= 255)) {
    throw new InvalidArgumentError(
      `Cannot add ${blend.offset.join(", ")} to the colours of a mask: give offsets of 0 to 149`,
    );
  }
}
