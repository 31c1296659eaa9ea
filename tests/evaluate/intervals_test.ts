import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  type LabelledScores,
  ruleOfThree,
  verificationReport,
  wilsonInterval,
} from "../../src/evaluate/mod.ts";
import { fmrCurve } from "../../src/evaluate/fmr_curve.ts";
import { foldInterval } from "../../src/evaluate/intervals.ts";
import { orderScores } from "../../src/evaluate/order.ts";
import { randomNumbers } from "../../src/math/random.ts";

Deno.test("ruleOfThree bounds a rate of which no case was seen", () => {
  assertEquals([ruleOfThree(300), ruleOfThree(1)], [0.01, 1]);
  // What it stands for: with a rate of 3/n, no case in n trials is as rare as 5%.
  assertAlmostEquals((1 - ruleOfThree(1000)) ** 1000, 0.05, 0.001);
  assertThrows(() => ruleOfThree(0), InvalidArgumentError);
});

Deno.test("foldInterval is Student's", () => {
  // Mean 0.3, standard deviation 0.1, t of 2 degrees of freedom 4.303: half width 4.303 * 0.1 / sqrt(3).
  const { mean, interval } = foldInterval([0.2, 0.3, 0.4]);
  assertAlmostEquals(mean, 0.3, 1e-12);
  assertAlmostEquals(interval[1] - mean, 0.24844, 1e-4);
});

/** 50 persons with 20 equal genuine scores each, 10 of them low; and impostors between neighbours. */
const PERSONS = 50, TIMES = 20;
const repeated: LabelledScores = {
  genuine: Float32Array.from({ length: PERSONS * TIMES }, (_, i) => i < 10 * TIMES ? 0.1 : 0.9),
  genuineIdentity: Uint32Array.from({ length: PERSONS * TIMES }, (_, i) => Math.floor(i / TIMES)),
  impostor: new Float32Array(PERSONS).fill(0.2),
  impostorIdentities: Uint32Array.from(
    { length: 2 * PERSONS },
    (_, i) => Math.ceil(i / 2) % PERSONS,
  ),
};

Deno.test("the bootstrap counts persons, not comparisons", () => {
  const { atThresholds: [{ fnmr, fmr }], counts } = verificationReport([repeated], {
    thresholds: [0.5],
  });
  assertEquals([counts.persons, fnmr.value, fnmr.method], [50, 0.2, "bootstrap"]);
  const [low, high] = fnmr.interval!, [few, many] = wilsonInterval(10, 50);
  assertAlmostEquals(high - low, many - few, 0.03);
  // As if comparisons were independent, it would be a quarter of that.
  const [naive, wide] = wilsonInterval(200, 1000);
  assert(high - low > 3 * (wide - naive));
  assertEquals(fmr, { value: 0, interval: [0, 3 / 50], method: "rule-of-three" });
});

Deno.test("bootstrap repeats with its seed, and without replicates there are no intervals", () => {
  const eer = (options: { seed?: number; replicates?: number }): readonly number[] | undefined =>
    verificationReport([repeated], { ...options, thresholds: [0.5] }).atThresholds[0].fnmr.interval;
  assertEquals(eer({ seed: 3 }), eer({ seed: 3 }));
  assertEquals(
    eer({ seed: 3, replicates: 20 })?.join() === eer({ seed: 4, replicates: 20 })?.join(),
    false,
  );
  assertEquals(eer({ replicates: 0 }), undefined);
});

/** Scores of all pairs of so many persons, some of whom are like everybody: half of a score is its persons'. */
function wolves(persons: number, random: () => number): LabelledScores {
  const alike = Float64Array.from({ length: persons }, () => random());
  const impostor: number[] = [], identities: number[] = [];
  for (let a = 0; a < persons; a++) {
    for (let b = 0; b < a; b++) {
      impostor.push((alike[a] + alike[b] + 2 * random()) / 4);
      identities.push(a, b);
    }
  }
  return {
    genuine: new Float32Array(persons).fill(1),
    genuineIdentity: Uint32Array.from({ length: persons }, (_, i) => i),
    impostor: Float32Array.from(impostor),
    impostorIdentities: Uint32Array.from(identities),
  };
}

Deno.test("intervals of false match rates cover what other people would give", () => {
  const random = randomNumbers(5), threshold = 0.7, persons = 60, draws = 200;
  const rates: number[] = [], curveWidths: number[] = [], bootstrapWidths: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const scores = wolves(persons, random);
    rates.push(scores.impostor.filter((x) => x >= threshold).length / scores.impostor.length);
    if (draw >= 40) continue;
    const point = fmrCurve([scores], orderScores(scores.impostor).values, 30)
      .reduce((a, b) => Math.abs(b[0] - threshold) < Math.abs(a[0] - threshold) ? b : a);
    curveWidths.push((point[3] - point[2]) / Math.sqrt(point[1]));
    const [low, high] = verificationReport([scores], { thresholds: [threshold], replicates: 100 })
      .atThresholds[0].fmr.interval!;
    bootstrapWidths.push(high - low);
  }
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const rate = mean(rates);
  const width = 2 * 1.96 * Math.sqrt(mean(rates.map((x) => (x - rate) ** 2)));
  const curve = mean(curveWidths) * Math.sqrt(rate) / width;
  const bootstrap = mean(bootstrapWidths) / width;
  assert(
    curve > 0.9 && curve < 1.4,
    `the curve's interval is ${curve} times as wide as it should be`,
  );
  assert(bootstrap > 0.9 && bootstrap < 1.4, `the bootstrap's is ${bootstrap} times as wide`);
  const [low, high] = wilsonInterval(rate * 1770, 1770);
  assert(
    (high - low) / width < 0.75,
    "comparisons are not independent here, or this shows nothing",
  );
});
