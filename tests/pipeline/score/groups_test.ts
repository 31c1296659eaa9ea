import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../src/base/errors.ts";
import {
  type Calibration,
  type CohortEntry,
  type CurvePoint,
  type GroupCalibration,
  type ModelEntry,
  ruleFor,
  scoreFmr,
  thresholdForGroups,
  worstFmrAtScore,
} from "../../../src/pipeline/score/mod.ts";

/** A curve that falls tenfold for every 0.1 of the score, from 0.1 at `start`; the interval is twice and half the rate. */
function curve(start: number, decades = 3): CurvePoint[] {
  return Array.from({ length: decades + 1 }, (_, i) => {
    const fmr = 10 ** (-1 - i);
    return [start + 0.1 * i, fmr, fmr / 2, 2 * fmr];
  });
}

function group(name: string, start: number, decades?: number): GroupCalibration {
  return { name, people: 150, impostors: 11175, curve: curve(start, decades) };
}

function calibration(groups?: readonly GroupCalibration[]): Calibration {
  return {
    source: "whole",
    impostors: 1e6,
    genuine: 10,
    points: [],
    curve: curve(0),
    ...(groups && { worst: { source: "groups", points: [], groups } }),
  };
}

const groups = [group("easy", 0), group("hard", 0.15), group("middle", 0.1)];
const worst = { source: "groups", points: [], groups };
const entry = { name: "m", calibration: { single: { none: calibration(groups) } } } as ModelEntry;

Deno.test("the worst group's rate counts, and the upper end of its interval", () => {
  const { fmr, interval, groups: behind } = worstFmrAtScore(worst, 0.25);
  assertEquals(behind, { count: 3, worst: "hard" });
  assertAlmostEquals(fmr, 0.01, 1e-9);
  assertAlmostEquals(interval[1], 0.02, 1e-9);
  for (const { curve } of groups) {
    const { threshold } = thresholdForGroups(worst, 0.002);
    const point = curve.find(([score]) => score >= threshold - 1e-9);
    assertEquals((point?.[3] ?? 0) <= 0.002 + 1e-9, true);
  }
  assertAlmostEquals(thresholdForGroups(worst, 0.002).threshold, 0.35, 1e-9);
});

Deno.test("by default the worst group decides; pooled is a choice", () => {
  const rule = ruleFor(entry, false, { fmr: 0.002 });
  assertAlmostEquals(rule.threshold, 0.35, 1e-9);
  assertEquals(rule.measured?.groups, { count: 3, worst: "hard" });
  assertEquals([rule.measured?.source, rule.measured?.impostors], ["groups", 11175]);
  const pooled = ruleFor(entry, false, { fmr: 0.002, threshold: "pooled" });
  assertEquals(pooled.measured?.groups, undefined);
  assertEquals(pooled.threshold < rule.threshold, true);
  assertEquals(ruleFor(entry, false, { fmr: 0.002, threshold: "worst-group" }), rule);
  assertEquals(scoreFmr(entry, false, 0.3)?.groups?.worst, "hard");
  assertEquals(scoreFmr(entry, false, 0.3, undefined, { threshold: "pooled" })?.groups, undefined);
  const plain = { name: "m", calibration: { single: { none: calibration() } } } as ModelEntry;
  assertEquals(ruleFor(plain, false, { fmr: 0.002 }).measured?.groups, undefined);
  assertThrows(
    () => ruleFor(plain, false, { threshold: "worst-group" }),
    InvalidArgumentError,
    "no groups",
  );
});

Deno.test("a rate that one group cannot support is refused, and the group named", () => {
  const small = { ...worst, groups: [...groups, group("small", -0.2, 1)] };
  const error = assertThrows(() => thresholdForGroups(small, 0.002), InvalidArgumentError);
  assertStringIncludes(error.message, '"small" (150 people)');
  assertStringIncludes(error.message, '"pooled"');
  assertThrows(() => thresholdForGroups(worst, 0), InvalidArgumentError);
});

Deno.test("a measured point comes with its false non-match rate", () => {
  const points = [{ fmr: 0.001, threshold: 0.4, worst: "hard", fnmr: 0.05 }];
  const found = thresholdForGroups({ ...worst, points }, 0.001);
  assertEquals(found, { threshold: 0.4, groups: { count: 3, worst: "hard" }, fnmr: 0.05 });
});

Deno.test("normalised scores have thresholds of their own", () => {
  const cohort = {
    calibration: { single: { none: calibration([group("same", 0.05)]) } },
  } as CohortEntry;
  const both = { ...entry, cohort };
  assertEquals(ruleFor(both, false, { fmr: 0.002 }).measured?.groups?.worst, "same");
  const cosine = ruleFor(both, false, { fmr: 0.002, normalize: "none" });
  assertEquals(cosine.measured?.groups?.worst, "hard");
});

Deno.test("a threshold of another name is refused", () => {
  assertThrows(
    () => ruleFor(entry, false, { threshold: "best" as "pooled" }),
    InvalidArgumentError,
    '"best"',
  );
});
