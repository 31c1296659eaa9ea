// maskinv beside other packages in one run, each in a process of its own: time, memory, size, and accuracy on LFW.
//   deno task bench:peers                                  # everything; goes on where a stopped run was
//   deno task bench:peers --only maskinv --skip-times      # maskinv's accuracy again, the rest from the cache
//   deno task bench:peers --skip-accuracy --rounds 60      # times alone, of all, as they are compared
// With --write, the tables go into README.md.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { measureAccuracy } from "./accuracy.ts";
import { PEERS } from "./install.ts";
import { choosePairs } from "./photos.ts";
import { replaceTables, type Results, tables } from "./table.ts";
import { measureTimes } from "./timing.ts";

const args = parseArgs(Deno.args, {
  string: ["only", "cache", "rounds", "step"],
  boolean: ["skip-accuracy", "skip-times", "write"],
  default: { cache: "/tmp/maskinv-peers", rounds: "40", step: "6" },
});
const cache = args.cache!;
const only = args.only?.split(",");
const file = `${cache}/results.json`;
await Deno.mkdir(cache, { recursive: true });
if (!args["skip-accuracy"]) {
  const pairs = await choosePairs(Number(args.step));
  const native = PEERS.find(({ name }) => name === "maskinv-native")!;
  const chosen = PEERS.filter(({ name, accuracy }) => accuracy && (only?.includes(name) ?? true));
  for (const peer of chosen) {
    const say = (text: string): void => console.error(`${peer.name}: ${text}`);
    const measured = await measureAccuracy(peer, native, pairs, cache, say);
    await keep(({ times, accuracy }) => ({
      times,
      accuracy: { ...accuracy, [peer.name]: measured },
    }));
  }
}
if (!args["skip-times"]) {
  const times = await measureTimes(Number(args.rounds), cache, console.error);
  await keep(({ accuracy }) => ({ times, accuracy }));
}
const results = await read();
console.log(tables(results));
if (args.write) {
  const readme = new URL("../../../README.md", import.meta.url);
  await Deno.writeTextFile(readme, replaceTables(await Deno.readTextFile(readme), results));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", readme.pathname] }).output();
}

/** What is there now: other runs, of other peers, may be adding to it. */
async function read(): Promise<Results> {
  return await Deno.readTextFile(file).then(JSON.parse, () => ({ accuracy: {} }));
}

async function keep(change: (results: Results) => Results): Promise<void> {
  const part = `${file}.${Deno.pid}`;
  await Deno.writeTextFile(part, JSON.stringify(change(await read()), null, 2));
  await Deno.rename(part, file);
}
