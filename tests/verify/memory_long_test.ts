// What a verifier keeps over many verifies.

import { assertEquals } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { loadImage } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";

Deno.test("verifies in a row keep no memory on wasm", async () => {
  const [collins, hopper] = await Promise.all(
    ["collins_crop", "hopper_crop"].map((name) => loadImage(photo(name))),
  );
  await using verifier = await createVerifier({ device: "wasm" });
  for (let i = 0; i < 30; i++) await verifier.verify(collins, hopper);
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 100; i++) await verifier.verify(collins, hopper);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  // A leak of one photo or crop a verify would be more than 15 MB.
  assertEquals(grown < 40, true, `${grown.toFixed(1)} MB`);
});
