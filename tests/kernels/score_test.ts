import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import { blendNormalize } from "../../src/kernels/blend_normalize/cpu.ts";
import { compareTemplates, cosineMatrix, Template, topK } from "../../src/pipeline/score/mod.ts";

const value = fc.float({ min: -1, max: 1, noNaN: true });

Deno.test("cosineMatrix agrees with the plain double loop for every number of dimensions", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 9 }).chain((dim) =>
      fc.record({
        dim: fc.constant(dim),
        probes: fc.array(fc.array(value, { minLength: dim, maxLength: dim }), { maxLength: 5 }),
        references: fc.array(fc.array(value, { minLength: dim, maxLength: dim }), { maxLength: 5 }),
      })
    ),
    ({ dim, probes, references }) => {
      const out = cosineMatrix(
        Float32Array.from(probes.flat()),
        Float32Array.from(references.flat()),
        dim,
      );
      const wanted = probes.flatMap((p) =>
        references.map((r) => p.reduce((sum, x, i) => sum + x * r[i], 0))
      );
      assertEquals(out.length, wanted.length);
      wanted.forEach((score, i) => assertAlmostEquals(out[i], score, 1e-5));
    },
  ));
});

Deno.test("topK agrees with sorting, ties in the order of the index", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 40 }),
    fc.nat(),
    (row, seed) => {
      const k = seed % row.length + 1;
      const order = row.map((_, i) => i).sort((a, b) => row[b] - row[a] || a - b).slice(0, k);
      const { scores, indices } = topK(Float32Array.from([...row, ...row]), row.length, k);
      assertEquals([...indices], [...order, ...order]);
      assertEquals([...scores.subarray(k)], order.map((i) => row[i]));
    },
  ));
});

Deno.test("topK of more than there are is all of them", () => {
  const { scores, indices } = topK(new Float32Array([1, 3, 2]), 3, 10);
  assertEquals([...scores], [3, 2, 1]);
  assertEquals([...indices], [1, 2, 0]);
});

Deno.test("blendNormalize adds the mirror image's row before it normalises", () => {
  const out = blendNormalize(new Float32Array([3, 0, 0, 2, 0, 4, 0, 2]), 2, true);
  assertEquals([...out].map((x) => x.toFixed(4)), ["0.6000", "0.8000", "0.0000", "1.0000"]);
  assertEquals([...blendNormalize(new Float32Array([0, 0, 5, 0]), 2, false)], [0, 0, 1, 0]);
  assertEquals([...blendNormalize(new Float32Array([1, NaN, 5, 0]), 2, false)], [NaN, NaN, 1, 0]);
});

Deno.test("templates have length 1, refuse what is not finite, and are a copy", () => {
  const source = new Float32Array([1, 2, 2]);
  const template = new Template(source, "m");
  source[0] = 9;
  assertAlmostEquals(template.embedding[0], 1 / 3, 1e-6);
  assertEquals([Template.is(template), Template.is({ ...template })], [true, false]);
  for (const bad of [[], [0, 0], [1, NaN], [Infinity, 1]]) {
    assertThrows(() => new Template(bad, "m"), InvalidArgumentError, "finite");
  }
});

Deno.test("templates of different models or sizes are never compared", () => {
  const a = new Template([1, 0], "a"), b = new Template([1, 0], "b");
  assertEquals(compareTemplates(a, a), 1);
  assertEquals(compareTemplates(a, new Template([-2, 0], "a")), -1);
  assertThrows(() => compareTemplates(a, b), TemplateMismatchError, "model a");
  assertThrows(() => compareTemplates(a, new Template([1, 0, 0], "a")), TemplateMismatchError);
});
