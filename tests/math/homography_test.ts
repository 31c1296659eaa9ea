// The homography against two other methods: eight equations solved directly for four points, and Gauss-Newton by
// numerical derivatives for more; and the paper's matrix.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Point } from "../../src/math/affine.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  applyHomography,
  findHomography,
  type Homography,
  invertHomography,
} from "../../src/math/homography.ts";
import { OFFICIAL_LANDMARKS, OFFICIAL_TEMPLATE_POINTS } from "../../src/mask/official.ts";
import { random } from "../kernels/helpers.ts";

function squaredError(
  map: readonly number[],
  source: readonly Point[],
  target: readonly Point[],
): number {
  return source.reduce((sum, point, k) => {
    const { x, y } = applyHomography(map as unknown as Homography, point);
    return sum + (x - target[k].x) ** 2 + (y - target[k].y) ** 2;
  }, 0);
}

/** Gauss's elimination with pivots. */
function solve(rows: number[][]): number[] {
  const size = rows.length;
  for (let k = 0; k < size; k++) {
    let best = k;
    for (let r = k; r < size; r++) if (Math.abs(rows[r][k]) > Math.abs(rows[best][k])) best = r;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    for (let r = 0; r < size; r++) {
      if (r === k) continue;
      const factor = rows[r][k] / rows[k][k];
      rows[r] = rows[r].map((value, c) => value - factor * rows[k][c]);
    }
  }
  return rows.map((row, k) => row[size] / row[k]);
}

/** Four points fix the eight numbers beside the last, which is 1. */
function direct(source: readonly Point[], target: readonly Point[]): number[] {
  return [
    ...solve(source.flatMap(({ x, y }, k) => {
      const { x: u, y: v } = target[k];
      return [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]];
    })),
    1,
  ];
}

/** Gauss-Newton on the distances with derivatives by differences, from a start that is off. */
function gaussNewton(
  source: readonly Point[],
  target: readonly Point[],
  start: Homography,
): number[] {
  const misses = (h: readonly number[]): number[] =>
    source.flatMap((point, k) => {
      const { x, y } = applyHomography([...h, 1] as unknown as Homography, point);
      return [x - target[k].x, y - target[k].y];
    });
  let h = start.slice(0, 8).map((value) => value * 1.002);
  for (let step = 0; step < 60; step++) {
    const now = misses(h);
    const derivatives = h.map((value, i) => {
      const by = 1e-6 * Math.max(Math.abs(value), 1e-6);
      const [up, down] = [by, -by].map((change) =>
        misses(h.map((other, j) => other + (j === i ? change : 0)))
      );
      return up.map((miss, k) => (miss - down[k]) / (2 * by));
    });
    // Each unknown in units of its own effect, so that elimination loses no digits.
    const units = derivatives.map((derivative) => Math.hypot(...derivative));
    const dot = (a: number[], b: number[]): number =>
      a.reduce((sum, value, k) => sum + value * b[k], 0);
    const change = solve(derivatives.map((derivative, i) => [
      ...derivatives.map((other, j) => dot(derivative, other) / units[i] / units[j]),
      dot(derivative, now) / units[i],
    ]));
    h = h.map((value, i) => value - change[i] / units[i]);
  }
  return [...h, 1];
}

function points(count: number, next: () => number, size: number): Point[] {
  return Array.from({ length: count }, (_, k) => ({
    // One in each quarter first, so that no three of the first four are on a line.
    x: size * (k % 2 + 0.8 * next()),
    y: size * ((k >> 1) % 2 + 0.8 * next()),
  }));
}

Deno.test("four points: the map is that of the eight equations", () => {
  const next = random(1);
  for (let round = 0; round < 200; round++) {
    const source = points(4, next, 800), target = points(4, next, 60);
    const map = findHomography(source, target), expected = direct(source, target);
    const size = Math.max(...expected.map(Math.abs));
    map.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-7 * size));
    source.forEach((point, k) => {
      const { x, y } = applyHomography(map, point);
      assertAlmostEquals(x, target[k].x, 1e-7);
      assertAlmostEquals(y, target[k].y, 1e-7);
    });
  }
});

Deno.test("more points: nowhere is the error less than at the map, by another method", () => {
  const next = random(2);
  for (let round = 0; round < 50; round++) {
    const source = points(4 + round % 9, next, 800);
    const truth: Homography = [
      0.1,
      0.02 * next(),
      9,
      -0.03 * next(),
      0.11,
      7,
      1e-4 * next(),
      2e-4,
      1,
    ];
    const target = source.map((point) => {
      const { x, y } = applyHomography(truth, point);
      return { x: x + 3 * (next() - 0.5), y: y + 3 * (next() - 0.5) };
    });
    const map = findHomography(source, target);
    const error = squaredError(map, source, target);
    const other = gaussNewton(source, target, map);
    assertAlmostEquals(squaredError(other, source, target), error, 1e-7 * (1 + error));
    for (const point of source) {
      const a = applyHomography(map, point);
      const b = applyHomography(other as unknown as Homography, point);
      assertAlmostEquals(Math.hypot(a.x - b.x, a.y - b.y), 0, 1e-4);
    }
  }
});

Deno.test("exact points of any number give the map they come from, and its inverse undoes it", () => {
  const next = random(3), truth: Homography = [0.9, 0.2, -30, -0.1, 1.2, 55, 3e-4, -2e-4, 1];
  for (const count of [4, 5, 40]) {
    const source = points(count, next, 500);
    const map = findHomography(source, source.map((point) => applyHomography(truth, point)));
    map.forEach((value, i) => assertAlmostEquals(value, truth[i], 1e-8 * Math.abs(truth[i])));
    const back = invertHomography(map);
    const { x, y } = applyHomography(back, applyHomography(map, { x: 12, y: 345 }));
    assertAlmostEquals(x, 12, 1e-8);
    assertAlmostEquals(y, 345, 1e-8);
  }
});

Deno.test("the paper's matrix", () => {
  const expected = [
    ...[-0.07052071122831072, -0.00775093125160633, 115.47565620738924],
    ...[0.025987588586039997, 0.08230008335543286, 39.64659096286181],
    ...[0.000393027732169256, -0.00007950807221209802, 1],
  ];
  const map = findHomography(OFFICIAL_TEMPLATE_POINTS, OFFICIAL_LANDMARKS);
  map.forEach((value, i) =>
    assertAlmostEquals(value, expected[i], 1e-3 * Math.abs(expected[i]), `number ${i}`)
  );
  // It is a minimum: the stated one, whose solver stopped early, is hardly worse, and none is better.
  const error = (h: readonly number[]): number =>
    squaredError(h, OFFICIAL_TEMPLATE_POINTS, OFFICIAL_LANDMARKS);
  assert(error(map) <= error(expected));
  assertAlmostEquals(error(map), error(expected), 1e-5);
});

Deno.test("points that fix no map are refused", () => {
  const square = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }];
  const line = [0, 1, 2, 3, 5].map((x) => ({ x, y: 2 * x + 1 }));
  const three = [...line.slice(0, 3), { x: 9, y: 2 }];
  for (
    const [source, target] of [
      [square.slice(0, 3), square.slice(0, 3)],
      [square, square.slice(0, 3)],
      [line, line],
      [line.slice(0, 4), square],
      [square, line.slice(0, 4)],
      [three, three],
      [three, square],
      [square.map(() => ({ x: 1, y: 1 })), square],
      [square, square.map(({ x }) => ({ x, y: NaN }))],
    ]
  ) assertThrows(() => findHomography(source, target), InvalidArgumentError);
  assertEquals(invertHomography([1, 0, 0, 2, 0, 0, 0, 0, 1]).every(Number.isFinite), false);
});
