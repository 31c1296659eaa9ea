import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError, TemplateMismatchError } from "../../../src/base/errors.ts";
import { randomNumbers } from "../../../src/math/random.ts";
import type { Cohort } from "../../../src/model/cohort.ts";
import {
  compareNormalized,
  compareTemplates,
  normalizeTemplate,
  Template,
} from "../../../src/pipeline/score/mod.ts";
import { normalizationRows } from "../../../src/pipeline/score/normalize.ts";

const SIZE = 16, CENTRES = 60, NEAREST = 12;

/** Templates around `pull` times the first axis: the larger it is, the more strangers look alike. */
function templates(count: number, pull: number, seed: number): Template[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const values = Array.from({ length: SIZE }, () => random() - 0.5);
    values[0] += pull;
    return new Template(values, "network");
  });
}

/** A cohort of two kinds of people: a third of them look much alike. */
function cohortOf(): Cohort {
  const people = [...templates(CENTRES / 3, 1, 1), ...templates(2 * CENTRES / 3, 0, 2)];
  const rows = new Float32Array(CENTRES * SIZE);
  people.forEach(({ embedding }, i) => rows.set(embedding, i * SIZE));
  const part = { people: 5 * CENTRES, centres: CENTRES / 2 };
  const entry = {
    file: "c",
    sha256: "cohort",
    network: "network",
    origin: "test",
    bare: part,
    masked: part,
    nearest: NEAREST,
    mean: 0.5,
    deviation: 0.1,
  };
  return { entry, size: SIZE, rows };
}

const cohort = cohortOf();

/** AS-norm as the papers write it, in double precision. */
function asNorm(a: Template, b: Template): number {
  const moments = ({ embedding }: Template): [number, number] => {
    const scores = Array.from(
      { length: CENTRES },
      (_, row) => embedding.reduce((sum, value, k) => sum + value * cohort.rows[row * SIZE + k], 0),
    );
    const highest = scores.sort((x, y) => y - x).slice(0, NEAREST);
    const mean = highest.reduce((sum, x) => sum + x, 0) / NEAREST;
    return [mean, Math.sqrt(highest.reduce((sum, x) => sum + (x - mean) ** 2, 0) / NEAREST)];
  };
  const s = compareTemplates(a, b), [[ma, da], [mb, db]] = [moments(a), moments(b)];
  return ((s - ma) / da + (s - mb) / db) / 2;
}

Deno.test("a normalised score is AS-norm's, on the scale of the cosine", () => {
  const made = [...templates(6, 0, 3), ...templates(6, 1, 4)];
  const normalized = made.map((template) => normalizeTemplate(template, cohort));
  for (let i = 0; i < made.length; i++) {
    for (let j = 0; j < made.length; j++) {
      const expected = 0.5 + 0.1 * asNorm(made[i], made[j]);
      const score = compareNormalized(normalized[i], normalized[j]);
      assertAlmostEquals(score, expected, 1e-4);
      assertAlmostEquals(score, compareNormalized(normalized[j], normalized[i]), 1e-9);
    }
  }
});

Deno.test("a threshold lets in far fewer strangers of a kind that looks alike once scores are normalised", () => {
  const scores = (kind: Template[], score: (a: Template, b: Template) => number): number[] =>
    kind.flatMap((a, i) => kind.slice(0, i).map((b) => score(a, b))).sort((x, y) => y - x);
  const [alike, others] = [templates(60, 1, 5), templates(60, 0, 6)].map((kind) =>
    kind.map((template) => normalizeTemplate(template, cohort))
  );
  /** The share of pairs that look alike above the score that 2% of the others reach. */
  const share = (score: (a: Template, b: Template) => number): number => {
    const all = scores(others, score), threshold = all[Math.floor(all.length / 50)];
    const found = scores(alike, score);
    return found.filter((value) => value >= threshold).length / found.length;
  };
  const before = share(compareTemplates), after = share(compareNormalized);
  assert(before > 0.3, `${before}`);
  assert(after < before / 2, `${after} of ${before}`);
});

Deno.test("a template is normalised once, and keeps its numbers", () => {
  const [template] = templates(1, 0, 7);
  assertEquals(template.normalization, undefined);
  const normalized = normalizeTemplate(template, cohort);
  assertEquals(normalized.embedding, template.embedding);
  assertEquals(normalizeTemplate(normalized, cohort), normalized);
  const [gain, offset] = normalizationRows(template.embedding, cohort);
  assertAlmostEquals(normalized.normalization!.gain, gain, 1e-6);
  assertAlmostEquals(normalized.normalization!.offset, offset, 1e-6);
});

Deno.test("rows without a template have no normalisation", () => {
  const [template] = templates(1, 0, 8), rows = new Float32Array(3 * SIZE);
  rows.set(template.embedding);
  rows.fill(NaN, 2 * SIZE);
  const out = normalizationRows(rows, cohort);
  assertEquals([...out].map(Number.isFinite), [true, true, false, false, false, false]);
});

Deno.test("what cannot be normalised or compared is refused", () => {
  const [template] = templates(1, 0, 9);
  const foreign = new Template(template.embedding, "another network");
  assertThrows(() => normalizeTemplate(foreign, cohort), InvalidArgumentError, "its own network");
  const mirrored = new Template(template.embedding, "network+mirror");
  assertEquals(normalizeTemplate(mirrored, cohort).normalization?.cohort, "cohort");
  const normalized = normalizeTemplate(template, cohort);
  assertThrows(
    () => compareNormalized(normalized, template),
    TemplateMismatchError,
    "by no cohort",
  );
  const other = new Template(template.embedding, "network", {
    ...normalized.normalization!,
    cohort: "other",
  });
  assertThrows(() => compareNormalized(normalized, other), TemplateMismatchError, "cohort other");
  const same = { ...cohort, rows: cohort.rows.map((_, i) => cohort.rows[i % SIZE]) };
  assertThrows(() => normalizeTemplate(template, same), InvalidArgumentError, "deviate by 0");
});
