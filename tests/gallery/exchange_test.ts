import { assertEquals, assertRejects } from "@std/assert";
import { TemplateMismatchError } from "../../src/base/errors.ts";
import {
  clusterPairs,
  createMemoryStore,
  exportStore,
  findDuplicates,
  GalleryCorruptError,
  type GalleryStore,
  importStore,
} from "../../src/gallery/mod.ts";
import { compareTemplates, Template } from "../../src/pipeline/score/mod.ts";
import { near, people, randomTemplates } from "./templates.ts";

async function filled(seed: number, count: number): Promise<GalleryStore> {
  const store = createMemoryStore({ device: "wasm" });
  await store.put(people(seed, count), "add");
  return store;
}

Deno.test("what is exported comes back, beside or in the place of what is there", async () => {
  await using from = await filled(61, 20);
  await using to = createMemoryStore({ device: "wasm" });
  const lines = await Array.fromAsync(exportStore(from));
  assertEquals(lines.length, 22);
  assertEquals(await importStore(to, lines, "add"), { identities: 20, templates: 20 });
  const [probe] = await to.templates("person 4");
  assertEquals(
    compareTemplates(probe, (await from.templates("person 4"))[0]).toFixed(6),
    "1.000000",
  );
  await importStore(to, [...lines, ""], "add");
  assertEquals(await to.count(), { identities: 20, templates: 40 });
  await importStore(to, lines, "replace");
  assertEquals(await to.count(), { identities: 20, templates: 20 });
  await using empty = createMemoryStore();
  assertEquals(await importStore(to, exportStore(empty), "add"), { identities: 0, templates: 0 });
});

Deno.test("a text that was cut, changed or is of another model leaves the store as it was", async () => {
  await using from = await filled(62, 5);
  await using to = await filled(63, 2);
  const lines = await Array.fromAsync(exportStore(from));
  const changed = lines.with(2, lines[2].replace(/.(?="\]\})/, (last) => last === "A" ? "B" : "A"));
  const broken: [string, string[]][] = [
    ["cut", lines.slice(0, -1)],
    ["a line lost", lines.toSpliced(2, 1)],
    ["swapped", [lines[0], lines[2], lines[1], ...lines.slice(3)]],
    ["changed", changed],
    ["more after the end", [...lines, lines[1]]],
    ["no JSON", lines.with(1, "hello")],
    ["no head", lines.slice(1)],
    ["newer", lines.with(0, lines[0].replace('"version":2', '"version":3'))],
    ["short", lines.with(1, '{"identity":"x","templates":["AAAA"]}')],
    ["nothing", []],
  ];
  for (const [what, text] of broken) {
    await assertRejects(() => importStore(to, text, "add"), GalleryCorruptError, "line", what);
  }
  await using other = createMemoryStore();
  const [template] = randomTemplates(64, 1);
  const foreign = new Template(template.embedding, "another model");
  await other.put([{ identity: "x", templates: [foreign] }], "add");
  await assertRejects(() => importStore(to, exportStore(other), "add"), TemplateMismatchError);
  assertEquals(await to.count(), { identities: 2, templates: 2 });
});

Deno.test("duplicates are found across blocks, each pair once with its best score, and joined to groups", async () => {
  await using store = createMemoryStore({ device: "wasm" });
  const entries = people(65, 2500);
  await store.put(entries, "add");
  const [first, second] = [entries[10].templates[0], entries[2400].templates[0]];
  await store.put([
    { identity: "copy a", templates: [near(first, 1, 0.3), near(first, 2, 0.1)] },
    { identity: "copy b", templates: [near(first, 3, 0.1)] },
    { identity: "copy c", templates: [near(second, 4, 0.1)] },
  ], "add");
  const pairs = await findDuplicates(store, 0.7);
  assertEquals(pairs.map(({ identities }) => identities.join(" + ")).sort(), [
    "copy a + copy b",
    "copy a + person 10",
    "copy b + person 10",
    "copy c + person 2400",
  ]);
  const [copy] = (await store.templates("copy a")).slice(1);
  const pair = pairs.find(({ identities: [a, b] }) => a === "copy a" && b === "person 10");
  assertEquals(pair!.score.toFixed(4), compareTemplates(copy, first).toFixed(4));
  assertEquals(clusterPairs(pairs), [["copy a", "copy b", "person 10"], ["copy c", "person 2400"]]);
  await using empty = createMemoryStore();
  assertEquals(clusterPairs(await findDuplicates(empty, 0.5)), []);
});
