// Each face network of the package, through the whole path.

import { assert, assertEquals, assertGreater } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { photo } from "../hosts.ts";

Deno.test("student and fast tell people apart by thresholds of their own, behind a mask too", async () => {
  const thresholds: number[] = [];
  for (const model of ["student", "fast"]) {
    await using verifier = await createVerifier({ device: "wasm", model });
    for (
      const [other, decision] of [["collins_masked", "match"], ["hopper", "no-match"]] as const
    ) {
      const result = await verifier.verify(photo("collins"), photo(other));
      assert(result.kind === "compared", `${model}: ${result.kind}`);
      assertEquals([result.model.name, result.decision], [model, decision]);
      assert(result.rule.measured !== undefined);
      thresholds.push(result.rule.threshold);
    }
  }
  assertEquals(new Set(thresholds).size, 4);
});

Deno.test("the teacher knows bare faces and has no threshold", async () => {
  await using verifier = await createVerifier({ device: "wasm", model: "teacher" });
  const scores: number[] = [];
  for (const other of ["collins_mirrored", "hopper"]) {
    const result = await verifier.verify(photo("collins"), photo(other));
    assert(result.kind === "scored", result.kind);
    scores.push(result.score);
  }
  assertGreater(scores[0], scores[1] + 0.5);
});
