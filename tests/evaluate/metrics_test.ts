import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  errorCurve,
  foldAccuracy,
  type LabelledScores,
  NOT_COMPARED,
  releasedAccuracy,
  separability,
  valAtFar,
  verificationReport,
} from "../../src/evaluate/mod.ts";
import { sweep } from "../../src/evaluate/sweep.ts";
import {
  type Lists,
  slowAccuracy,
  slowAuc,
  slowEer,
  slowFnmrAt,
  slowMoments,
  slowReleased,
  slowVal,
} from "./slow.ts";

/** Scores on a coarse grid, so that there are ties, or any. */
const score = fc.oneof(
  fc.integer({ min: -7, max: 8 }).map((x) => x / 8),
  fc.float({ min: Math.fround(-0.99), max: 1, noNaN: true }).map((x) => x + 0),
);
const lists = (most = 40): fc.Arbitrary<Lists> =>
  fc.record({
    genuine: fc.array(score, { minLength: 1, maxLength: most }),
    impostor: fc.array(score, { minLength: 1, maxLength: most }),
  });

/** Labels for scores where it does not matter who was compared. */
function labelled({ genuine, impostor }: Lists): LabelledScores {
  return {
    genuine: Float32Array.from(genuine),
    impostor: Float32Array.from(impostor),
    genuineIdentity: Uint32Array.from(genuine, (_, i) => i),
    impostorIdentities: Uint32Array.from({ length: 2 * impostor.length }, (_, i) => i),
  };
}

Deno.test("error rates agree with their definitions on any scores", () => {
  fc.assert(fc.property(lists(), fc.constantFrom(0.05, 0.1, 0.25, 0.5), (given, rate) => {
    const metrics = verificationReport([labelled(given)], { replicates: 0, rates: [rate] });
    assertAlmostEquals(metrics.eer.value, slowEer(given), 1e-9);
    assertAlmostEquals(metrics.auc.value, slowAuc(given), 1e-9);
    assertAlmostEquals(metrics.zeroFmr.value, slowFnmrAt(given, 0), 1e-9);
    assertEquals(metrics.tarAtFmr.length, given.impostor.length * rate >= 1 ? 1 : 0);
    for (const { tar, threshold } of metrics.tarAtFmr) {
      assertAlmostEquals(tar.value, 1 - slowFnmrAt(given, rate), 1e-9);
      const matches = given.impostor.filter((x) => x >= threshold).length;
      assert(matches / given.impostor.length <= rate);
      assertAlmostEquals(
        given.genuine.filter((x) => x >= threshold).length / given.genuine.length,
        tar.value,
        1e-9,
      );
    }
  }));
});

Deno.test("FMR100 and FMR1000 agree with their definitions, and are absent where no data supports them", () => {
  const many = fc.array(score, { minLength: 90, maxLength: 1200 });
  fc.assert(
    fc.property(lists(), many, ({ genuine }, impostor) => {
      const given = { genuine, impostor };
      const { fmr100, fmr1000 } = verificationReport([labelled(given)], { replicates: 0 });
      assertEquals([fmr100 !== undefined, fmr1000 !== undefined], [
        impostor.length >= 100,
        impostor.length >= 1000,
      ]);
      if (fmr100) assertAlmostEquals(fmr100.value, slowFnmrAt(given, 0.01), 1e-9);
      if (fmr1000) assertAlmostEquals(fmr1000.value, slowFnmrAt(given, 0.001), 1e-9);
    }),
    { numRuns: 20 },
  );
});

Deno.test("weights of a sweep count as repetitions of the scores", () => {
  const weight = fc.integer({ min: 0, max: 3 });
  const weighed = fc.array(fc.tuple(score, weight), { minLength: 1, maxLength: 20 }).filter((
    rows,
  ) => rows.some(([, times]) => times > 0));
  fc.assert(fc.property(weighed, weighed, (genuine, impostor) => {
    const ordered = (rows: [number, number][]): [number, number][] =>
      rows.map(([x, times]): [number, number] => [Math.fround(x), times]).sort((a, b) =>
        a[0] - b[0]
      );
    const [g, m] = [ordered(genuine), ordered(impostor)];
    const repeated = (rows: [number, number][]): number[] =>
      rows.flatMap(([x, times]) => new Array(times).fill(x));
    const found = sweep({
      genuine: Float32Array.from(g, ([x]) => x),
      impostor: Float32Array.from(m, ([x]) => x),
      genuineWeights: Float32Array.from(g, ([, times]) => times),
      impostorWeights: Float32Array.from(m, ([, times]) => times),
    }, [0, 0.2])!;
    const given = { genuine: repeated(g), impostor: repeated(m) };
    assertAlmostEquals(found.eer, slowEer(given), 1e-9);
    assertAlmostEquals(found.auc, slowAuc(given), 1e-9);
    assertAlmostEquals(found.fnmrAt[0], slowFnmrAt(given, 0), 1e-9);
    assertAlmostEquals(found.fnmrAt[1], slowFnmrAt(given, 0.2), 1e-9);
  }));
  const none = new Float32Array(1);
  assertEquals(sweep({ genuine: none, impostor: none, genuineWeights: none }, []), undefined);
});

Deno.test("accuracies and VAL over folds agree with the released code's loops", () => {
  const folds = fc.array(lists(12), { minLength: 2, maxLength: 4 });
  fc.assert(fc.property(folds, fc.constantFrom(0.05, 0.3, 0.5), (given, far) => {
    const scores = given.map(labelled);
    const mean = (values: number[]): number => slowMoments(values).mean;
    const deviation = (values: number[]): number => Math.sqrt(slowMoments(values).variance);
    const exact = foldAccuracy(scores), wanted = slowAccuracy(given);
    assertAlmostEquals(exact.accuracy, mean(wanted), 1e-9);
    assertAlmostEquals(exact.deviation, deviation(wanted), 1e-9);
    assertAlmostEquals(releasedAccuracy(scores).accuracy, mean(slowReleased(given)), 1e-9);
    assertAlmostEquals(valAtFar(scores, far).val, mean(slowVal(given, far)), 1e-9);
  }));
});

Deno.test("a hand-worked example", () => {
  // Thresholds from the top: 0.9 | 0.8 | 0.6 (tie) | 0.4 | 0.3 | 0.1.
  // FMR                      0     0     1/4         1/4   2/4 ...; FNMR 3/4, 2/4, 1/4, 0.
  const given = { genuine: [0.9, 0.8, 0.6, 0.4], impostor: [0.6, 0.3, 0.1, 0.1] };
  const metrics = verificationReport([labelled(given)], { replicates: 0, thresholds: [0.3] });
  assertEquals(metrics.eer.value, 0.25);
  assertEquals(metrics.zeroFmr.value, 0.5);
  // Pairs in the right order: 4 + 4 + 3.5 + 3 of 16.
  assertEquals(metrics.auc.value, 14.5 / 16);
  assertEquals(metrics.atThresholds[0].fmr.value, 0.5);
  assertEquals(metrics.atThresholds[0].fnmr.value, 0);
  assertEquals(metrics.curve.map(({ fmr, fnmr }) => [fmr, fnmr]), [
    [0, 1],
    [0, 0.75],
    [0, 0.5],
    [0.25, 0.25],
    [0.25, 0],
    [0.5, 0],
    [1, 0],
  ]);
});

Deno.test("an equal error rate between two operating points lies on the line between them", () => {
  // One tie of everything: from FMR 0, FNMR 1 straight to FMR 1, FNMR 0.
  assertEquals(verificationReport([labelled({ genuine: [0.5], impostor: [0.5] })]).eer.value, 0.5);
  // FMR 0, FNMR 1 -> (tie of 1 of 2 genuine, 3 of 4 impostors) FMR 0.75, FNMR 0.5: meets at t where 0.75 t = 1 - 0.5 t.
  const given = { genuine: [0.5, 0.1], impostor: [0.5, 0.5, 0.5, 0] };
  assertAlmostEquals(verificationReport([labelled(given)]).eer.value, 0.6, 1e-12);
});

Deno.test("separability by hand, without comparisons that could not be made", () => {
  // Means 0.75 and 0.25; variances 0.0625 and 0.0625: FDR = 0.25 / 0.125, d' = 0.5 / 0.25.
  const given = { genuine: [0.5, 1, NOT_COMPARED], impostor: [0, 0.5] };
  assertEquals(separability(labelled(given)), {
    genuineMean: 0.75,
    impostorMean: 0.25,
    fdr: 2,
    dPrime: 2,
  });
  const { counts, zeroFmr } = verificationReport([labelled(given)]);
  assertEquals([counts.genuineNotCompared, counts.impostorNotCompared], [1, 0]);
  assertAlmostEquals(zeroFmr.value, 2 / 3, 1e-12);
  const equal = separability(labelled({ genuine: [0.5], impostor: [0.25] }));
  assertEquals(equal, { genuineMean: 0.5, impostorMean: 0.25 });
  const none = labelled({ genuine: [NOT_COMPARED], impostor: [0] });
  assertThrows(() => separability(none), InvalidArgumentError, "none of 1 comparisons");
  assertEquals(verificationReport([none]).separability, undefined);
});

Deno.test("tiny and degenerate sets have exact answers", () => {
  const perfect = verificationReport([labelled({ genuine: [0.9], impostor: [0.1] })]);
  assertEquals([perfect.eer.value, perfect.auc.value, perfect.zeroFmr.value], [0, 1, 0]);
  const hopeless = verificationReport([labelled({ genuine: [0.1], impostor: [0.9] })]);
  assertEquals([hopeless.eer.value, hopeless.auc.value, hopeless.zeroFmr.value], [1, 0, 1]);
  const zeros = verificationReport([labelled({ genuine: [0, -0], impostor: [-0, 0] })]);
  assertEquals([zeros.eer.value, zeros.auc.value], [0.5, 0.5]);
  assertEquals(zeros.accuracy, undefined);
});

Deno.test("what cannot be measured is refused", () => {
  const refused = (folds: LabelledScores[], message: string): unknown =>
    assertThrows(() => verificationReport(folds), InvalidArgumentError, message);
  refused([], "no genuine scores");
  refused([labelled({ genuine: [], impostor: [0] })], "no genuine scores");
  refused([labelled({ genuine: [0], impostor: [] })], "no impostor scores");
  refused([labelled({ genuine: [0, NaN], impostor: [0] })], "number 1 of 2 is NaN");
  const good = labelled({ genuine: [1], impostor: [0] });
  refused([{ ...good, impostorIdentities: new Uint32Array(1) }], "two per impostor score");
  refused([{ ...good, genuineIdentity: new Uint32Array([1 << 30]) }], "number them from 0");
  assertThrows(() => verificationReport([good], { rates: [2] }), InvalidArgumentError, "at 2");
  assertThrows(() => verificationReport([good], { points: 1 }), InvalidArgumentError, "3 or more");
  assertThrows(
    () => verificationReport([good], { replicates: -1 }),
    InvalidArgumentError,
    "replicates",
  );
  assertThrows(() => foldAccuracy([good]), InvalidArgumentError, "two folds");
  assertThrows(() => valAtFar([good, good], 1), InvalidArgumentError, "FAR 1");
});

Deno.test("errorCurve keeps exact points, both ends, and few of many", () => {
  fc.assert(fc.property(lists(), ({ genuine, impostor }) => {
    const curve = errorCurve(labelled({ genuine, impostor }));
    assertEquals([curve[0].fmr, curve[0].fnmr], [0, 1]);
    assertEquals([curve.at(-1)!.fmr, curve.at(-1)!.fnmr], [1, 0]);
    for (const { threshold, fmr, fnmr } of curve) {
      assertAlmostEquals(fmr, impostor.filter((x) => x >= threshold).length / impostor.length);
      assertAlmostEquals(fnmr, genuine.filter((x) => x < threshold).length / genuine.length);
    }
  }));
  const many = Float32Array.from({ length: 50_000 }, (_, i) => i / 50_000);
  const curve = errorCurve({ genuine: many, impostor: many.map((x) => x - 0.5) }, 200);
  assert(curve.length <= 202 && curve.length > 100, `${curve.length} points`);
  // Neighbours are close on linear axes: no part of the curve was left out.
  curve.slice(1).forEach(({ fmr, fnmr }, i) =>
    assert(fmr - curve[i].fmr < 0.1 && curve[i].fnmr - fnmr < 0.1)
  );
});
