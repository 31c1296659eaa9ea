// Searches by normalised scores in every kind of store, and templates from before there were any.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type Candidate,
  createMemoryStore,
  exportStore,
  type GalleryEntry,
  type GalleryStore,
  importStore,
  type Normalizer,
  openFileStore,
  openPostgresStore,
} from "../../src/gallery/mod.ts";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import {
  compareNormalized,
  compareTemplates,
  normalizeTemplate,
  Template,
} from "../../src/pipeline/score/mod.ts";
import { cohortOf } from "./cohort.ts";
import { freshName, pgClient, pgDatabase, testOnStores } from "./stores.ts";
import { KEY, near, people, randomTemplates } from "./templates.ts";

const cohort = await cohortOf(), other = await cohortOf({ seed: 901 });
const normalizer: Normalizer = (templates) =>
  Promise.resolve(templates.map((template) => normalizeTemplate(template, cohort).normalization!));

function normalized(entries: readonly GalleryEntry[], by = cohort): GalleryEntry[] {
  return entries.map(({ identity, templates }) => ({
    identity,
    templates: templates.map((template) => normalizeTemplate(template, by)),
  }));
}

/** People, some with two templates, and probes that look like some of them. */
function crowd(seed: number, count = 40): { entries: GalleryEntry[]; probes: Template[] } {
  const entries = people(seed, count).map(({ identity, templates: [first] }, i) => ({
    identity,
    templates: i % 3 ? [first] : [first, near(first, seed + i)],
  }));
  const probes = [entries[3], entries[5]].map(({ templates: [first] }, i) => near(first, 7 + i));
  return { entries, probes: [...probes, ...randomTemplates(seed + 1000, 1)] };
}

/** What a search has to give, one comparison after the other. */
function bruteForce(entries: readonly GalleryEntry[], probe: Template, k: number): Candidate[] {
  const compare = probe.normalization ? compareNormalized : compareTemplates;
  return entries.map(({ identity, templates }) => {
    const scored = templates.map((template) => ({
      identity,
      score: compare(probe, template),
      cosine: compareTemplates(probe, template),
    }));
    return scored.reduce((a, b) => b.score > a.score ? b : a);
  }).sort((a, b) => b.score - a.score || (a.identity < b.identity ? -1 : 1)).slice(0, k);
}

async function assertFinds(
  store: GalleryStore,
  entries: readonly GalleryEntry[],
  probes: readonly Template[],
): Promise<void> {
  const found = await store.search(probes, 6);
  for (const [i, probe] of probes.entries()) {
    const wanted = bruteForce(entries, probe, 6);
    assertEquals(found[i].map(({ identity }) => identity), wanted.map(({ identity }) => identity));
    for (const [rank, candidate] of found[i].entries()) {
      assertAlmostEquals(candidate.score, wanted[rank].score, 1e-6);
      assertAlmostEquals(candidate.cosine, wanted[rank].cosine, 1e-6);
    }
  }
}

testOnStores("scores are normalised if the probes are, and cosines else", async (store) => {
  const { entries, probes } = crowd(1), stored = normalized(entries);
  await store.put(stored, "add");
  const by = probes.map((probe) => normalizeTemplate(probe, cohort));
  await assertFinds(store, stored, by);
  await assertFinds(store, stored, probes);
  const orders = await Promise.all([by, probes].map((given) => store.search(given, 40)));
  const names = orders.map((found) => found.map((list) => list.map(({ identity }) => identity)));
  assert(`${names[0]}` !== `${names[1]}`, "normalisation changes the order");
  const [{ templates: [held] }] = await Array.fromAsync(store.entries());
  assertEquals(held.normalization?.cohort, cohort.entry.sha256);
  await assertRejects(
    () => store.search([by[0], probes[1]], 1),
    TemplateMismatchError,
    "not all normalised by one cohort",
  );
});

testOnStores("rows keep their normalisation when others go, move and join", async (store) => {
  const { entries, probes } = crowd(2), stored = normalized(entries);
  await store.put(stored, "add");
  await store.remove(["person 0", "person 7", "person 39"]);
  await store.put([{ ...stored[8], templates: [stored[9].templates[0]] }], "replace");
  await store.rename("person 9", "person 10", "merge");
  const left = stored.filter((_, i) => ![0, 7, 9, 39].includes(i)).map((entry) =>
    entry.identity === "person 8"
      ? { ...entry, templates: [stored[9].templates[0]] }
      : entry.identity === "person 10"
      ? { ...entry, templates: [...entry.templates, ...stored[9].templates] }
      : entry
  );
  await assertFinds(store, left, probes.map((probe) => normalizeTemplate(probe, cohort)));
});

testOnStores("older templates are completed once, and refused before", async (store) => {
  const { entries, probes } = crowd(3);
  assertEquals(await store.complete(cohort.entry.sha256, normalizer), 0);
  await store.put(entries, "add");
  const by = probes.map((probe) => normalizeTemplate(probe, cohort));
  await assertRejects(() => store.search(by, 1), TemplateMismatchError, "lack a normalisation");
  const { templates } = await store.count();
  assertEquals(await store.complete(cohort.entry.sha256, normalizer), templates);
  const unused: Normalizer = () => Promise.reject(new Error("nothing is left to normalise"));
  assertEquals(await store.complete(cohort.entry.sha256, unused), 0);
  await assertFinds(store, normalized(entries), by);
  // A program that does not normalise goes on enrolling.
  const late = { identity: "late", templates: randomTemplates(77, 1) };
  await store.put([late], "add");
  await assertRejects(() => store.search(by, 1), TemplateMismatchError);
  assertEquals(await store.complete(cohort.entry.sha256, normalizer), 1);
  await assertFinds(store, normalized([...entries, late]), by);
});

testOnStores("another cohort takes the place of the one before", async (store) => {
  const { entries, probes } = crowd(4);
  await store.put(normalized(entries, other), "add");
  // What is normalised by another cohort than the gallery's is stored, and completed when it is asked for.
  await store.put(normalized([{ identity: "new", templates: randomTemplates(5, 1) }]), "add");
  const { templates } = await store.count();
  assertEquals(await store.complete(cohort.entry.sha256, normalizer), templates);
  const all = [...entries, { identity: "new", templates: randomTemplates(5, 1) }];
  await assertFinds(
    store,
    normalized(all),
    probes.map((probe) => normalizeTemplate(probe, cohort)),
  );
});

testOnStores("a completion that fails loses nothing and can be done again", async (store) => {
  const { entries, probes } = crowd(6, 10);
  await store.put(entries, "add");
  const failing: Normalizer = () => Promise.reject(new InvalidArgumentError("of no use"));
  await assertRejects(() => store.complete(cohort.entry.sha256, failing), InvalidArgumentError);
  await assertFinds(store, entries, probes);
  await store.complete(cohort.entry.sha256, normalizer);
  await assertFinds(store, normalized(entries), probes.map((p) => normalizeTemplate(p, cohort)));
});

testOnStores("equal scores come in the order of the names", async (store) => {
  const [template] = randomTemplates(8, 1), names = ["d", "b", "c", "a"];
  const stored = normalized(names.map((identity) => ({ identity, templates: [template] })));
  await store.put(stored, "add");
  const [found] = await store.search([normalizeTemplate(template, cohort)], 4);
  assertEquals(found.map(({ identity }) => identity), ["a", "b", "c", "d"]);
});

testOnStores("an export brings normalisations along", async (store) => {
  const { entries, probes } = crowd(9, 12), stored = normalized(entries);
  await store.put([...stored, { identity: "plain", templates: randomTemplates(10, 1) }], "add");
  await using copy = createMemoryStore({ device: "wasm" });
  await importStore(copy, exportStore(store), "add");
  const read = async (from: GalleryStore) =>
    (await Array.fromAsync(from.entries())).sort((a, b) => a.identity < b.identity ? -1 : 1)
      .map(({ identity, templates }) => [identity, templates.map((one) => one.normalization)]);
  assertEquals(await read(copy), await read(store));
  await copy.remove(["plain"]);
  await assertFinds(copy, stored, probes.map((probe) => normalizeTemplate(probe, cohort)));
});

/** Written by the version before: ann with one template and bob with two, of four numbers; plain, and sealed by `KEY`. */
const OLD_FILES = {
  plain:
    "TUFTS0lOVkcBAAAAAAAAAFJxYidv7bJPQYCmgDw3kV8AAAAAAAAAAAAAAAAAAAAAUihw4sMAAAAAAAAAAAAAAI/M71wktRF2jwAAAHsia2luZCI6ImFkZCIsIm1vZGVsIjp7Im1vZGVsIjoiZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZiIsInNpemUiOjR9LCJpZGVudGl0aWVzIjpbWyJhbm4iLDFdLFsiYm9iIiwyXV197AXRPuwFUT8AAAAA7AXRPgAAAAA6zRM/Os0TPzrNE78AAAAA7AXRPuwFUT/sBdG+",
  sealed:
    "TUFTS0lOVkcBAAAAAQAAAHFs9D5ZTxqTMjvbZKsGLVMTNdGs9YOJ06rk8wj0rdxJLcClesMAAAAAAAAAAAAAAI/M71z2yQA5SFyLw6RVMuCrTxNnpiLu7BL/XlayE3POCMDVXzdFxEqrUoiVd29Yjaiyr98lmh6iHh02XpBOwRl1bd9y/qNn8lZzLyjB9JoX3wI52pOFLYvKAH4P5bRSV9D73lt1sVajIqIqFzgPsix3JKQUEMEGb6u8TLWXtxR4ru5w8v1yhGh8ZfGMTmzjsvdGuuD9obJlAI5i5gKlWgpaMKLP4Tq4d4ieqZ/G1JGiLpwT2I1nPF0Xiez23o7RIIYRyROEecUJqy898vRaAzFTTzQNqQ+SwbcEXiRie4a4qcRV",
};

for (const [kind, file] of Object.entries(OLD_FILES)) {
  Deno.test(`a file of version 1 is read, completed and then of version 2 (${kind})`, async () => {
    const small = await cohortOf({ size: 4 }), folder = await Deno.makeTempDir();
    const path = `${folder}/gallery.log`;
    const bytes = Uint8Array.from(atob(file), (character) => character.charCodeAt(0));
    await Deno.writeFile(path, bytes);
    const options = { device: "wasm", key: kind === "sealed" ? KEY : undefined } as const;
    const [ann] = [new Template([1, 2, 0, 1], "f".repeat(64))];
    const probe = normalizeTemplate(ann, small);
    {
      await using store = await openFileStore(folder, options);
      assertEquals(await store.count(), { identities: 2, templates: 3 });
      // What has no normalisation goes into the file as it is.
      await store.put([{ identity: "cat", templates: [ann] }], "add");
      assertEquals((await Deno.readFile(path))[8], 1);
      // What has one makes a new file of it first.
      await store.put([{ identity: "dan", templates: [probe] }], "add");
      assertEquals((await Deno.readFile(path))[8], 2);
      const normalize: Normalizer = (templates) =>
        Promise.resolve(templates.map((one) => normalizeTemplate(one, small).normalization!));
      assertEquals(await store.complete(small.entry.sha256, normalize), 4);
    }
    await using store = await openFileStore(folder, options);
    const [found] = await store.search([probe], 5);
    assertEquals(found.map(({ identity }) => identity), ["ann", "cat", "dan", "bob"]);
    assertAlmostEquals(found[0].score, compareNormalized(probe, probe), 1e-6);
  });
}

Deno.test("an export of version 1 is imported", async () => {
  const lines = [
    `{"format":"maskinv-gallery","version":1,"model":{"model":"${"f".repeat(64)}","size":4}}`,
    '{"identity":"ann","templates":["7AXRPuwFUT8AAAAA7AXRPg=="]}',
    '{"identity":"bob","templates":["AAAAADrNEz86zRM/Os0Tvw==","AAAAAOwF0T7sBVE/7AXRvg=="]}',
    '{"identities":2,"templates":3,"sha256":"80dde599de5758d202c1206f423b4ebc5f73c813bb6477de7076e60c54916698"}',
  ];
  await using store = createMemoryStore({ device: "wasm" });
  assertEquals(await importStore(store, lines, "add"), { identities: 2, templates: 3 });
});

Deno.test("tables of version 2 get a place for normalisations", async () => {
  const name = freshName(), { entries, probes } = crowd(11);
  await (await openPostgresStore(pgClient(), { name })).put(entries, "add");
  await pgDatabase().exec(`ALTER TABLE ${name}_meta DROP COLUMN cohort;
    ALTER TABLE ${name}_template DROP COLUMN gain, DROP COLUMN shift;
    UPDATE ${name}_meta SET version = 2`);
  const store = await openPostgresStore(pgClient(), { name, create: false });
  await assertFinds(store, entries, probes);
  assert(await store.complete(cohort.entry.sha256, normalizer) > 0);
  await assertFinds(store, normalized(entries), probes.map((p) => normalizeTemplate(p, cohort)));
  // Tables without any template have nothing to alter.
  const empty = freshName();
  await openPostgresStore(pgClient(), { name: empty });
  await pgDatabase().exec(`ALTER TABLE ${empty}_meta DROP COLUMN cohort;
    UPDATE ${empty}_meta SET version = 2`);
  const again = await openPostgresStore(pgClient(), { name: empty, create: false });
  await again.put(normalized(entries), "add");
  await assertFinds(again, normalized(entries), probes.map((p) => normalizeTemplate(p, cohort)));
});
