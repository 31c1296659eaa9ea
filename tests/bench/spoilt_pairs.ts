// How often pairs of spoilt photos of different people match, fault by fault, where they are answered at all:
//   deno run -A tests/bench/spoilt_pairs.ts <shards> [samples]
// Photos of the validation split, spoilt as the condition head's training samples are (but people that it never saw), in
// every strength; decided as verify decides, at FMR 0.1%.
// deno-lint-ignore-file no-console

import { concatFloats } from "../../src/base/concat.ts";
import { chanceOf } from "../../src/distill/data/chance.ts";
import { readIndex } from "../../src/distill/data/index_file.ts";
import { RecordReader } from "../../src/distill/data/reader.ts";
import { FRAME_LENGTH } from "../../src/distill/data/sample.ts";
import { drawCondition } from "../../src/distill/head/sample.ts";
import { pixelsOfLevels } from "../../src/distill/network/pixels.ts";
import { cosineMatrix } from "../../src/kernels/cosine_matrix/cpu.ts";
import { normalizeScores } from "../../src/kernels/normalizations.ts";
import { openModels } from "../../src/model/model.ts";
import { type Condition, maskStateOf, readConditions } from "../../src/pipeline/embed/condition.ts";
import { ruleFor } from "../../src/pipeline/score/decide.ts";
import { normalizationRows } from "../../src/pipeline/score/normalize.ts";
import { startRuntime } from "../../src/runtime/start.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";

const BATCH = 16;
const [shards, count = "6000"] = Deno.args;
const FMR = 1e-3;

const store = await openModels();
const { bytes, entry } = await store.load("student"), cohort = await store.loadCohort("student");
if (!entry.condition) throw new Error("the student has no condition head");
const { floor } = entry.condition;
const index = readIndex(shards);
using reader = new RecordReader(shards, index.settings.templateSize);
const runtime = await startRuntime("wasm", {});
const network = await runtime.load({ entry, bytes });

interface Sample {
  readonly person: string;
  readonly faults: readonly string[];
  readonly condition: Condition;
  readonly template: Float32Array;
}

const samples: Sample[] = [];
const photos = index.validation;
for (let from = 0; from < Number(count); from += BATCH) {
  const levels = new Uint8Array(BATCH * FRAME_LENGTH);
  const drawn = Array.from({ length: BATCH }, (_, i) => {
    const photo = photos[(from + i) % photos.length], chance = chanceOf(`spoilt ${from + i}`);
    const frame = levels.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH);
    const { covering, darkGlasses, faults } = drawCondition(reader.read(photo), chance, frame);
    const covered = covering === "other" || darkGlasses ? ["covered"] : [];
    return { person: photo.identity ?? photo.file, faults: [...Object.keys(faults), ...covered] };
  });
  using input = runtime.write(pixelsOfLevels(levels, entry.input), tensorShape(entry.input, BATCH));
  const outputs = await runtime.run(network, input);
  const [rows, logits] = await runtime.read(outputs[0], outputs[1]);
  const size = rows.length / BATCH;
  readConditions(logits, BATCH).forEach((condition, i) =>
    samples.push({ ...drawn[i], condition, template: rows.slice(i * size, (i + 1) * size) })
  );
  for (const block of outputs) block[Symbol.dispose]();
}

const rules = new Map<string, number>();

function thresholdOf(a: Condition, b: Condition): number {
  const states = [maskStateOf(a), maskStateOf(b)] as const;
  const key = states.map(({ probabilities }) => probabilities.none.toFixed(2)).join();
  const known = rules.get(key) ?? ruleFor(entry, false, { fmr: FMR }, states).threshold;
  rules.set(key, known);
  return known;
}

for (const fault of ["none", ...new Set(samples.flatMap(({ faults }) => faults))]) {
  const some = samples.flatMap(({ faults }, i) =>
    (fault === "none" ? faults.length === 0 : faults.includes(fault)) ? [i] : []
  );
  const answered = some.filter((i) => samples[i].condition.expectedSimilarity >= floor);
  const templates = concatFloats(answered.map((i) => samples[i].template));
  const scores = cosineMatrix(templates, templates, entry.templateSize!);
  if (cohort) {
    const gains = normalizationRows(templates, cohort);
    normalizeScores(scores, { probes: gains, references: gains });
  }
  let pairs = 0, matches = 0;
  answered.forEach((a, k) => {
    for (let l = 0; l < k; l++) {
      const [one, other] = [samples[a], samples[answered[l]]];
      if (one.person === other.person) continue;
      pairs++;
      const score = scores[k * answered.length + l];
      if (score >= thresholdOf(one.condition, other.condition)) matches++;
    }
  });
  const percent = (share: number): string => `${(100 * share).toFixed(3)}%`;
  console.log(
    `${fault.padEnd(14)} ${some.length} photos, ${
      percent(answered.length / some.length)
    } answered; ` +
      (pairs > 0 ? `${percent(matches / pairs)} of ${pairs} pairs match` : "no pair"),
  );
}
Deno.exit(0);
