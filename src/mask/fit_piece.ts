// One piece of a mask: a triangle of the picture and the map that takes it to the texture.

import type { Point } from "../math/affine.ts";
import type { Vector } from "./fit_vector.ts";
import type { MaskPiece } from "../kernels/mask_overlay/layer.ts";

/** Returns a triangle and the affine map that takes its corners a, b, c to the texture's p, q, r. */
export function piece(
  a: Vector,
  b: Vector,
  c: Vector,
  p: Point,
  q: Point,
  r: Point,
): MaskPiece {
  const ux = b[0] - a[0], uy = b[1] - a[1], vx = c[0] - a[0], vy = c[1] - a[1];
  const det = ux * vy - uy * vx;
  const qx = q.x - p.x, qy = q.y - p.y, rx = r.x - p.x, ry = r.y - p.y;
  const xx = (qx * vy - rx * uy) / det, xy = (rx * ux - qx * vx) / det;
  const yx = (qy * vy - ry * uy) / det, yy = (ry * ux - qy * vx) / det;
  return {
    triangle: [{ x: a[0], y: a[1] }, { x: b[0], y: b[1] }, { x: c[0], y: c[1] }],
    toTexture: [
      xx,
      xy,
      p.x - xx * a[0] - xy * a[1],
      yx,
      yy,
      p.y - yx * a[0] - yy * a[1],
      0,
      0,
      1,
    ],
  };
}

/** Returns a quadrangle as two pieces; its corners go around. */
export function quad(
  [a, b, c, d]: readonly [Vector, Vector, Vector, Vector],
  [p, q, r, s]: readonly [Point, Point, Point, Point],
): MaskPiece[] {
  return [piece(a, b, c, p, q, r), piece(a, c, d, p, r, s)];
}
