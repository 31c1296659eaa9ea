import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  falseMatchRate,
  falseNonMatchRate,
  foldAccuracy,
  parseLfwPairs,
  thresholdAtFmr,
  trueMatchRateAtFmr,
  wilsonInterval,
} from "../../src/evaluate/mod.ts";

Deno.test("error rates count scores at the threshold as matches", () => {
  assertEquals(falseMatchRate(new Float32Array([0.25, 0.5, 0.75, 1]), 0.5), 0.75);
  assertEquals(falseNonMatchRate(new Float32Array([0.25, 0.5, 0.75, 1]), 0.5), 0.25);
  assertThrows(() => falseMatchRate(new Float32Array(), 0.5), InvalidArgumentError, "no impostor");
});

Deno.test("thresholdAtFmr is the lowest threshold that keeps the rate, also with ties", () => {
  const score = fc.integer({ min: -8, max: 8 }).map((x) => x / 8);
  fc.assert(fc.property(
    fc.array(score, { minLength: 10, maxLength: 60 }),
    fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    (scores, fmr) => {
      const impostor = Float32Array.from(scores);
      const threshold = thresholdAtFmr(impostor, fmr);
      assertEquals(falseMatchRate(impostor, threshold) <= fmr, true);
      // One score lower and the rate is too high.
      const below = Math.max(...scores.filter((x) => x < threshold));
      assertEquals(falseMatchRate(impostor, below) > fmr, true);
    },
  ));
});

Deno.test("thresholdAtFmr refuses a rate that the data cannot support and says what it takes", () => {
  assertThrows(
    () => thresholdAtFmr(new Float32Array(999), 1e-3),
    InvalidArgumentError,
    "at least 1000",
  );
  assertThrows(() => thresholdAtFmr(new Float32Array(999), 0), InvalidArgumentError);
});

Deno.test("trueMatchRateAtFmr on a hand-worked example", () => {
  // FMR 0.1 of 10 impostors allows one: the threshold lies just above the second highest, 0.5.
  const impostor = new Float32Array([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.6]);
  const genuine = new Float32Array([0.4, 0.5, 0.55, 0.9]);
  assertEquals(trueMatchRateAtFmr({ genuine, impostor }, 0.1), 0.5);
});

Deno.test("foldAccuracy chooses each threshold on the other folds", () => {
  const fold = (genuine: number[], impostor: number[]) => ({
    genuine: Float32Array.from(genuine),
    impostor: Float32Array.from(impostor),
  });
  const clean = fold([0.75, 1], [0, 0.25]);
  const odd = fold([0.25], [0.75]);
  const { accuracy, thresholds } = foldAccuracy([clean, clean, odd]);
  // Beside the odd fold, 0.125 and 0.5 both decide 4 of 6 rightly: the lower one is taken, and is wrong about 0.25.
  assertEquals(thresholds, [0.125, 0.125, 0.5]);
  assertAlmostEquals(accuracy, (3 / 4 + 3 / 4 + 0) / 3, 1e-9);
  assertThrows(() => foldAccuracy([clean]), InvalidArgumentError, "two folds");
});

Deno.test("wilsonInterval on published values", () => {
  // Newcombe, Statistics in Medicine 1998, table I: 81 of 263, 15 of 148, 0 of 20.
  const close = (count: number, total: number, low: number, high: number): void => {
    const [a, b] = wilsonInterval(count, total, 1.959964);
    assertAlmostEquals(a, low, 5e-5);
    assertAlmostEquals(b, high, 5e-5);
  };
  close(81, 263, 0.2553, 0.3662);
  close(15, 148, 0.0624, 0.1605);
  close(0, 20, 0, 0.1611);
});

Deno.test("parseLfwPairs reads folds and refuses lists that do not add up", () => {
  const folds = parseLfwPairs("2\t1\nA\t1\t12\nA\t1\tB\t3\r\nC\t1\t2\nC\t1\tD\t1\n");
  assertEquals(folds.length, 2);
  assertEquals(folds[0], [
    { probe: "A/A_0001.jpg", reference: "A/A_0012.jpg", genuine: true },
    { probe: "A/A_0001.jpg", reference: "B/B_0003.jpg", genuine: false },
  ]);
  assertThrows(() => parseLfwPairs("2\t1\nA\t1\t2\n"), InvalidArgumentError, "1 pairs follow");
  assertThrows(() => parseLfwPairs("1\t1\nA\t1\t2\nA B 1 2\n"), InvalidArgumentError, "A B 1 2");
});
