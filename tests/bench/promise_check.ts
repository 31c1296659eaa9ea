// Whether the promise holds for people it was not measured on, and what it costs:
//   deno run -A tests/bench/promise_check.ts <faces> [--models folder] [--real-masks folder]
// Half-split: in many random halves of the people of each group, the threshold for all groups is taken from one half and
// tried on the other. Cost: the share of genuine pairs of the split `validation` that the shipped thresholds miss.
// Both by the scores that decide: normalised where the student has a cohort, else cosines.
// deno-lint-ignore-file no-console

import { rowsOf } from "../../src/base/concat.ts";
import { cropTemplates } from "../../src/cohort/crops.ts";
import { openGroups } from "../../src/cohort/groups.ts";
import { listCrops } from "../../src/distill/data/crop_index.ts";
import { compareFold, type FoldScores } from "../../src/evaluate/fold_pairs.ts";
import {
  groupCurve,
  groupRows,
  type GroupTemplates,
  normalizeGroup,
} from "../../src/evaluate/group_curves.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { MASK_SITUATIONS, type MaskSituation } from "../../src/model/calibration.ts";
import { openModels, packagedModels } from "../../src/model/model.ts";
import { EngineHost } from "../../src/pipeline/engine/host.ts";
import { calibrationsOf } from "../../src/pipeline/score/decide.ts";
import { thresholdForGroups } from "../../src/pipeline/score/groups.ts";
import { parseArgs } from "../../src/std/cli.ts";

const SPLITS = 20;
const FMR = 1e-3;

const { _: [faces], models: folder, "real-masks": realMasks } = parseArgs(Deno.args, {
  string: ["models", "real-masks"],
});
const models = folder ?? packagedModels();
const store = await openModels(models);
const cohort = await store.loadCohort("student");
const entry = store.manifest.student;

const normalized = (group: GroupTemplates): GroupTemplates =>
  cohort ? normalizeGroup(group, cohort) : group;

/** Some rows of a group; people of all ages are compared, as half of one band could not show the rate. */
function part(group: GroupTemplates, rows: readonly number[]): GroupTemplates {
  const take = (values: Float32Array | undefined, size: number): Float32Array | undefined =>
    values && rowsOf(values, rows, size);
  const { name, dim, clean, masked, normalizations: given } = group;
  return {
    name,
    dim,
    clean: take(clean, dim),
    masked: take(masked, dim),
    ...(given &&
      { normalizations: { clean: take(given.clean, 2), masked: take(given.masked, 2) } }),
  };
}

function scoresOf(
  group: GroupTemplates,
  situation: MaskSituation,
  identity?: Uint32Array,
): FoldScores | undefined {
  const sides = groupRows(group, situation);
  if (!sides) return undefined;
  const rows = Uint32Array.from({ length: sides.probes.length / sides.dim }, (_, i) => i);
  return compareFold({ ...sides, identity: identity ?? rows }, rows);
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(3)}%`;
}

const groups = (await openGroups(String(faces), { models, model: "student", realMasks })
  .templates("single")).map(normalized);
const random = randomNumbers(1);
for (const situation of MASK_SITUATIONS) {
  const present = groups.filter((group) => scoresOf(group, situation));
  const matched = new Map(present.map(({ name }) => [name, [] as number[]]));
  for (let split = 0; split < SPLITS; split++) {
    const halves = present.map((group) => {
      const people = (group.clean ?? group.masked)!.length / group.dim;
      const order = Array.from({ length: people }, (_, i) => [random(), i]).sort(([a], [b]) =>
        a - b
      )
        .map(([, i]) => i);
      return [order.slice(0, people >> 1), order.slice(people >> 1)]
        .map((rows) => part(group, rows));
    });
    for (const [from, to] of [[0, 1], [1, 0]]) {
      const curves = halves.map((half) => groupCurve(half[from], situation)!);
      const { threshold } = thresholdForGroups({ source: "", points: [], groups: curves }, FMR);
      for (const half of halves) {
        const { impostor } = scoresOf(half[to], situation)!;
        const rate = impostor.filter((score) => score >= threshold).length / impostor.length;
        matched.get(half[to].name)!.push(rate);
      }
    }
  }
  console.log(`half-split, masks on ${situation}, promised ${percent(FMR)}:`);
  for (const [name, rates] of matched) {
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    console.log(
      `  ${name.padEnd(14)} mean ${percent(mean)}, highest of ${rates.length} ${
        percent(Math.max(...rates))
      }`,
    );
  }
}

const crops = listCrops(String(faces), ["validation"])!.filter(({ identity }) => identity);
await using host = new EngineHost("wasm", store, {});
const read = await cropTemplates(host, String(faces), crops, { model: "student" });
const names = [...new Set(read.crops.map(({ identity }) => identity))];
const identity = Uint32Array.from(read.crops, (crop) => names.indexOf(crop.identity));
const validation = normalized({
  name: "validation",
  dim: read.size,
  clean: read.bare,
  masked: read.masked,
});
for (const situation of MASK_SITUATIONS) {
  const { genuine, impostor } = scoresOf(validation, situation, identity)!;
  const measured = calibrationsOf(entry, false)[situation]!;
  const pooled = measured.points.find(({ fmr }) => fmr === FMR)!.threshold;
  const said = [["pooled", pooled]] as [string, number][];
  if (measured.worst) said.push(["worst group", thresholdForGroups(measured.worst, FMR).threshold]);
  for (const [name, threshold] of said) {
    const missed = genuine.filter((score) => score < threshold).length / genuine.length;
    const matches = impostor.filter((score) => score >= threshold).length / impostor.length;
    console.log(
      `validation, masks on ${situation}, threshold ${name} ${threshold}: FNMR ${
        percent(missed)
      } of ` +
        `${genuine.length}, FMR ${percent(matches)} of ${impostor.length}`,
    );
  }
}
Deno.exit(0);
