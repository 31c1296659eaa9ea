// 10,000 broken files, requests and command lines; `deno task fuzz` runs as many as one likes.
// Seeds are fixed, so that a run that was green stays green; what fails prints the seed and the smallest case.

import { assertEquals } from "@std/assert";
import { Fuzzer } from "./watch.ts";
import { TARGETS } from "./targets.ts";

/** How much the process may grow over all cases: decoders keep some memory, leaks of 10,000 cases would be more. */
const MAX_GROWN_MB = 500;

Deno.test("fuzz: 10,000 cases end in a value or an error of ours, in time and within memory", async () => {
  using fuzzer = new Fuzzer();
  const before = Deno.memoryUsage().rss;
  let done = 0;
  for (const { name, cases } of TARGETS) {
    done += (await fuzzer.run({ name, cases, seed: 20261125 })).cases;
  }
  assertEquals(done, TARGETS.reduce((sum, { cases }) => sum + cases, 0));
  assertEquals(done >= 10_000, true, `${done} cases`);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assertEquals(grown < MAX_GROWN_MB, true, `${grown.toFixed(0)} MB`);
});
