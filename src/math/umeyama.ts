// The similarity (turn, uniform scale, shift) that carries one set of points onto another with least error.
// Closed form for the plane of Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991.

import { InvalidArgumentError } from "../base/errors.ts";
import { type Affine, applyAffine, type Point } from "./affine.ts";

/** A similarity and how well it fits. */
export interface Similarity {
  /** The map from source to target points. */
  readonly map: Affine;
  /** Target units per source unit. */
  readonly scale: number;
  /** Turn in radians, clockwise on the screen (y points down). */
  readonly angle: number;
  /** Root mean square distance of the mapped source points from the target points, in target units. */
  readonly residual: number;
}

/**
 * Finds the least-squares similarity from `source` to `target`. Reflections are never returned.
 *
 * In the plane the singular value decomposition of Umeyama's method is not needed: with the centred points as
 * complex numbers, scale and turn are `sum(conj(p) q) / sum(|p|^2)`.
 *
 * @param source At least two points, not all the same.
 * @param target As many points, in the same order.
 * @returns The map, its scale and turn, and the residual in target units.
 * @throws {InvalidArgumentError} If the lists differ in length, are too short, or all source points coincide.
 *
 * @example
 * ```ts
 * import { umeyama } from "@maskinv/maskinv/align";
 *
 * const { scale, residual } = umeyama(
 *   [{ x: 0, y: 0 }, { x: 1, y: 0 }],
 *   [{ x: 5, y: 5 }, { x: 7, y: 5 }],
 * );
 * console.log(scale, residual); // 2 0
 * ```
 */
export function umeyama(source: readonly Point[], target: readonly Point[]): Similarity {
  const count = source.length;
  if (count !== target.length || count < 2) {
    throw new InvalidArgumentError(
      `Cannot align ${count} points with ${target.length}: give two lists of the same length, at least 2`,
    );
  }
  const from = centre(source), to = centre(target);
  let re = 0, im = 0, spread = 0;
  for (let i = 0; i < count; i++) {
    const px = source[i].x - from.x, py = source[i].y - from.y;
    const qx = target[i].x - to.x, qy = target[i].y - to.y;
    re += px * qx + py * qy;
    im += px * qy - py * qx;
    spread += px * px + py * py;
  }
  if (!(spread > 0)) {
    throw new InvalidArgumentError(
      `Cannot align ${count} points as the source points all coincide or are not finite: check the landmarks`,
    );
  }
  const a = re / spread, d = im / spread;
  const map: Affine = [a, -d, to.x - a * from.x + d * from.y, d, a, to.y - d * from.x - a * from.y];
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const mapped = applyAffine(map, source[i]);
    squares += (mapped.x - target[i].x) ** 2 + (mapped.y - target[i].y) ** 2;
  }
  return {
    map,
    scale: Math.hypot(a, d),
    angle: Math.atan2(d, a),
    residual: Math.sqrt(squares / count),
  };
}

function centre(points: readonly Point[]): Point {
  let x = 0, y = 0;
  for (const point of points) {
    x += point.x;
    y += point.y;
  }
  return { x: x / points.length, y: y / points.length };
}
