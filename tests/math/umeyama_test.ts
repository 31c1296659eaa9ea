import { assertAlmostEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { applyAffine, invertAffine, type Point, umeyama } from "../../src/pipeline/align/mod.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";

const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
const points = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 2, maxLength: 8 })
  .filter((list) => list.some(({ x, y }) => Math.hypot(x - list[0].x, y - list[0].y) > 1));

Deno.test("umeyama recovers a known similarity exactly", () => {
  fc.assert(
    fc.property(
      points,
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.record({ x: coordinate, y: coordinate }),
      (source, scale, angle, shift) => {
        const c = scale * Math.cos(angle), s = scale * Math.sin(angle);
        const target = source.map((p) => applyAffine([c, -s, shift.x, s, c, shift.y], p));
        const found = umeyama(source, target);
        assertAlmostEquals(found.scale, scale, 1e-6);
        assertAlmostEquals(Math.cos(found.angle - angle), 1, 1e-9);
        assertAlmostEquals(found.residual, 0, 1e-6);
      },
    ),
  );
});

Deno.test("umeyama's residual is least: moving any parameter raises it", () => {
  const source = [{ x: 0, y: 0 }, { x: 10, y: 1 }, { x: 4, y: 9 }, { x: -3, y: 5 }];
  const target = [{ x: 1, y: 2 }, { x: 18, y: 9 }, { x: 2, y: 19 }, { x: -9, y: 11 }];
  const { map, residual } = umeyama(source, target);
  const squares = ([a, , c, d, , f]: readonly number[]): number =>
    source.reduce((sum, point: Point, i) => {
      const mapped = applyAffine([a, -d, c, d, a, f], point);
      return sum + (mapped.x - target[i].x) ** 2 + (mapped.y - target[i].y) ** 2;
    }, 0);
  assertAlmostEquals(Math.sqrt(squares(map) / 4), residual, 1e-9);
  for (const parameter of [0, 2, 3, 5]) {
    for (const step of [-1e-3, 1e-3]) {
      const moved = map.map((value, i) => i === parameter ? value + step : value);
      if (!(squares(moved) > squares(map))) throw new Error(`parameter ${parameter} is not least`);
    }
  }
});

Deno.test("umeyama refuses lists that do not fit or points that coincide", () => {
  const p = { x: 1, y: 1 };
  assertThrows(() => umeyama([p], [p]), InvalidArgumentError, "at least 2");
  assertThrows(() => umeyama([p, p], [p]), InvalidArgumentError, "same length");
  assertThrows(() => umeyama([p, p], [p, p]), InvalidArgumentError, "coincide");
  assertThrows(() => umeyama([p, { x: NaN, y: 0 }], [p, p]), InvalidArgumentError, "finite");
});

Deno.test("invertAffine undoes a map", () => {
  const map = [1.5, -0.3, 20, 0.4, 2, -7] as const;
  const there = applyAffine(map, { x: 12, y: -5 });
  const back = applyAffine(invertAffine(map), there);
  assertAlmostEquals(back.x, 12, 1e-12);
  assertAlmostEquals(back.y, -5, 1e-12);
});
