import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { calibrate, type CalibrationInput, writeCalibration } from "../../src/evaluate/mod.ts";
import { groupCurve, type GroupTemplates } from "../../src/evaluate/group_curves.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { parseManifest } from "../../src/pipeline/embed/mod.ts";
import { ruleFor } from "../../src/pipeline/score/mod.ts";

const DIM = 8;

/** Templates of so many people around `pull` times the first axis; `photos` rows each. */
function templates(people: number, pull: number, seed: number, photos = 1): Float32Array {
  const random = randomNumbers(seed);
  const normal = (): number => random() + random() + random() - 1.5;
  const out = new Float32Array(people * photos * DIM);
  for (let person = 0; person < people; person++) {
    const base = Array.from({ length: DIM }, (_, k) => normal() + (k === 0 ? pull : 0));
    for (let photo = 0; photo < photos; photo++) {
      for (let k = 0; k < DIM; k++) {
        out[(person * photos + photo) * DIM + k] = base[k] + 0.1 * normal();
      }
    }
  }
  return out;
}

function group(name: string, pull: number, seed: number, people = 120): GroupTemplates {
  return {
    name,
    dim: DIM,
    clean: templates(people, pull, seed),
    masked: templates(people, pull, seed + 100),
  };
}

/** Two photos each of 80 people in four folds. */
function input(groups?: readonly GroupTemplates[]): CalibrationInput {
  const identity = Uint32Array.from({ length: 160 }, (_, i) => i >> 1);
  return {
    dim: DIM,
    clean: templates(80, 0, 1, 2),
    masked: templates(80, 0, 2, 2),
    identity,
    fold: identity.map((person) => person % 4),
    source: "made",
    ...(groups && { groups: { source: "made groups", whole: "everybody", templates: groups } }),
  };
}

function share({ clean, dim }: GroupTemplates, threshold: number): number {
  const rows = Array.from({ length: clean!.length / dim }, (_, i) => {
    const row = clean!.subarray(i * dim, (i + 1) * dim), length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
  let all = 0, matches = 0;
  rows.forEach((a, i) =>
    rows.slice(0, i).forEach((b) => {
      all++;
      if (a.reduce((sum, value, k) => sum + value * b[k], 0) >= threshold) matches++;
    })
  );
  return matches / all;
}

Deno.test("a group's curve is the share of its pairs, with intervals that never rise", () => {
  const made = group("a", 0.5, 3);
  const { people, impostors, curve } = groupCurve(made, "none")!;
  assertEquals([people, impostors], [120, 120 * 119 / 2]);
  for (const [score, fmr, low, high] of curve) {
    assertAlmostEquals(share(made, score), fmr, 1e-3 * fmr + 1e-5);
    assert(low <= fmr && fmr <= high);
  }
  curve.slice(1).forEach((point, i) => assert(point[3] <= curve[i][3]));
});

Deno.test("people of different age bands are not compared", () => {
  const [young, old] = [group("young", 0.5, 11, 60), group("old", 0.5, 12, 60)];
  const bands = Uint32Array.from({ length: 120 }, (_, i) => i < 60 ? 0 : 1);
  const clean = new Float32Array([...young.clean!, ...old.clean!]);
  const { people, impostors, curve } = groupCurve(
    { name: "both", dim: DIM, clean, bands },
    "none",
  )!;
  assertEquals([people, impostors], [120, 2 * 60 * 59 / 2]);
  for (const [score, fmr] of curve) {
    const mean = (share(young, score) + share(old, score)) / 2;
    assertAlmostEquals(mean, fmr, 1e-3 * fmr + 1e-5);
  }
});

Deno.test("calibrate gives thresholds that hold for the worst group, also for people it has not seen", () => {
  const groups = [group("alike", 1, 4), group("middle", 0.5, 5)];
  const { none } = calibrate(input(groups), { rates: [0.1, 0.05] });
  const { worst } = none!;
  assertEquals(worst?.groups.map(({ name }) => name), ["everybody", "alike", "middle"]);
  assertEquals(worst?.points.map((point) => point.worst), ["alike", "alike"]);
  for (const { fmr, threshold } of worst!.points) {
    for (const made of groups) assert(share(made, threshold) <= fmr);
    assert(share(group("alike", 1, 40, 300), threshold) <= fmr);
    const pooled = none!.points.find((point) => point.fmr === fmr)!;
    assert(threshold > pooled.threshold, `${threshold} and ${pooled.threshold}`);
    assert(share(groups[0], pooled.threshold) > fmr);
  }
});

Deno.test("a rate that a group is too small for has no point, and a group of masked faces alone counts there only", () => {
  const small = group("few", 0, 6, 20);
  const real: GroupTemplates = { name: "real", dim: DIM, masked: templates(120, 0, 7) };
  const { none, one, both } = calibrate(input([small, real]), { rates: [0.1, 0.02] });
  assertEquals(none?.worst?.points.map(({ fmr }) => fmr), [0.1]);
  assertEquals(none?.worst?.groups.map(({ name }) => name), ["everybody", "few"]);
  assertEquals(one?.worst?.groups.map(({ name }) => name), ["everybody", "few"]);
  assertEquals(both?.worst?.groups.map(({ name }) => name), ["everybody", "few", "real"]);
});

Deno.test("normalised scores are measured as what they are", () => {
  const plain = input([group("a", 0, 8)]);
  const rows = plain.identity.length, twice = new Float32Array(2 * rows).fill(1);
  const both = { clean: new Float32Array(240).fill(1), masked: new Float32Array(240).fill(1) };
  const normalized = calibrate({
    ...plain,
    normalizations: { clean: twice, masked: twice },
    groups: {
      ...plain.groups!,
      templates: [{ ...plain.groups!.templates[0], normalizations: both }],
    },
  }, { rates: [0.1] });
  const cosine = calibrate(plain, { rates: [0.1] });
  // Gains and offsets of 1 on both sides: a score is twice the cosine, plus 2.
  for (const situation of ["none", "one", "both"] as const) {
    const [a, b] = [cosine[situation]!, normalized[situation]!];
    assertAlmostEquals(b.points[0].threshold, 2 * a.points[0].threshold + 2, 3e-4);
    assertAlmostEquals(b.worst!.points[0].threshold, 2 * a.worst!.points[0].threshold + 2, 3e-4);
    assertEquals(b.points[0].measuredFmr, a.points[0].measuredFmr);
  }
});

Deno.test("the manifest keeps the groups, beside those of normalised scores", async () => {
  const text = await Deno.readTextFile(new URL("../../models/manifest.json", import.meta.url));
  const measured = calibrate(input([group("alike", 0.3, 9)]), { rates: [0.05] });
  const json = JSON.parse(text), { sha256, templateSize } = json.models.student;
  json.models.student.cohort = {
    file: "student.cohort",
    sha256,
    network: sha256,
    origin: "test",
    bare: { people: 10, centres: 2 },
    masked: { people: 10, centres: 2 },
    nearest: 2,
    mean: 0.2,
    deviation: 0.05,
  };
  assert(templateSize > 0);
  const cosine = writeCalibration(JSON.stringify(json), "student", "single", measured);
  const both = writeCalibration(cosine, "student", "single", measured, "normalized");
  const { student } = parseManifest(both);
  assertEquals(student.calibration?.single?.none?.worst, measured.none?.worst);
  assertEquals(student.cohort?.calibration?.single, measured);
  const rule = ruleFor(student, false, { fmr: 0.05 });
  assertEquals(rule.measured?.groups?.count, 2);
});
