// `deno task fuzz [target ...] [--cases n] [--minutes n] [--seed n]`: as many cases as one likes, of all targets or some.
// Without --cases it goes on for --minutes (10 by default), each round with the next seed, and prints what it did.
// deno-lint-ignore-file no-console

import { parseArgs } from "@std/cli";
import { MAX_MS } from "./target.ts";
import { TARGETS } from "./targets.ts";
import { Fuzzer } from "./watch.ts";

const args = parseArgs(Deno.args, { string: ["cases", "minutes", "seed"] });
const wanted = args._.map(String), unknown = wanted.find((name) => !isTarget(name));
if (unknown !== undefined) {
  console.error(`There is no target ${unknown}: ${TARGETS.map(({ name }) => name).join(", ")}`);
  Deno.exit(2);
}
const targets = TARGETS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const cases = args.cases === undefined ? undefined : Number(args.cases);
const end = performance.now() + 60_000 * Number(args.minutes ?? 10);
let seed = Number(args.seed ?? Math.floor(Math.random() * 2 ** 31));

using fuzzer = new Fuzzer();
do {
  for (const { name, cases: share } of targets) {
    const milliseconds = cases === undefined ? Math.max(1, end - performance.now()) : undefined;
    const report = await fuzzer.run({ name, seed, cases: cases ?? share, milliseconds });
    const { refused, slowestMs, largestBytes } = report;
    const rss = Deno.memoryUsage().rss / 2 ** 20;
    console.log(
      `${name.padEnd(22)} seed ${seed}  ${report.cases} cases, ${refused} refused, ` +
        `${Math.round(report.milliseconds)} ms, slowest ${
          Math.round(slowestMs)
        } of ${MAX_MS} ms, ` +
        `largest ${(largestBytes / 2 ** 20).toFixed(1)} MB, process ${rss.toFixed(0)} MB`,
    );
  }
  seed++;
} while (cases === undefined && performance.now() < end);

function isTarget(name: string): boolean {
  return TARGETS.some((target) => target.name === name);
}
