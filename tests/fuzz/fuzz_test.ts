// Broken files, requests and command lines: a tenth of what fuzz_long_test.ts runs, of each target.
// Seeds are fixed, so that a run that was green stays green; what fails prints the seed and the smallest case.

import { assertEquals } from "@std/assert";
import { TARGETS } from "./targets.ts";
import { Fuzzer } from "./watch.ts";

Deno.test("fuzz: 1,000 cases end in a value or an error of ours, in time", async () => {
  using fuzzer = new Fuzzer();
  let done = 0;
  for (const { name, cases } of TARGETS) {
    done += (await fuzzer.run({ name, cases: Math.ceil(cases / 10), seed: 20261126 })).cases;
  }
  assertEquals(done >= 1000, true, `${done} cases`);
});
