import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { orderScores } from "../../src/evaluate/mod.ts";
import { countBelow } from "../../src/evaluate/order.ts";

Deno.test("orderScores sorts any scores, keeps equal ones in their order, and remembers places", () => {
  const value = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1));
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (list) => {
    const scores = Float32Array.from(list);
    const { values, order } = orderScores(scores);
    const places = list.map((_, i) => i).sort((a, b) => scores[a] - scores[b] || a - b);
    assertEquals([...order], places);
    assertEquals([...values], places.map((place) => scores[place] + 0));
    assertEquals([...scores], [...Float32Array.from(list)]);
  }));
});

Deno.test("orderScores refuses NaN and empty lists", () => {
  assertThrows(
    () => orderScores(new Float32Array([1, NaN])),
    InvalidArgumentError,
    "number 1 of 2",
  );
  assertThrows(() => orderScores(new Float32Array(), "impostor"), InvalidArgumentError, "impostor");
});

Deno.test("countBelow is the number of scores below a threshold", () => {
  const number = fc.integer({ min: -4, max: 4 });
  fc.assert(fc.property(fc.array(number), number, (list, threshold) => {
    const sorted = Float32Array.from(list).sort();
    assertEquals(countBelow(sorted, threshold), list.filter((x) => x < threshold).length);
  }));
});
