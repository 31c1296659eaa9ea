// What a gallery adds to a plain loop over a list, as ratios from one run:
//   deno run -A tests/bench/gallery.ts [--sizes 10000,100000] [--device wasm,webgpu]
// The loop multiplies, adds and keeps the best ten, in plain TypeScript over an array of templates.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import type { DeviceChoice } from "../../mod.ts";
import {
  createMemoryStore,
  type GalleryEntry,
  type GalleryStore,
  openFileStore,
} from "../../src/gallery/mod.ts";
import { Template } from "../../src/pipeline/score/mod.ts";

const args = parseArgs(Deno.args, {
  string: ["sizes", "device"],
  default: { sizes: "10000,100000", device: "wasm" },
});
const DIMENSIONS = 512, K = 10, ROUNDS = 15;

function randomTemplate(): Template {
  return new Template(Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5), "bench");
}

async function time(task: () => unknown): Promise<number> {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

/** The fastest of some rounds, after as many to warm up. */
async function fastest(task: () => unknown, rounds = ROUNDS): Promise<number> {
  let best = Infinity;
  for (let i = -Math.min(rounds, 5); i < rounds; i++) best = Math.min(best, await time(task));
  return best;
}

function plainSearch(entries: readonly GalleryEntry[], { embedding: probe }: Template): unknown {
  const scored = entries.map(({ identity, templates: [{ embedding }] }) => {
    let score = 0;
    for (let i = 0; i < probe.length; i++) score += probe[i] * embedding[i];
    return { identity, score };
  });
  return scored.sort((a, b) => b.score - a.score).slice(0, K);
}

async function measure(
  name: string,
  store: GalleryStore,
  entries: readonly GalleryEntry[],
  plain: { put: number; one: number },
): Promise<void> {
  const ratio = (value: number, to: number): string =>
    `${value.toFixed(2)} ms (${(value / to).toFixed(2)}x)`;
  const put = await time(async () => {
    for (let i = 0; i < entries.length; i += 1000) {
      await store.put(entries.slice(i, i + 1000), "add");
    }
  });
  const probes = Array.from({ length: 100 }, randomTemplate);
  const one = await fastest(() => store.search(probes.slice(0, 1), K));
  const hundred = await fastest(() => store.search(probes, K), 3) / 100;
  const single = await fastest(() =>
    store.put([{ identity: "one", templates: [probes[0]] }], "replace")
  );
  console.log(
    `  ${name.padEnd(18)} enrol all ${ratio(put, plain.put)}, one more ${single.toFixed(2)} ms, ` +
      `search ${ratio(one, plain.one)}, each of 100 at once ${ratio(hundred, plain.one)}`,
  );
}

for (const size of args.sizes!.split(",").map(Number)) {
  const entries = Array.from({ length: size }, (_, i) => ({
    identity: `person ${i}`,
    templates: [randomTemplate()],
  }));
  const map = new Map<string, Template[]>();
  const put = await time(() => {
    for (const { identity, templates } of entries) map.set(identity, [...templates]);
  });
  const probe = randomTemplate();
  const one = await fastest(() => plainSearch(entries, probe));
  console.log(`${size} templates: plain map and loop: ${put.toFixed(2)} ms, ${one.toFixed(2)} ms`);
  for (const device of args.device!.split(",") as DeviceChoice[]) {
    await using memory = createMemoryStore({ device });
    await measure(`memory, ${device}`, memory, entries, { put, one });
  }
  const key = crypto.getRandomValues(new Uint8Array(32));
  const folder = await Deno.makeTempDir();
  {
    await using file = await openFileStore(folder, { key: () => key, device: "wasm" });
    await measure("encrypted file", file, entries, { put, one });
  }
  const reopened = await time(async () => {
    await using _file = await openFileStore(folder, { key: () => key, device: "wasm" });
  });
  console.log(`  the encrypted file opens again in ${reopened.toFixed(0)} ms`);
  await Deno.remove(folder, { recursive: true });
}
