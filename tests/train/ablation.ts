// What each part of the student's training brings: trainings of equal length that differ in one part, with the same seeds and
// the same start, compared on the validation split. Needs a Python with torch. What is done already is not done again.
//
//   deno run -A tests/train/ablation.ts config.json out [steps]
//
// `config.json` is a training of `distill`, its "start" a network with few masks seen, such as the one that `distill --fit`
// writes; `out` gets a folder for each training, `ablation.md` and `ablation.svg`.

// deno-lint-ignore-file no-console

import { trainOnTorch } from "../../src/distill/torch/trainer.ts";
import { checkConfig, type DistillConfig } from "../../src/distill/train/config.ts";
import { readLog, type ValidationLine } from "../../src/distill/train/log.ts";
import { drawing } from "../../src/evaluate/report/drawing.ts";
import { COLORS } from "../../src/evaluate/report/legend.ts";

const KD = { kd: 1.5 };
const CENTRES = { centres: { weight: 0.2, margin: 0.15, temperature: 0.06, alike: 0.45 } };
const RELATIONAL = { relational: { weight: 30 } };
/** So that each origin of the index is drawn about as often as Asian faces, the largest with a label. */
const BALANCED = { originWeights: { white: 3, black: 6, indian: 7, other: 10 } };

/** What differs from the configuration; each has what the one above it has, but the last. */
const VARIANTS: readonly { name: string; loss: object; samples?: object }[] = [
  { name: "KD, no masks", loss: KD, samples: { maskProbability: 0 } },
  { name: "with masks", loss: KD },
  { name: "+ centres", loss: { ...KD, ...CENTRES } },
  { name: "+ relational", loss: { ...KD, ...CENTRES, ...RELATIONAL } },
  { name: "+ balanced origins", loss: { ...KD, ...CENTRES, ...RELATIONAL }, samples: BALANCED },
  {
    name: "MaskInv as published",
    loss: { templates: 3000, classes: 1, scale: 64, margin: 0.5, deviation: 0.05 },
  },
];

const [path, out, steps = "400"] = Deno.args;
const base = JSON.parse(Deno.readTextFileSync(path));

function configOf({ name, loss, samples }: typeof VARIANTS[number]): DistillConfig {
  const length = Number(steps), folder = `${out}/${name.toLowerCase().match(/\w+/g)!.join("-")}`;
  return checkConfig({
    ...base,
    loss,
    samples: { ...base.samples, ...samples },
    steps: length,
    validateEvery: Math.ceil(length / 3),
    checkpointEvery: length,
    out: folder,
  }, name);
}

function validations({ out }: DistillConfig): ValidationLine[] {
  return readLog(`${out}/log.jsonl`)
    .filter((line): line is ValidationLine => "validation" in line);
}

const rows: { name: string; found: ValidationLine[] }[] = [];
for (const variant of VARIANTS) {
  const config = configOf(variant);
  if (validations(config).at(-1)?.step !== config.steps) {
    await Deno.remove(config.out, { recursive: true }).catch(() => {});
    await trainOnTorch(config, {
      progress: (text) => console.error(`${variant.name}: ${text}`),
    });
  }
  rows.push({ name: variant.name, found: validations(config) });
}

const percent = (value = NaN): string => `${(100 * value).toFixed(2)}%`;
const line = (name: string, { validation: v }: ValidationLine): string =>
  `| ${name} | ${percent(v.eer)}, ${v.tar1000?.toFixed(3)} | ${percent(v.bareEer)}, ${
    v.bareTar1000?.toFixed(3)
  } | ${v.maskedMedian.toFixed(3)} | ${v.cleanMedian.toFixed(3)} |`;
const table = [
  "| | one masked: EER, TAR at FMR 1e-3 | bare: EER, TAR at FMR 1e-3 | cosine to the teacher's, masked | bare |",
  "| --- | --- | --- | --- | --- |",
  line("start", rows[0].found[0]),
  ...rows.map(({ name, found }) => line(name, found.at(-1)!)),
].join("\n");
console.log(table);
await Deno.writeTextFile(`${out}/ablation.md`, `${table}\n`);

const { Plot, draw } = await drawing();
const points = rows.flatMap(({ name, found }) =>
  found.map(({ step, validation: { tar1000 } }) => ({ name, step, tar: tar1000 }))
);
const names = rows.map(({ name }) => name);
const svg = draw(
  {
    x: { label: "steps", labelAnchor: "center" },
    y: { label: "TAR at FMR 0.1%, one masked", grid: true, labelAnchor: "center" },
    color: { domain: names, range: COLORS },
    marks: [
      Plot.lineY(points, { x: "step", y: "tar", stroke: "name" }),
      Plot.dot(points, { x: "step", y: "tar", fill: "name" }),
    ],
  },
  names.map((label, i) => ({ label, color: COLORS[i] })),
  320,
);
await Deno.writeTextFile(`${out}/ablation.svg`, svg);
