import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import {
  createGallery,
  createMemoryStore,
  type GalleryStore,
  IdentityExistsError,
  openFileStore,
  openPostgresStore,
} from "../../src/gallery/mod.ts";
import { foldName, namePattern } from "../../src/gallery/names.ts";
import { compareTemplates, type Template } from "../../src/pipeline/score/mod.ts";
import { freshName, pgClient, pgDatabase, testOnStores } from "./stores.ts";
import { KEY, randomTemplates } from "./templates.ts";

/** Whether an identity has exactly these templates, in order. */
async function assertHas(
  store: GalleryStore,
  identity: string,
  wanted: readonly Template[],
): Promise<void> {
  const found = await store.templates(identity);
  assertEquals(found.length, wanted.length, identity);
  found.forEach((own, i) =>
    assert(compareTemplates(own, wanted[i]) > 0.999999, `${identity} ${i}`)
  );
}

async function listed(store: GalleryStore): Promise<string[]> {
  const all = await Array.fromAsync(store.identities());
  return all.map(({ identity, templates }) => `${identity} ${templates}`).sort();
}

testOnStores("rename moves templates, joins them if told, and else refuses", async (store) => {
  const [a, b, c, d] = randomTemplates(71, 4);
  assertEquals(await store.rename("ann", "bob", "rename"), 0);
  await store.put(
    [{ identity: "ann", templates: [a, b] }, { identity: "bob", templates: [c] }],
    "add",
  );
  assertEquals(await listed(store), ["ann 2", "bob 1"]);
  await assertRejects(
    () => store.rename("ann", "bob", "rename"),
    IdentityExistsError,
    "ann to bob",
  );
  assertEquals(await listed(store), ["ann 2", "bob 1"]);
  assertEquals(await store.rename("nobody", "bob", "rename"), 0);
  assertEquals(await store.rename("ann", "ann", "rename"), 2);
  assertEquals(await store.rename("ann", "Änne", "rename"), 2);
  assertEquals(await listed(store), ["bob 1", "Änne 2"]);
  assertEquals((await store.search([a], 1))[0][0].identity, "Änne");
  assertEquals(await store.rename("Änne", "bob", "merge"), 2);
  assertEquals(await listed(store), ["bob 3"]);
  await assertHas(store, "bob", [c, a, b]);
  assertEquals((await store.search([b], 5))[0].map(({ identity }) => identity), ["bob"]);
  await store.put([{ identity: "ann", templates: [d] }], "add");
  assertEquals(await store.rename("bob", "bob 2", "merge"), 3);
  await assertHas(store, "bob 2", [c, a, b]);
  await assertHas(store, "ann", [d]);
  assertEquals(await store.remove(["bob 2"]), 1);
  assertEquals(await listed(store), ["ann 1"]);
  await assertRejects(() => store.rename("ann", "", "rename"), InvalidArgumentError);
});

testOnStores("names that differ in case, blanks or Unicode forms only are found", async (store) => {
  const [template] = randomTemplates(72, 1), templates = [template];
  assertEquals([...await store.namesLike("ann")], []);
  const names = [
    "Ann Lee",
    "ann lee",
    "ANN\u00a0LEE",
    "AnnLee",
    "Ann Le",
    "Straße",
    "STRASSE",
    "ﬁn",
  ];
  await store.put(names.map((identity) => ({ identity, templates })), "add");
  assertEquals([...await store.namesLike("Ann  Lee")], [
    "ANN\u00a0LEE",
    "Ann Lee",
    "AnnLee",
    "ann lee",
  ]);
  assertEquals([...await store.namesLike("Straße")], ["STRASSE"]);
  assertEquals([...await store.namesLike("Fin")], ["ﬁn"]);
  assertEquals([...await store.namesLike("Ann")], []);
  await store.rename("ann lee", "Fin", "rename");
  await store.remove(["AnnLee", "ANN\u00a0LEE"]);
  assertEquals([...await store.namesLike("annlee")], ["Ann Lee"]);
  assertEquals([...await store.namesLike("fin")], ["Fin", "ﬁn"]);
});

Deno.test("a renamed identity is renamed for good, and the old name is gone from the disk", async () => {
  const folder = await Deno.makeTempDir(), [a, b] = randomTemplates(73, 2);
  const names = ["old-name", "other"];
  {
    await using store = await openFileStore(folder, { device: "wasm" });
    await store.put(names.map((identity, i) => ({ identity, templates: [[a], [b]][i] })), "add");
    await Promise.all([
      store.rename("old-name", "new-name", "rename"),
      store.put([{ identity: "new-name", templates: [b] }], "add"),
    ]);
    await assertHas(store, "new-name", [a, b]);
  }
  const text = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/gallery.log`));
  assertEquals([text.includes("old-name"), text.includes("new-name")], [false, true]);
  await using store = await openFileStore(folder, { device: "wasm", create: false });
  await assertHas(store, "new-name", [a, b]);
  await assertHas(store, "other", [b]);
});

Deno.test("tables of the version before are brought up, names and all", async () => {
  const name = freshName(), [template] = randomTemplates(74, 1);
  const people = Array.from({ length: 2100 }, (_, i) => ({
    identity: `Person ${i}`,
    templates: [template],
  }));
  await (await openPostgresStore(pgClient(), { name })).put(people, "add");
  const database = pgDatabase();
  await database.exec(`ALTER TABLE ${name}_identity DROP COLUMN folded;
    ALTER TABLE ${name}_meta DROP COLUMN cohort;
    ALTER TABLE ${name}_template DROP COLUMN gain, DROP COLUMN shift;
    UPDATE ${name}_meta SET version = 1`);
  const store = await openPostgresStore(pgClient(), { name, create: false });
  assertEquals([...await store.namesLike("PERSON2099")], ["Person 2099"]);
  await store.put([{ identity: "person 7", templates: [template] }], "add");
  assertEquals([...await store.namesLike("person 7")], ["Person 7"]);
  assertEquals((await Array.fromAsync(store.identities())).length, 2101);
});

Deno.test("Gallery.rename holds back what may be a mistake", async () => {
  await using gallery = createGallery({ store: createMemoryStore({ device: "wasm" }) });
  const [a, b, c] = randomTemplates(75, 3);
  for (const [name, template] of [["Ann", a], ["bob", b], ["cat", c]] as const) {
    await gallery.enrol(name, template);
  }
  assertEquals(await gallery.rename("nobody", "x"), { kind: "not-enrolled" });
  await assertRejects(() => gallery.rename("bob", "cat"), IdentityExistsError);
  await assertRejects(() => gallery.rename("bob", " \u200b "), InvalidArgumentError, "blanks only");
  // Its own name in another case is no mistake; that of another is.
  assertEquals((await gallery.rename("bob", "Bob")).kind, "renamed");
  const held = await gallery.rename("cat", "ann");
  assert(held.kind === "doubtful");
  assertEquals(held.doubts.map(({ kind, identity }) => [kind, identity]), [[
    "similar-name",
    "Ann",
  ]]);
  const forced = await gallery.rename("cat", "ann", { force: true });
  assert(forced.kind === "renamed" && forced.doubts?.length === 1);
  assertEquals((await gallery.rename("ann", "Ann", { merge: true, force: true })).kind, "renamed");
  assertEquals(await gallery.count(), { identities: 2, templates: 3 });
});

Deno.test("patterns: * and ?, all else as it stands", () => {
  const fits = (pattern: string, name: string): boolean => namePattern(pattern)(name);
  for (
    const [pattern, name] of [["a*", "a"], ["*", ""], ["a?c", "a😀c"], ["a.c", "a.c"], ["**b", "b"]]
  ) {
    assertEquals(fits(pattern, name), true, `${pattern} ${name}`);
  }
  assertEquals(fits("\\*", "*"), true);
  assertEquals(fits("a-[b]{2}/(c)|d^$+", "a-[b]{2}/(c)|d^$+"), true);
  for (
    const [pattern, name] of [["a.c", "abc"], ["a?", "a"], ["a*", "ba"], ["A*", "a"], ["\\*", "x"]]
  ) {
    assertEquals(fits(pattern, name), false, `${pattern} ${name}`);
  }
  assertThrows(() => namePattern(""), InvalidArgumentError);
  assertEquals(foldName(" \tA\u00adb "), "ab");
});

Deno.test("a rename of an encrypted gallery keeps its key", async () => {
  const folder = await Deno.makeTempDir(), [a] = randomTemplates(76, 1);
  {
    await using store = await openFileStore(folder, { device: "wasm", key: KEY });
    await store.put([{ identity: "ann", templates: [a] }], "add");
    await store.rename("ann", "bob", "rename");
  }
  await using store = await openFileStore(folder, { device: "wasm", key: KEY });
  await assertHas(store, "bob", [a]);
});
