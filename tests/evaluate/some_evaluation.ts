// An evaluation that no networks had to run for, for the tests of reports.

import {
  type Evaluation,
  type ScenarioResult,
  verificationReport,
} from "../../src/evaluate/mod.ts";
import { randomNumbers } from "../../src/math/random.ts";

/** A name that breaks out of HTML, Markdown and tables that do not escape it. */
export const EVIL = `<script>alert("x")</script>'&|`;

/** An evaluation of scores by chance, with hostile names. */
export function someEvaluation(): Evaluation {
  const random = randomNumbers(4);
  const scores = (count: number, mean: number): Float32Array =>
    Float32Array.from({ length: count }, () => mean + (random() + random() - 1) * 0.5);
  const folds = Array.from({ length: 10 }, () => ({
    genuine: scores(30, 0.6),
    impostor: scores(130, 0.05),
    genuineIdentity: Uint32Array.from({ length: 30 }, (_, i) => i),
    impostorIdentities: Uint32Array.from({ length: 260 }, (_, i) => i % 97),
  }));
  const metrics = verificationReport(folds, { replicates: 100 });
  const worst = {
    genuine: [{
      probe: EVIL,
      reference: "b.jpg",
      score: 0.1,
      pictures: ["data:image/jpeg;base64,/9j/", ""] as const,
    }],
    impostor: [{ probe: "c.jpg", reference: "d.jpg", score: 0.7 }],
  };
  const result = { scenario: "um", mirrored: true, metrics, folds, worst } as const;
  return {
    dataset: { name: EVIL, kind: "csv", images: 10, pairs: 1600, aligned: false },
    models: [{ label: EVIL, sha256: "0".repeat(64), dim: 192 }],
    masks: { style: "ours", seed: 0 },
    results: [
      { ...result, model: EVIL, protocol: "corrected" },
      { ...result, model: "other", protocol: "released" },
    ],
    failures: [{ photo: EVIL, masked: true, kind: "no-face" }],
    run: { device: "wasm", samples: 3200, embedded: 10, seconds: 2, networkShare: 0.9 },
  };
}

/** Results of a system that makes no errors, in two scenarios alike. */
export function perfectResults(): ScenarioResult[] {
  const folds = [{
    genuine: new Float32Array(100).fill(0.9),
    impostor: new Float32Array(2000).fill(0.1),
    genuineIdentity: Uint32Array.from({ length: 100 }, (_, i) => i),
    impostorIdentities: Uint32Array.from({ length: 4000 }, (_, i) => i % 97),
  }];
  const metrics = verificationReport(folds, { replicates: 0 });
  const worst = { genuine: [], impostor: [] };
  return (["uu", "mm"] as const).map((scenario) => ({
    ...{ model: "student", scenario, protocol: "corrected", mirrored: false },
    ...{ metrics, folds, worst },
  }));
}
