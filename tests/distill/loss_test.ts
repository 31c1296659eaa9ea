// The losses against the formulas of the papers in plain arithmetic, and their gradients against finite differences.

import "../../src/distill/train/one_thread.ts";
import { jit, numpy as np } from "@jax-js/jax";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { chanceOf } from "../../src/distill/data/chance.ts";
import { drawMargins, ELASTIC_ARC } from "../../src/distill/loss/elastic_arc.ts";
import {
  HIGH_GUIDANCE,
  lossAndGradients,
  type LossInput,
  type LossOptions,
} from "../../src/distill/loss/loss.ts";

const COUNT = 4, SIZE = 6, IDENTITIES = 5, BATCH = 8, PHOTOS = 7;
const LABELS = [3, -1, 0, 3];
/** Whom the photos of the bank show; the first ones are those of the samples. */
const BANK_LABELS = [...LABELS, -1, 0, 2];
/** The photo of the bank that is the fixed centre of each sample. */
const FIXED = [4, 1, 6, 4];

interface Given {
  readonly raw: Float32Array<ArrayBuffer>;
  readonly centres: Float32Array<ArrayBuffer>;
  readonly targets: Float32Array<ArrayBuffer>;
  readonly margins: Float32Array<ArrayBuffer>;
  readonly bank: Float32Array<ArrayBuffer>;
}

function draw(): Given {
  const chance = chanceOf("losses");
  const numbers = (length: number) => Float32Array.from({ length }, () => chance.normal());
  const targets = numbers(COUNT * SIZE);
  for (let i = 0; i < COUNT; i++) targets.set(unit(row(targets, i)), i * SIZE);
  const bank = numbers(PHOTOS * SIZE);
  for (let i = 0; i < PHOTOS; i++) bank.set(unit(row(bank, i)), i * SIZE);
  bank.set(targets);
  return {
    raw: numbers(COUNT * SIZE),
    centres: numbers(IDENTITIES * SIZE),
    targets,
    margins: drawMargins(ELASTIC_ARC, 1, 7, 0, COUNT),
    bank,
  };
}

function row(values: Float32Array, i: number): number[] {
  return [...values.subarray(i * SIZE, (i + 1) * SIZE)];
}

function unit(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** The loss in double precision, sample by sample. */
function expected(given: Given, options: LossOptions, labels = LABELS): number {
  let total = 0;
  for (let i = 0; i < COUNT; i++) {
    const student = unit(row(given.raw, i)), teacher = row(given.targets, i);
    const mse = student.reduce((sum, value, k) => sum + (value - teacher[k]) ** 2, 0) / SIZE;
    total += options.templates * mse + contrast(given, options, student, i, labels[i]);
    total += (options.kd ?? 0) * (1 - dot(student, teacher));
    total += fixedCentres(given, options, student, FIXED[i]);
    total += (options.relational?.weight ?? 0) * apart(given, i) / BATCH;
    if (labels[i] < 0) continue;
    const logits = Array.from({ length: IDENTITIES }, (_, c) => {
      const angle = Math.acos(dot(student, unit(row(given.centres, c))));
      return options.scale * Math.cos(angle + (c === labels[i] ? given.margins[i] : 0));
    });
    const most = Math.max(...logits);
    const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    total += options.classes * (most + Math.log(sum) - logits[labels[i]]);
  }
  return total / BATCH;
}

/** The cross entropy of fixed centres, by its definition. */
function fixedCentres(
  { bank }: Given,
  { centres }: LossOptions,
  student: readonly number[],
  own: number,
): number {
  if (!centres) return 0;
  const logits = Array.from({ length: PHOTOS }, (_, photo) => {
    const angle = Math.acos(dot(student, row(bank, photo)));
    if (photo === own) return Math.cos(angle + centres.margin) / centres.temperature;
    const alike = dot(row(bank, own), row(bank, photo)) > centres.alike;
    return alike ? -Infinity : Math.cos(angle) / centres.temperature;
  });
  const sum = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return centres.weight * (Math.log(sum) - logits[own]);
}

/** The squared differences of a sample's cosines. */
function apart({ raw, targets }: Given, i: number): number {
  return Array.from({ length: COUNT }, (_, j) => {
    const student = dot(unit(row(raw, i)), unit(row(raw, j)));
    return (student - dot(row(targets, i), row(targets, j))) ** 2;
  }).reduce((sum, square) => sum + square, 0);
}

/** The contrast term of a sample, by its definition. */
function contrast(
  { bank, targets }: Given,
  { contrast }: LossOptions,
  student: readonly number[],
  sample: number,
  label: number,
): number {
  if (!contrast) return 0;
  const teacher = row(targets, sample), own = dot(student, teacher) / contrast.temperature;
  const strangers = BANK_LABELS.flatMap((other, photo) => {
    const template = row(bank, photo);
    const same = label >= 0 && other === label || dot(template, teacher) >= contrast.alike;
    return same ? [] : [Math.exp(dot(student, template) / contrast.temperature - own)];
  });
  return contrast.weight * Math.log(1 + strangers.reduce((sum, value) => sum + value, 0));
}

async function computed(
  given: Given,
  options: LossOptions,
  labels = LABELS,
): Promise<{ total: number; templates: Float32Array; centres: Float32Array }> {
  const classes = new Float32Array(COUNT * IDENTITIES);
  labels.forEach((label, i) => label >= 0 && (classes[i * IDENTITIES + label] = 1));
  const others = labels.flatMap((label) =>
    BANK_LABELS.map((other) => Number(label < 0 || other !== label))
  );
  const run = jit(
    (raw: np.Array, centres: np.Array, input: LossInput) => {
      const found = lossAndGradients(options, BATCH, raw, centres, input);
      return { total: found.parts.total, templates: found.templates, centres: found.centres };
    },
  );
  const { total, templates, centres } = run(
    np.array(given.raw).reshape([COUNT, SIZE]),
    np.array(given.centres).reshape([IDENTITIES, SIZE]),
    {
      targets: np.array(given.targets).reshape([COUNT, SIZE]),
      classes: np.array(classes).reshape([COUNT, IDENTITIES]),
      margins: np.array(given.margins).reshape([COUNT, 1]),
      ...options.centres && {
        fixed: {
          table: np.array(given.bank).reshape([PHOTOS, SIZE]),
          centres: np.array(Float32Array.from(FIXED.flatMap((at) => row(given.bank, at))))
            .reshape([COUNT, SIZE]),
          classes: np.array(
            Float32Array.from(
              FIXED.flatMap((at) => BANK_LABELS.map((_, photo) => Number(photo === at))),
            ),
          ).reshape([COUNT, PHOTOS]),
        },
      },
      ...options.contrast && {
        bank: {
          templates: np.array(given.bank).reshape([PHOTOS, SIZE]),
          others: np.array(others).reshape([COUNT, PHOTOS]),
        },
      },
    },
  );
  return {
    total: (await total.data())[0],
    templates: await templates.data() as Float32Array,
    centres: await centres.data() as Float32Array,
  };
}

Deno.test("MaskInv's loss is the formula of the paper", async () => {
  for (const templates of [0, 100, 3000]) {
    const options = { ...HIGH_GUIDANCE, templates };
    const given = draw(), { total } = await computed(given, options);
    assertAlmostEquals(total, expected(given, options), 1e-3 * (1 + templates / 100));
  }
});

Deno.test("the contrast with strangers is its formula", async () => {
  for (const alike of [-1, 0, 0.6, 0.95]) {
    const contrast = { weight: 2, temperature: 0.2, alike };
    const options = { ...HIGH_GUIDANCE, templates: 0, classes: 0, contrast };
    const given = draw(), { total } = await computed(given, options);
    assertAlmostEquals(total, expected(given, options), 1e-4, `alike ${alike}`);
  }
});

Deno.test("cosines, fixed centres and similarities are their formulas", async () => {
  const none = { ...HIGH_GUIDANCE, templates: 0, classes: 0 };
  const centres = { weight: 2, margin: 0.15, temperature: 0.2, alike: 0.45 };
  for (const part of [{ kd: 3 }, { centres }, { relational: { weight: 5 } }]) {
    const options = { ...none, ...part }, given = draw();
    const { total } = await computed(given, options);
    assertAlmostEquals(total, expected(given, options), 1e-4, Object.keys(part)[0]);
  }
});

Deno.test("the gradients of the loss are those of finite differences", async () => {
  const contrast = { weight: 3, temperature: 0.3, alike: 0.6 };
  const fixed = { weight: 2, margin: 0.15, temperature: 0.2, alike: 0.45 };
  const more = { kd: 2, centres: fixed, relational: { weight: 5 } };
  const options = { ...HIGH_GUIDANCE, templates: 30, scale: 8, contrast, ...more };
  const given = draw(), { templates, centres } = await computed(given, options);
  for (const [name, gradient] of [["raw", templates], ["centres", centres]] as const) {
    for (let k = 0; k < gradient.length; k++) {
      const kept = given[name][k], step = 1e-3;
      const [above, below] = [step, -step].map((move) => {
        given[name][k] = kept + move;
        return expected(given, options);
      });
      given[name][k] = kept;
      const difference = (above - below) / (2 * step);
      assertAlmostEquals(
        gradient[k],
        difference,
        2e-3 * (1 + Math.abs(difference)),
        `${name}[${k}]`,
      );
    }
  }
});

Deno.test("samples without identity take part in the distillation only", async () => {
  const given = draw(), nobody = [-1, -1, -1, -1];
  const both = await computed(given, HIGH_GUIDANCE, nobody);
  const alone = await computed(given, { ...HIGH_GUIDANCE, classes: 0 }, nobody);
  assertEquals(both.total, alone.total);
  assertEquals([...both.centres], [...both.centres].fill(0));
  assert(both.templates.some((value) => value !== 0));
});

Deno.test("margins are normal around 0.5 and depend on seed, step and sample alone", () => {
  const margins = drawMargins(ELASTIC_ARC, 1, 3, 0, 4000);
  const mean = margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
  const variance = margins.reduce((sum, margin) => sum + (margin - mean) ** 2, 0) / margins.length;
  assertAlmostEquals(mean, 0.5, 4 * 0.05 / Math.sqrt(4000));
  assertAlmostEquals(Math.sqrt(variance), 0.05, 0.003);
  assertEquals(drawMargins(ELASTIC_ARC, 1, 3, 17, 19), margins.slice(17, 19));
  assert(drawMargins(ELASTIC_ARC, 2, 3, 0, 1)[0] !== margins[0]);
});
