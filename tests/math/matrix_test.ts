// Maps as matrices of wgpu-matrix, against the formulas of points; and the padding that WGSL wants.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Affine,
  applyAffine,
  invertAffine,
  multiplyAffine,
  type Point,
} from "../../src/math/affine.ts";
import { applyHomography, type Homography, invertHomography } from "../../src/math/homography.ts";
import { affineMatrix, affineOf, homographyOf, matrixOf } from "../../src/math/matrix.ts";

const number = fc.double({ min: -100, max: 100, noNaN: true });
const affine = fc.tuple(number, number, number, number, number, number);
const point = fc.record({ x: number, y: number });

function assertNear(seen: Point, wanted: Point): void {
  const tolerance = 1e-9 * (1 + Math.abs(wanted.x) + Math.abs(wanted.y));
  assertAlmostEquals(seen.x, wanted.x, tolerance);
  assertAlmostEquals(seen.y, wanted.y, tolerance);
}

Deno.test("matrices are columns of three numbers, each padded to four", () => {
  const map: Homography = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  assertEquals([...matrixOf(map)], [1, 4, 7, 0, 2, 5, 8, 0, 3, 6, 9, 0]);
  assertEquals(homographyOf(matrixOf(map)), map);
  assertEquals([...affineMatrix([1, 2, 3, 4, 5, 6])], [1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 1, 0]);
  assertEquals(affineOf(affineMatrix([1, 2, 3, 4, 5, 6])), [1, 2, 3, 4, 5, 6]);
});

Deno.test("an affine map does what its six numbers say, and two of them one after the other", () => {
  fc.assert(fc.property(affine, affine, point, (last, first, at) => {
    const [a, b, c, d, e, f] = first;
    const wanted = { x: a * at.x + b * at.y + c, y: d * at.x + e * at.y + f };
    assertNear(applyAffine(first, at), wanted);
    const both = applyAffine(multiplyAffine(last, first), at), step = applyAffine(last, wanted);
    assertAlmostEquals(both.x, step.x, 1e-7);
    assertAlmostEquals(both.y, step.y, 1e-7);
  }));
});

Deno.test("a homography divides by its third number", () => {
  const map: Homography = [2, 1, 3, -1, 4, 5, 0.01, 0.02, 1];
  fc.assert(fc.property(point, ({ x, y }) => {
    const w = 0.01 * x + 0.02 * y + 1;
    if (Math.abs(w) < 1e-3) return;
    assertNear(applyHomography(map, { x, y }), {
      x: (2 * x + y + 3) / w,
      y: (-x + 4 * y + 5) / w,
    });
  }));
});

Deno.test("inverses of maps without one are not finite, and no zero is negative", () => {
  const flat: Affine = [1, 2, 3, 2, 4, 6];
  assertEquals(invertAffine(flat).some(Number.isFinite), false);
  const point: Homography = [1, 2, 3, 2, 4, 6, 0, 0, 1];
  assertEquals(invertHomography(point).every(Number.isFinite), false);
  assertEquals(
    invertAffine([2, 0, 1, 0, 2, 0]).map((value) => Object.is(value, -0)).includes(true),
    false,
  );
  assertEquals(invertAffine([2, 0, 1, 0, 2, 0]), [0.5, 0, -0.5, 0, 0.5, 0]);
});
