// Affine maps of the plane as six numbers, and points.
// Pixel centres lie at integer coordinates throughout maskinv (as in OpenCV and the ArcFace template).

import { mat3d, vec2d } from "npm:wgpu-matrix@3.4.2";
import { type Affine, affineMatrix, affineOf } from "./matrix.ts";

export type { Affine } from "./matrix.ts";

/** A point in pixels; (0, 0) is the centre of the top left pixel. */
export interface Point {
  /** To the right, in pixels. */
  readonly x: number;
  /** Down, in pixels. */
  readonly y: number;
}

/**
 * Applies an affine map to a point.
 *
 * @param map The map.
 * @param point The point, in the map's source coordinates.
 * @returns The point in the map's target coordinates.
 *
 * @example
 * ```ts
 * import { applyAffine } from "@maskinv/maskinv/align";
 *
 * console.log(applyAffine([2, 0, 1, 0, 2, 0], { x: 3, y: 4 })); // { x: 7, y: 8 }
 * ```
 */
export function applyAffine(map: Affine, point: Point): Point {
  const [x, y] = vec2d.transformMat3([point.x, point.y], affineMatrix(map));
  return { x, y };
}

/**
 * Returns the inverse of an affine map.
 *
 * @param map A map whose determinant is not zero.
 * @returns The map that undoes `map`; its numbers are not finite if `map` has no inverse.
 *
 * @example
 * ```ts
 * import { invertAffine } from "@maskinv/maskinv/align";
 *
 * console.log(invertAffine([2, 0, 1, 0, 2, 0])); // [0.5, 0, -0.5, 0, 0.5, 0]
 * ```
 */
export function invertAffine(map: Affine): Affine {
  return affineOf(mat3d.inverse(affineMatrix(map)));
}

/**
 * Composes two affine maps.
 *
 * @param last The map that is applied last.
 * @param first The map that is applied first.
 * @returns The map (x, y) -> last(first(x, y)).
 *
 * @example
 * ```ts
 * import { multiplyAffine } from "@maskinv/maskinv/align";
 *
 * console.log(multiplyAffine([2, 0, 0, 0, 2, 0], [1, 0, 5, 0, 1, 0])); // [2, 0, 10, 0, 2, 0]
 * ```
 */
export function multiplyAffine(last: Affine, first: Affine): Affine {
  return affineOf(mat3d.multiply(affineMatrix(last), affineMatrix(first)));
}
