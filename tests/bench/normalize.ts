// What normalised scores add to an identification, in CPU time and in wall time, both kinds by turns in one run:
//   deno run -A tests/bench/normalize.ts [--size 100000] [--device wasm] [--rounds 30]
// Templates are chance directions of 512 numbers, the cohort is as large as the student's; a probe is a template without
// its normalisation, so that what its own scores with the cohort take is counted as well.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import process from "node:process";
import type { DeviceChoice } from "../../mod.ts";
import {
  createGallery,
  createMemoryStore,
  type Gallery,
  searchThresholds,
} from "../../src/gallery/mod.ts";
import type { Cohort } from "../../src/model/cohort.ts";
import { Template } from "../../src/pipeline/score/mod.ts";

const args = parseArgs(Deno.args, {
  string: ["size", "device", "rounds"],
  default: { size: "100000", device: "wasm", rounds: "30" },
});
const SIZE = Number(args.size), ROUNDS = Number(args.rounds);
const DIMENSIONS = 512, CENTRES = 1466, NETWORK = "f".repeat(64), WARM_UP = 5;

function randomTemplate(): Template {
  return new Template(Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5), NETWORK);
}

function randomCohort(): Cohort {
  const rows = new Float32Array(CENTRES * DIMENSIONS), part = { people: 5, centres: CENTRES / 2 };
  for (let i = 0; i < CENTRES; i++) rows.set(randomTemplate().embedding, i * DIMENSIONS);
  const entry = {
    ...{ file: "bench", sha256: "c".repeat(64), network: NETWORK, origin: "bench" },
    ...{ bare: part, masked: part, nearest: 50, mean: 0.2, deviation: 0.05 },
  };
  return { entry, size: DIMENSIONS, rows };
}

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

async function cost(task: () => Promise<unknown>): Promise<Cost> {
  const start = performance.now(), before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - start };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

await using store = createMemoryStore({ device: args.device as DeviceChoice });
for (let i = 0; i < SIZE; i += 1000) {
  const entries = Array.from({ length: Math.min(1000, SIZE - i) }, (_, k) => ({
    identity: `person ${i + k}`,
    templates: [randomTemplate()],
  }));
  await store.put(entries, "add");
}
const normalized = createGallery({ store, thresholds: searchThresholds({}, randomCohort()) });
const plain = createGallery({ store, thresholds: searchThresholds({}) });
const completed = await cost(() => normalized.complete());
console.log(
  `completing ${SIZE} templates: ${(completed.cpu / 1000).toFixed(1)} s of CPU, once`,
);
const costs = { plain: [] as Cost[], normalized: [] as Cost[] };
for (let i = -WARM_UP; i < ROUNDS; i++) {
  const probe = randomTemplate();
  const search = (gallery: Gallery): Promise<Cost> => cost(() => gallery.identify(probe, { k: 5 }));
  // By turns, so that neither has the warmer memory.
  const first = i % 2 ? plain : normalized, second = i % 2 ? normalized : plain;
  const [a, b] = [await search(first), await search(second)];
  if (i < 0) continue;
  costs.plain.push(first === plain ? a : b);
  costs.normalized.push(first === plain ? b : a);
}
for (const kind of ["cpu", "wall"] as const) {
  const [cosines, scores] = [costs.plain, costs.normalized].map((list) =>
    median(list.map((one) => one[kind]))
  );
  const added = costs.normalized.map((one, i) => one[kind] / costs.plain[i][kind] - 1);
  console.log(
    `${kind}: cosines ${cosines.toFixed(1)} ms, normalised ${scores.toFixed(1)} ms, ` +
      `${(100 * (scores / cosines - 1)).toFixed(1)}% more (median of ${ROUNDS} pairs: ` +
      `${(100 * median(added)).toFixed(1)}%)`,
  );
}
