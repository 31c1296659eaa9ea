import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../src/base/errors.ts";
import {
  type Calibration,
  decide,
  fmrAtScore,
  type ModelEntry,
  ruleFor,
  scoreFmr,
  type SituationCalibrations,
  thresholdForFmr,
} from "../../../src/pipeline/score/mod.ts";
import type { MaskState } from "../../../src/mask/mod.ts";

/** A calibration whose curve is shifted by `shift`; its rate falls tenfold for every 0.1 of the score. */
function shifted(shift: number): Calibration {
  return {
    source: "test",
    impostors: 30_000,
    genuine: 10,
    points: [
      {
        fmr: 0.01,
        threshold: 0.2 + shift,
        measuredFmr: 0.011,
        interval: [0.005, 0.02],
        fnmr: 0.01,
      },
    ],
    curve: [
      [shift, 1, 1, 1],
      [0.1 + shift, 0.1, 0.09, 0.11],
      [0.3 + shift, 0.001, 0.0005, 0.002],
    ],
  };
}

function model(single: SituationCalibrations): ModelEntry {
  return { name: "m", calibration: { single } } as ModelEntry;
}

const entry = model({ none: shifted(0), one: shifted(0.01), both: shifted(0.2) });

function face(none: number): MaskState {
  const state = none >= 0.5 ? "none" : "full";
  return {
    state,
    probability: Math.max(none, 1 - none),
    probabilities: { none, full: 1 - none, "nose-out": 0 },
  };
}

const bare = face(0.99), masked = face(0.01), unsure = face(0.6);

Deno.test("ruleFor takes a measured threshold, or one between two that the data supports", () => {
  const rule = ruleFor(entry, false, { fmr: 0.01 }, [bare, bare]);
  assertEquals([rule.threshold, rule.basis], [0.2, "seen"]);
  assertEquals([rule.measured?.impostors, rule.measured?.measuredFmr], [30_000, 0.011]);
  assertEquals(rule.measured?.fnmr, 0.01);
  const between = ruleFor(entry, false, { fmr: 10 ** -2.5 }, [bare, bare]);
  assertAlmostEquals(between.threshold, 0.25, 1e-6);
  assertEquals(between.measured?.fnmr, undefined);
  assertAlmostEquals(between.measured!.interval[1], 0.11 * (0.002 / 0.11) ** 0.75, 1e-6);
  assertEquals(ruleFor(entry, false, { threshold: 0.77 }), { threshold: 0.77, basis: "given" });
});

Deno.test("ruleFor refuses what the data does not support and says what it takes", () => {
  const refused = (options: { fmr?: number; threshold?: number }, message: string): unknown =>
    assertThrows(() => ruleFor(entry, false, options), InvalidArgumentError, message);
  refused({ fmr: 1e-4 }, "calibration with 300000 impostor pairs");
  refused({ fmr: 0 }, "rates from 1 to 0.001");
  refused({ fmr: 2 }, "rates from 1 to 0.001");
  refused({ fmr: NaN }, "rates from 1 to 0.001");
  refused({ threshold: 2 }, "cosine");
  refused({ threshold: NaN }, "cosine");
  refused({ threshold: 0.1, fmr: 0.01 }, "one of them");
  assertThrows(() => ruleFor(entry, true), InvalidArgumentError, "with mirror were calibrated");
});

Deno.test("the masks of both faces choose the threshold, and doubt the strictest that fits", () => {
  const chosen = (...masks: [MaskState?, MaskState?]): unknown => {
    const { threshold, basis, measured } = ruleFor(entry, false, { fmr: 0.01 }, [
      masks[0],
      masks[1],
    ]);
    return [threshold.toFixed(2), basis, measured?.situation];
  };
  assertEquals(chosen(bare, bare), ["0.20", "seen", "none"]);
  assertEquals(chosen(bare, masked), ["0.21", "seen", "one"]);
  assertEquals(chosen(masked, bare), ["0.21", "seen", "one"]);
  assertEquals(chosen(masked, masked), ["0.40", "seen", "both"]);
  assertEquals(chosen(unsure, bare), ["0.21", "uncertain", "one"]);
  assertEquals(chosen(unsure, masked), ["0.40", "uncertain", "both"]);
  assertEquals(chosen(unsure, unsure), ["0.40", "uncertain", "both"]);
  assertEquals(chosen(undefined, undefined), ["0.40", "unknown", "both"]);
  assertEquals(chosen(), ["0.40", "unknown", "both"]);
});

Deno.test("a mask situation that was not measured is said to be so", () => {
  const bareOnly = model({ none: shifted(0) });
  const basis = (...masks: [MaskState?, MaskState?]): string =>
    ruleFor(bareOnly, false, { fmr: 0.01 }, [masks[0], masks[1]]).basis;
  assertEquals(basis(bare, bare), "seen");
  assertEquals(basis(bare, masked), "not-measured");
  assertEquals(basis(bare, unsure), "not-measured");
  assertEquals(basis(), "not-measured");
  assertEquals(scoreFmr(bareOnly, false, 0.2, [masked, bare])?.basis, "not-measured");
});

Deno.test("scoreFmr gives the highest rate of the situations that fit", () => {
  const at = (score: number, ...masks: [MaskState?, MaskState?]): unknown => {
    const { fmr, bound, situation } = scoreFmr(entry, false, score, [masks[0], masks[1]])!;
    return [Number(fmr.toPrecision(3)), bound, situation];
  };
  assertEquals(at(0.2, bare, bare), [0.01, "at", "none"]);
  assertEquals(at(0.2, bare, unsure), [0.0126, "at", "one"]);
  assertEquals(at(0.2, masked, masked), [1, "at", "both"]);
  assertEquals(at(0.5, bare, bare), [0.001, "below", "none"]);
  assertEquals(at(-0.5, bare, bare), [1, "at", "none"]);
  assertEquals(scoreFmr(entry, true, 0.5), undefined);
});

Deno.test("fmrAtScore falls with the score, and thresholdForFmr is its inverse", () => {
  const rates = fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 2, maxLength: 9 });
  fc.assert(fc.property(rates, fc.double({ min: 0, max: 1, noNaN: true }), (counts, part) => {
    const sorted = [...new Set(counts)].sort((a, b) => b - a);
    const curve = sorted.map((count, i) => {
      const fmr = count / 1000;
      return [i / 16, fmr, fmr / 2, Math.min(1, fmr * 2)] as const;
    });
    const calibration = { ...shifted(0), points: [], curve };
    const score = part * (curve.length - 1) / 16;
    const { fmr, interval: [low, high], bound } = fmrAtScore(calibration, score);
    assertEquals(bound, "at");
    assertEquals(low <= fmr && fmr <= high, true);
    assertEquals(fmrAtScore(calibration, score + 0.01).fmr <= fmr, true);
    assertAlmostEquals(thresholdForFmr(calibration, fmr), score, 1e-6);
  }));
});

Deno.test("the ends of the curve are supported to the last digit", () => {
  for (let count = 1; count < 998; count++) {
    const curve = [[0, (count + 3) / 1000, 0, 1], [1, count / 1000, 0, 1]] as const;
    const calibration = { ...shifted(0), points: [], curve };
    assertEquals(thresholdForFmr(calibration, fmrAtScore(calibration, 1).fmr), 1);
  }
});

Deno.test("beyond its ends the curve gives bounds, never numbers of its own", () => {
  const calibration = { ...shifted(0), curve: shifted(0).curve.slice(1) };
  assertEquals(fmrAtScore(calibration, 0.9), { fmr: 0.001, interval: [0, 0.002], bound: "below" });
  assertEquals(fmrAtScore(calibration, 0.05), { fmr: 0.1, interval: [0.09, 1], bound: "above" });
  const point = { ...calibration, curve: shifted(0).curve.slice(2) };
  assertEquals(fmrAtScore(point, 0.3).bound, "at");
});

Deno.test("decide: a score at the threshold matches", () => {
  assertEquals(decide(0.4, { threshold: 0.4 }), "match");
  assertEquals(decide(0.3999, { threshold: 0.4 }), "no-match");
});
