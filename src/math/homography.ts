// The projective map that carries flat points onto points of a picture with least error: how masks come onto faces.
// Hartley's normalised DLT ("In defense of the eight-point algorithm", PAMI 1997) gives the start of Gauss-Newton.

import { mat3d, vec3d } from "npm:wgpu-matrix@3.4.2";
import { InvalidArgumentError } from "../base/errors.ts";
import type { Point } from "./affine.ts";
import { type Homography, homographyOf, matrixOf } from "./matrix.ts";
import { smallestEigenvector, solveDamped } from "./symmetric.ts";

export type { Homography } from "./matrix.ts";

/** Below this share of the largest eigenvalue the second smallest says that many maps fit the points. */
const MIN_EIGENVALUE = 1e-12;
/** The determinant of a map of norm 1 between normalised points; below, it flattens the plane. */
const MIN_DETERMINANT = 1e-9;
const MAX_STEPS = 200;

/**
 * Finds the homography that brings `source` nearest to `target`: it minimises the squared distances in the target's
 * plane, as OpenCV's `findHomography` does. (The algebraic error of the DLT, where scikit-image's estimate stops, is
 * up to twice as far off for the five points of the paper's mask.)
 *
 * @param source At least four points, no three of the first four on a line.
 * @param target As many points, in the same order.
 * @returns The map from source to target, with its last number 1 (unless that is nearly 0).
 * @throws {InvalidArgumentError} If the lists differ in length, are too short, or fix no single map.
 *
 * @example
 * ```ts
 * import { applyHomography, findHomography } from "@maskinv/maskinv/mask";
 *
 * const square = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }];
 * const map = findHomography(square, square.map(({ x, y }) => ({ x: 2 * x + 5, y })));
 * console.log(Math.round(applyHomography(map, { x: 0.5, y: 0.5 }).x)); // 6
 * ```
 */
export function findHomography(source: readonly Point[], target: readonly Point[]): Homography {
  const count = source.length;
  if (count !== target.length || count < 4) {
    throw new InvalidArgumentError(
      `Cannot find a homography of ${count} points to ${target.length}: ` +
        `give two lists of the same length, at least 4`,
    );
  }
  const from = normaliser(source), to = normaliser(target);
  const p = source.map((point) => applyHomography(from, point));
  const q = target.map((point) => applyHomography(to, point));
  const start = dlt(p, q);
  // Four points are met exactly, so that there is nothing left to refine.
  const map = count === 4 ? start : refine(start, p, q);
  const toTarget = mat3d.inverse(matrixOf(to));
  const whole = homographyOf(
    mat3d.multiply(toTarget, mat3d.multiply(matrixOf(map), matrixOf(from))),
  );
  const largest = Math.max(...whole.map(Math.abs));
  const scale = Math.abs(whole[8]) > 1e-9 * largest ? whole[8] : largest;
  return whole.map((value) => value / scale) as unknown as Homography;
}

/**
 * Applies a homography to a point.
 *
 * @param map The map.
 * @param point The point, in the map's source coordinates.
 * @returns The point in the map's target coordinates; not finite on the map's horizon.
 *
 * @example
 * ```ts
 * import { applyHomography } from "@maskinv/maskinv/mask";
 *
 * console.log(applyHomography([2, 0, 0, 0, 2, 0, 0, 0, 4], { x: 2, y: 6 })); // { x: 1, y: 3 }
 * ```
 */
export function applyHomography(map: Homography, { x, y }: Point): Point {
  const [u, v, w] = vec3d.transformMat3([x, y, 1], matrixOf(map));
  return { x: u / w, y: v / w };
}

/**
 * Returns the inverse of a homography.
 *
 * @param map A map whose determinant is not zero.
 * @returns The map that undoes `map`; its numbers are not finite if `map` has no inverse.
 *
 * @example
 * ```ts
 * import { invertHomography } from "@maskinv/maskinv/mask";
 *
 * console.log(invertHomography([2, 0, 2, 0, 1, 0, 0, 0, 1])); // [0.5, 0, -1, 0, 1, 0, 0, 0, 1]
 * ```
 */
export function invertHomography(map: Homography): Homography {
  return homographyOf(mat3d.inverse(matrixOf(map)));
}

/** Brings the points' middle to the origin and their root mean square distance from it to the square root of 2. */
function normaliser(points: readonly Point[]): Homography {
  const count = points.length;
  const x = points.reduce((sum, point) => sum + point.x, 0) / count;
  const y = points.reduce((sum, point) => sum + point.y, 0) / count;
  const spread = points.reduce((sum, p) => sum + (p.x - x) ** 2 + (p.y - y) ** 2, 0);
  const scale = Math.sqrt(2 * count / spread);
  if (!Number.isFinite(scale)) {
    throw ambiguous(count, "coincide or are not finite");
  }
  return [scale, 0, -scale * x, 0, scale, -scale * y, 0, 0, 1];
}

/** Returns the map of norm 1 with the least algebraic error: the eigenvector of the sum of the equations' squares. */
function dlt(source: readonly Point[], target: readonly Point[]): Homography {
  const squares = new Float64Array(81);
  source.forEach(({ x, y }, k) => {
    const { x: u, y: v } = target[k];
    addSquare(squares, [x, y, 1, 0, 0, 0, -u * x, -u * y, -u]);
    addSquare(squares, [0, 0, 0, x, y, 1, -v * x, -v * y, -v]);
  });
  const { values, vector } = smallestEigenvector(squares, 9);
  const map = [...vector] as unknown as Homography;
  const flat = Math.abs(mat3d.determinant(matrixOf(map))) < MIN_DETERMINANT;
  if (flat || !(values[1] > MIN_EIGENVALUE * values[8])) {
    throw ambiguous(source.length, "lie on too few lines");
  }
  return map;
}

/**
 * Levenberg's and Marquardt's steps to the least squared distance in the target's plane. All nine numbers are free and
 * kept at norm 1: along the map itself nothing changes, which the damping keeps from being singular.
 */
function refine(start: Homography, source: readonly Point[], target: readonly Point[]): Homography {
  let map = start, best = squaredDistance(map, source, target), damping = 1e-3;
  for (let step = 0; step < MAX_STEPS && damping < 1e12; step++) {
    const squares = new Float64Array(81), gradient = new Float64Array(9);
    source.forEach((point, k) => {
      const { x, y } = point, { x: u, y: v } = applyHomography(map, point);
      const w = map[6] * x + map[7] * y + map[8];
      const rows = [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]];
      [target[k].x - u, target[k].y - v].forEach((miss, r) => {
        const row = rows[r].map((value) => value / w);
        addSquare(squares, row);
        row.forEach((value, i) => gradient[i] += value * miss);
      });
    });
    const change = solveDamped(squares, gradient, damping);
    const moved = map.map((value, i) => value + change[i]);
    const length = Math.hypot(...moved);
    const next = moved.map((value) => value / length) as unknown as Homography;
    const distance = squaredDistance(next, source, target);
    if (distance <= best) {
      const gain = best - distance;
      [map, best] = [next, distance];
      if (gain <= 1e-15 * best && Math.hypot(...change) < 1e-10) break;
      damping = Math.max(damping / 10, 1e-9);
    } else {
      damping *= 10;
    }
  }
  return map;
}

function squaredDistance(
  map: Homography,
  source: readonly Point[],
  target: readonly Point[],
): number {
  return source.reduce((sum, point, k) => {
    const { x, y } = applyHomography(map, point);
    return sum + (x - target[k].x) ** 2 + (y - target[k].y) ** 2;
  }, 0);
}

function addSquare(squares: Float64Array, row: readonly number[]): void {
  for (let i = 0; i < 9; i++) for (let j = 0; j < 9; j++) squares[i * 9 + j] += row[i] * row[j];
}

function ambiguous(count: number, seen: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot find a homography of ${count} points as they ${seen}: ` +
      `give four points or more of which no three lie on a line`,
  );
}
