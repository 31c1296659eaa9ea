// The metrics beside scikit-learn's on the same scores; sklearn_reference.py has made the numbers.
import { assertAlmostEquals } from "@std/assert";
import { type LabelledScores, verificationReport } from "../../src/evaluate/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";

/** As `scores` of sklearn_reference.py. */
function scores(seed: number, count: number, shift: number, steps: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: count }, () => {
    const value = (random() + random() + random()) / 3 * 0.8 + shift;
    return steps > 0 ? Math.floor(value * steps) / steps : value;
  });
}

function fold(genuine: Float32Array, impostor: Float32Array): LabelledScores {
  return {
    genuine,
    impostor,
    genuineIdentity: new Uint32Array(genuine.length),
    impostorIdentities: new Uint32Array(2 * impostor.length),
  };
}

const NUMBERS = [
  {
    name: "without ties",
    steps: 0,
    auc: 0.94463125,
    eer: 0.131,
    fmr100: 0.482,
    fmr1000: 0.659,
    zeroFmr: 0.705,
    accuracy: 0.872,
    deviation: 0.030675723300355964,
  },
  {
    name: "with ties",
    steps: 32,
    auc: 0.94392375,
    eer: 0.13664150943396228,
    fmr100: 0.493,
    fmr1000: 0.661,
    zeroFmr: 0.742,
    accuracy: 0.8635,
    deviation: 0.02802231253840413,
  },
];

for (const wanted of NUMBERS) {
  Deno.test(`metrics agree with scikit-learn's, ${wanted.name}`, () => {
    const genuine = scores(1, 1000, 0.2, wanted.steps);
    const impostor = scores(2, 4000, -0.1, wanted.steps);
    const metrics = verificationReport([fold(genuine, impostor)], { replicates: 0 });
    assertAlmostEquals(metrics.auc.value, wanted.auc, 1e-12);
    assertAlmostEquals(metrics.eer.value, wanted.eer, 1e-11);
    assertAlmostEquals(metrics.fmr100!.value, wanted.fmr100, 1e-12);
    assertAlmostEquals(metrics.fmr1000!.value, wanted.fmr1000, 1e-12);
    assertAlmostEquals(metrics.zeroFmr.value, wanted.zeroFmr, 1e-12);
    const folds = Array.from({ length: 10 }, (_, k) =>
      fold(
        genuine.subarray(100 * k, 100 * k + 100),
        impostor.subarray(100 * k, 100 * k + 100),
      ));
    const { releasedAccuracy } = verificationReport(folds, { replicates: 0 });
    assertAlmostEquals(releasedAccuracy!.value, wanted.accuracy, 1e-12);
    assertAlmostEquals(releasedAccuracy!.deviation, wanted.deviation, 1e-12);
  });
}
