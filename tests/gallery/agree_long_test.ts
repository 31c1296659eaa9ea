import { assertAlmostEquals, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { createMemoryStore } from "../../src/gallery/mod.ts";
import { STORES } from "./stores.ts";
import { near, people } from "./templates.ts";

const entries = people(11, 10_000);
/** Half of the probes are of people in the gallery. */
const probes = [...people(12, 10), ...entries.slice(0, 4000).filter((_, i) => i % 400 === 0)]
  .map(({ templates: [template] }, i) => near(template, 1000 + i, 0.05));

for (const [kind, open] of Object.entries(STORES)) {
  if (kind === "memory") continue;
  Deno.test(`10,000 templates of 192 numbers: ids and scores of memory [${kind}]`, async () => {
    await using memory = createMemoryStore({ device: "wasm" });
    await using store = await open();
    // A graph of 10,000 takes PGlite a minute, and is approximate: a part of them says enough.
    const part = kind.includes("HNSW") ? entries.slice(0, 600) : entries;
    await memory.put(part, "add");
    for (let i = 0; i < part.length; i += 2500) await store.put(part.slice(i, i + 2500), "add");
    const wanted = await memory.search(probes, 10), found = await store.search(probes, 10);
    if (kind.includes("HNSW")) {
      const hits = wanted.flatMap((candidates, i) =>
        candidates.filter(({ identity }) => found[i].some((own) => own.identity === identity))
      );
      assertGreaterOrEqual(hits.length, 0.9 * 10 * probes.length);
      return;
    }
    wanted.forEach((candidates, i) => {
      assertEquals(found[i].map((own) => own.identity), candidates.map((own) => own.identity));
      candidates.forEach(({ score }, at) => assertAlmostEquals(found[i][at].score, score, 1e-6));
    });
    assertEquals(found[10][0].identity, "person 0");
  });
}
