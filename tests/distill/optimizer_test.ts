// The optimisers against their formulas, the schedules at their corners, and what clipping and averaging promise.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FlatLayout } from "../../src/distill/train/flat.ts";
import {
  average,
  clipLength,
  firstState,
  type OptimizerOptions,
  update,
} from "../../src/distill/train/optimizer.ts";
import { rateAt } from "../../src/distill/train/schedule.ts";

const LAYOUT: FlatLayout = {
  slots: [
    { name: "a.weight", shape: [2], start: 0, length: 2 },
    { name: "a.bias", shape: [1], start: 2, length: 1 },
  ],
  length: 3,
};

/** Parameters after some steps with the same gradient. */
function run(options: OptimizerOptions, gradient: readonly number[], steps: number): number[] {
  const parameters = new Float32Array([1, -2, 0.5]);
  const state = firstState(options, 3);
  for (let step = 0; step < steps; step++) {
    update(options, LAYOUT, parameters, Float32Array.from(gradient), state, options.rate, step);
  }
  return [...parameters];
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-5));
}

Deno.test("SGD adds momentum and decays weights but not biases", () => {
  const options = { kind: "sgd", rate: 0.1, momentum: 0.9, decay: 0.01, clip: 100 } as const;
  const expected = [1, -2, 0.5], moves = [0, 0, 0], gradient = [1, 2, 3];
  for (let step = 0; step < 3; step++) {
    for (let i = 0; i < 3; i++) {
      moves[i] = 0.9 * moves[i] + gradient[i] + (i < 2 ? 0.01 * expected[i] : 0);
      expected[i] -= 0.1 * moves[i];
    }
  }
  assertClose(run(options, gradient, 3), expected);
});

Deno.test("AdamW moves by the rate whatever the gradient's size, and decays apart from it", () => {
  const options = { kind: "adamw", rate: 0.01, decay: 0.1, clip: 1e9 } as const;
  const weight = (value: number, sign: number): number => value - 0.01 * (sign + 0.1 * value);
  for (const size of [1e-3, 1, 1e3]) {
    assertClose(run(options, [size, -size, size], 1), [weight(1, 1), weight(-2, -1), 0.49]);
  }
});

Deno.test("a relative rate is times the root mean square of the parameter", () => {
  const options = { kind: "adamw", rate: 0.01, decay: 0, clip: 1e9, relative: true } as const;
  const scale = Math.sqrt((1 + 4) / 2);
  assertClose(run(options, [1, 1, 1], 1), [1 - 0.01 * scale, -2 - 0.01 * scale, 0.5 - 0.01 * 0.5]);
});

Deno.test("clipping keeps the direction and never lengthens", () => {
  const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(fc.property(numbers, fc.double({ min: 0.1, max: 50, noNaN: true }), (values, most) => {
    const gradient = Float32Array.from(values), before = gradient.slice();
    const length = clipLength(gradient, most);
    assertAlmostEquals(length, Math.hypot(...before), 1e-3);
    const factor = length > most ? most / length : 1;
    gradient.forEach((value, i) => assertAlmostEquals(value, before[i] * factor, 1e-3));
  }));
});

Deno.test("the running mean forgets the first weights and settles on what stays", () => {
  const mean = new Float32Array([5]);
  for (let step = 0; step < 3000; step++) average(mean, new Float32Array([1]), 0.99, step);
  assertAlmostEquals(mean[0], 1, 1e-6);
});

Deno.test("schedules rise, fall and end where they should", () => {
  const cosine = { kind: "cosine", warmUp: 10, last: 0.1 } as const;
  assertAlmostEquals(rateAt(cosine, 0, 110), 0.1);
  assertAlmostEquals(rateAt(cosine, 9, 110), 1);
  assertAlmostEquals(rateAt(cosine, 60, 110), 0.55);
  assertAlmostEquals(rateAt(cosine, 110, 110), 0.1);
  const stairs = { kind: "stairs", at: [8, 14], factor: 0.1 } as const;
  assertEquals([7, 8, 13].map((step) => rateAt(stairs, step, 26)), [1, 0.1, 0.1]);
  assertAlmostEquals(rateAt(stairs, 14, 26), 0.01);
});
