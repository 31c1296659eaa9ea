import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import {
  calibrate,
  type CalibrationInput,
  falseMatchRate,
  thresholdAtFmr,
  writeCalibration,
} from "../../src/evaluate/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { parseManifest } from "../../src/pipeline/embed/mod.ts";
import { ruleFor } from "../../src/pipeline/score/mod.ts";

const DIM = 8;

/** Two photos each of so many people, in `folds` folds; masks blur who it is. */
function people(count: number, folds = 4): CalibrationInput & { masked: Float32Array } {
  const random = randomNumbers(count);
  const rows = (noise: number): Float32Array => {
    const out = new Float32Array(2 * count * DIM);
    for (let i = 0; i < 2 * count; i++) {
      for (let k = 0; k < DIM; k++) out[i * DIM + k] = base[(i >> 1) * DIM + k] + noise * normal();
    }
    return out;
  };
  const normal = (): number => random() + random() + random() - 1.5;
  const base = Float32Array.from({ length: count * DIM }, normal);
  const identity = Uint32Array.from({ length: 2 * count }, (_, i) => i >> 1);
  const fold = identity.map((person) => person % folds);
  return { dim: DIM, clean: rows(0.2), masked: rows(0.6), identity, fold, source: "made" };
}

/** The cosine of two rows, straight from its definition. */
function cosine(a: Float32Array, i: number, b: Float32Array, j: number): number {
  let dot = 0, aa = 0, bb = 0;
  for (let k = 0; k < DIM; k++) {
    dot += a[i * DIM + k] * b[j * DIM + k];
    aa += a[i * DIM + k] ** 2;
    bb += b[j * DIM + k] ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

/** All scores of a situation, by the plain double loop. */
function slowPairs(
  { identity, fold }: CalibrationInput,
  probes: Float32Array,
  references: Float32Array,
): { genuine: Float32Array; impostor: Float32Array } {
  const genuine: number[] = [], impostor: number[] = [];
  for (let i = 0; i < identity.length; i++) {
    for (let j = 0; j < identity.length; j++) {
      if (fold[i] !== fold[j] || i === j || (probes === references && i > j)) continue;
      (identity[i] === identity[j] ? genuine : impostor).push(cosine(probes, i, references, j));
    }
  }
  return { genuine: Float32Array.from(genuine), impostor: Float32Array.from(impostor) };
}

Deno.test("calibrate measures each mask situation on all pairs within the folds", () => {
  const input = people(60);
  const found = calibrate(input, { rates: [0.1, 0.02] });
  const sides = {
    none: [input.clean, input.clean],
    one: [input.masked, input.clean],
    both: [input.masked, input.masked],
  } as const;
  for (const situation of ["none", "one", "both"] as const) {
    const { genuine, impostor } = slowPairs(input, ...sides[situation]);
    const calibration = found[situation]!;
    assertEquals([calibration.genuine, calibration.impostors], [genuine.length, impostor.length]);
    for (const { fmr, threshold, measuredFmr, interval, fnmr } of calibration.points) {
      assertAlmostEquals(threshold, thresholdAtFmr(impostor, fmr), 1.1e-4);
      assert(falseMatchRate(impostor, threshold) <= fmr);
      assert(interval[0] <= measuredFmr && measuredFmr <= interval[1]);
      assertAlmostEquals(measuredFmr, fmr, 0.03);
      const missed = genuine.filter((score) => score < threshold).length / genuine.length;
      assertAlmostEquals(fnmr, missed, 0.05);
    }
    for (const [score, fmr, low, high] of calibration.curve) {
      assertAlmostEquals(fmr, falseMatchRate(impostor, score), 2e-3);
      assert(low <= fmr && fmr <= high && fmr * impostor.length >= 29);
    }
    assertEquals(calibration.curve[0][1], 1);
  }
  // Masks cost something, or the situations were mixed up.
  const [none, one, both] = [found.none!, found.one!, found.both!].map(({ points }) =>
    points[1].fnmr
  );
  assert(none < one && one < both, `${none} ${one} ${both}`);
  assertEquals(Object.keys(calibrate({ ...input, masked: undefined }, { rates: [0.1] })), ["none"]);
});

Deno.test("rates are measured on folds that did not choose the threshold", () => {
  // In fold 1 all people look alike: thresholds from fold 0 let all of them in, and the other way round nobody.
  const input = people(40, 2);
  const clean = input.clean.slice();
  input.fold.forEach((fold, row) => {
    if (fold === 1) clean.fill(1, row * DIM, (row + 1) * DIM);
  });
  const { points: [{ measuredFmr }] } = calibrate({ ...input, clean, masked: undefined }, {
    rates: [0.05],
  }).none!;
  assertAlmostEquals(measuredFmr, 0.5, 1e-3);
});

Deno.test("photos without a face are left out and counted", () => {
  const input = people(60);
  const clean = input.clean.slice();
  clean.fill(NaN, 0, DIM);
  clean.fill(0, DIM, 2 * DIM);
  const all = calibrate({ ...input, masked: undefined }, { rates: [0.1] }).none!;
  const less = calibrate({ ...input, clean, masked: undefined }, { rates: [0.1] }).none!;
  assertEquals(less.genuine, all.genuine - 1);
  assertEquals(less.impostors, all.impostors - 2 * 28);
  assertEquals(less.source.includes("2 failures to acquire left out"), true);
  assertEquals(all.source.includes("failures"), false);
});

Deno.test("calibrate refuses what the data cannot support and says what it takes", () => {
  const input = people(60);
  const refused = (change: Partial<CalibrationInput>, rates: number[], message: string): unknown =>
    assertThrows(
      () => calibrate({ ...input, ...change }, { rates }),
      InvalidArgumentError,
      message,
    );
  refused({}, [0.1, 1e-3], "with 1680 impostor pairs: it takes 30000");
  refused({}, [0], "FMR 0");
  refused({}, [], "between 0 and 1");
  refused({ fold: new Uint32Array(120) }, [0.1], "with 1 folds");
  refused({ identity: Uint32Array.from({ length: 120 }, (_, i) => i) }, [0.1], "0 pairs of one");
  refused({ identity: input.identity.map((person) => person % 59) }, [0.1], "is in folds");
  refused({ clean: input.clean.subarray(1) }, [0.1], "give 8 numbers");
  refused({ masked: input.masked.subarray(8) }, [0.1], "952 masked numbers");
});

Deno.test("writeCalibration puts a calibration where ruleFor finds it, and changes nothing else", async () => {
  const text = await Deno.readTextFile(new URL("../../models/manifest.json", import.meta.url));
  const calibrations = calibrate(people(60), { rates: [0.1] });
  const written = writeCalibration(text, "student", "mirrored", calibrations);
  const { student } = parseManifest(written);
  assertEquals(student.calibration?.mirrored, calibrations);
  assertEquals(ruleFor(student, true, { fmr: 0.1 }).basis, "unknown");
  const before = JSON.parse(text), after = JSON.parse(written);
  delete before.models.student.calibration.mirrored;
  delete after.models.student.calibration.mirrored;
  assertEquals(after, before);
  // One line for each point of the curve.
  const { curve } = calibrations.both!;
  assertEquals(written.includes(`[${curve[5].join(", ")}],\n`), true);
  assertThrows(() => writeCalibration(text, "nobody", "single", {}), ModelError, '"nobody"');
  assertThrows(() => writeCalibration("{", "student", "single", {}), ModelError, "not JSON");
  const wrong = { none: { ...calibrations.none!, curve: [] } };
  assertThrows(() => writeCalibration(text, "student", "single", wrong), ModelError, "curve");
});
