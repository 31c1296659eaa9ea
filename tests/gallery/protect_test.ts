import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import { createProtection, GalleryKeyError } from "../../src/gallery/mod.ts";
import { rotationBytes, rotationMatrix } from "../../src/gallery/protect_rotation.ts";
import { compareTemplates, cosineMatrix, Template } from "../../src/pipeline/score/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { MODEL, near, randomTemplates, SIZE } from "./templates.ts";

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** The cosine of embeddings whatever their models. */
const cosine = (a: Template, b: Template): number =>
  cosineMatrix(a.embedding, b.embedding, SIZE)[0];

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

Deno.test("a rotation is orthogonal, in odd dimensions as well", () => {
  for (const size of [2, 3, 31, 192]) {
    const number = randomNumbers(size);
    const random = new Uint8Array(rotationBytes(size)).map(() => 256 * number());
    const matrix = rotationMatrix(random, size);
    let worst = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += matrix[i * size + k] * matrix[j * size + k];
        worst = Math.max(worst, Math.abs(sum - (i === j ? 1 : 0)));
      }
    }
    assertLess(worst, 1e-13);
  }
});

Deno.test("under one key every score is what it was, up to float32", async () => {
  const { protect } = await createProtection(key(1), SIZE);
  const templates = randomTemplates(21, 60);
  const pairs = templates.flatMap((a, i) => [near(a, i), templates[0]].map((b) => [a, b] as const));
  const loss = pairs.map(([a, b]) =>
    Math.abs(compareTemplates(protect(a), protect(b)) - compareTemplates(a, b))
  );
  assertLess(Math.max(...loss), 1e-6);
});

Deno.test("under two keys the same person is as far off as a stranger", async () => {
  const [one, two] = await Promise.all([
    createProtection(key(1), SIZE),
    createProtection(key(2), SIZE),
  ]);
  const templates = randomTemplates(22, 400);
  const same = templates.map((a) => cosine(one.protect(a), two.protect(a)));
  const strangers = templates.map((a, i) =>
    cosine(one.protect(a), two.protect(templates[(i + 1) % 400]))
  );
  const own = templates.map((a, i) => cosine(a, templates[(i + 1) % 400]));
  // 400 cosines of random directions: mean 0 +- 1/sqrt(400 * 192), deviation 1/sqrt(192).
  for (const scores of [same, strangers, own]) {
    assertLess(Math.abs(mean(scores)), 4 / Math.sqrt(400 * SIZE));
    assertAlmostEquals(deviation(scores), 1 / Math.sqrt(SIZE), 0.01);
  }
  // Kolmogorov-Smirnov at the 0.1% level: nobody can tell the two distributions apart by 400 scores.
  const sorted = [same, strangers].map((scores) => scores.toSorted((a, b) => a - b));
  const below = (scores: number[], limit: number): number =>
    scores.filter((score) => score <= limit).length / scores.length;
  const distance = Math.max(
    ...sorted.flat().map((x) => Math.abs(below(sorted[0], x) - below(sorted[1], x))),
  );
  assertLess(distance, 1.95 * Math.sqrt(2 / 400));
});

Deno.test("protected templates tell their key, and are never compared across keys", async () => {
  const [a] = randomTemplates(23, 1);
  const [one, again, two] = await Promise.all(
    [1, 1, 2].map((byte) => createProtection(key(byte), SIZE)),
  );
  const mine = one.protect(a);
  assertEquals(mine.model, `${MODEL}+key:${one.keyId}`);
  assert(/^[0-9a-f]{16}$/.test(one.keyId));
  assertEquals(one.keyId, again.keyId);
  assertEquals(cosine(mine, again.protect(a)).toFixed(6), "1.000000");
  assertEquals(one.protect(mine), mine);
  for (const other of [a, two.protect(a)]) {
    await assertRejects(
      // deno-lint-ignore require-await
      async () => compareTemplates(mine, other),
      TemplateMismatchError,
    );
  }
  // deno-lint-ignore require-await
  await assertRejects(async () => two.protect(mine), InvalidArgumentError, "under another key");
  const short = new Template([1, 0], MODEL);
  // deno-lint-ignore require-await
  await assertRejects(async () => one.protect(short), InvalidArgumentError, "2 numbers");
  await assertRejects(() => createProtection(key(1), 1), InvalidArgumentError, "2 to 4096");
  await assertRejects(
    () => createProtection(new Uint8Array(8), SIZE),
    GalleryKeyError,
    "16 or more",
  );
});
