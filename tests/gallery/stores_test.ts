import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import { compareTemplates, Template } from "../../src/pipeline/score/mod.ts";
import { testOnStores } from "./stores.ts";
import { MODEL, near, people, randomTemplates } from "./templates.ts";

testOnStores("a store keeps, replaces and removes, and knows its model", async (store) => {
  const [a, b, c] = randomTemplates(1, 3);
  assertEquals(await store.model(), undefined);
  assertEquals(await store.count(), { identities: 0, templates: 0 });
  assertEquals(await store.search([a, b], 3), [[], []]);
  assertEquals([...await store.templates("ann")], []);
  assertEquals(await store.remove(["ann"]), 0);
  await store.put([], "add");
  await store.put(
    [{ identity: "ann", templates: [a] }, { identity: "бob", templates: [b] }],
    "add",
  );
  await store.put([{ identity: "ann", templates: [c] }], "add");
  assertEquals(await store.model(), { model: MODEL, size: 192 });
  assertEquals(await store.count(), { identities: 2, templates: 3 });
  const scores = (await store.templates("ann")).map((own, i) => compareTemplates(own, [a, c][i]));
  assertEquals(scores.map((score) => score.toFixed(6)), ["1.000000", "1.000000"]);
  await store.put([{ identity: "ann", templates: [b] }], "replace");
  assertEquals(await store.count(), { identities: 2, templates: 2 });
  const [found] = await store.search([b], 5);
  assertEquals(found.map(({ identity }) => identity), ["ann", "бob"]); // Equal scores: by name.
  assertEquals(await store.remove(["ann", "nobody"]), 1);
  const entries = await Array.fromAsync(store.entries());
  assertEquals(entries.map(({ identity, templates }) => [identity, templates.length]), [[
    "бob",
    1,
  ]]);
});

testOnStores("search ranks identities by their best template", async (store) => {
  const entries = people(2, 40);
  // Somebody with many templates close to the probe must not crowd out the others.
  const crowd = Array.from({ length: 60 }, (_, i) => near(entries[7].templates[0], i, 0.05));
  await store.put(entries, "add");
  await store.put([{ identity: "person 7", templates: crowd }], "add");
  const probes = [near(entries[7].templates[0], 99, 0.03), near(entries[3].templates[0], 98, 0.03)];
  const found = await store.search(probes, 4);
  const all = await Array.fromAsync(store.entries());
  found.forEach((candidates, i) => {
    const wanted = all.map(({ identity, templates }) => ({
      identity,
      score: Math.max(...templates.map((template) => compareTemplates(probes[i], template))),
    })).sort((a, b) => b.score - a.score).slice(0, 4);
    assertEquals(candidates.map(({ identity }) => identity), wanted.map((one) => one.identity));
    wanted.forEach(({ score }, at) => assertAlmostEquals(candidates[at].score, score, 1e-6));
  });
  assertEquals(found.map(([{ identity }]) => identity), ["person 7", "person 3"]);
});

testOnStores("what does not fit is refused as a whole", async (store) => {
  const [a, b] = randomTemplates(3, 2);
  const foreign = new Template(b.embedding, "another model");
  const short = new Template([1, 0], MODEL);
  await store.put([{ identity: "ann", templates: [a] }], "add");
  for (const wrong of [foreign, short]) {
    const entries = [{ identity: "bob", templates: [b] }, { identity: "cat", templates: [wrong] }];
    await assertRejects(() => store.put(entries, "add"), TemplateMismatchError, "enrol");
    await assertRejects(() => store.search([wrong], 1), TemplateMismatchError, "search with");
  }
  const bad: [string, Template[]][] = [["", [a]], ["a\nb", [a]], ["x".repeat(257), [a]], [
    "bob",
    [],
  ]];
  for (const [identity, templates] of bad) {
    await assertRejects(() => store.put([{ identity, templates }], "add"), InvalidArgumentError);
  }
  await assertRejects(() => store.search([a], 0), InvalidArgumentError, "whole number");
  assertEquals(await store.count(), { identities: 1, templates: 1 });
});

testOnStores("any sequence of changes leaves what a map would hold", async (store) => {
  const templates = randomTemplates(4, 12, 8);
  const change = fc.record({
    kind: fc.constantFrom("add", "replace", "remove"),
    names: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 2 }),
    picks: fc.array(fc.nat(11), { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
      await store.remove(["a", "b", "c", "d"]);
      const model = new Map<string, number[]>();
      for (const { kind, names, picks } of changes) {
        if (kind === "remove") {
          const there = names.filter((name) => model.delete(name)).length;
          assertEquals(await store.remove(names), there);
          continue;
        }
        const entries = names.map((identity) => ({
          identity,
          templates: picks.map((pick) => templates[pick]),
        }));
        await store.put(entries, kind === "add" ? "add" : "replace");
        for (const name of names) {
          model.set(name, [...kind === "add" ? model.get(name) ?? [] : [], ...picks]);
        }
      }
      const count = [...model.values()].reduce((sum, picks) => sum + picks.length, 0);
      assertEquals(await store.count(), { identities: model.size, templates: count });
      for (const [name, picks] of model) {
        const own = await store.templates(name);
        assertEquals(own.length, picks.length);
        own.forEach((template, i) =>
          assertAlmostEquals(compareTemplates(template, templates[picks[i]]), 1, 1e-6)
        );
      }
    }),
    { numRuns: 15 },
  );
});

testOnStores("calls that overlap all take effect", async (store) => {
  const entries = people(5, 30);
  await Promise.all(entries.map((entry) => store.put([entry], "add")));
  const searches = entries.map((entry) => store.search(entry.templates, 1));
  const [found] = await Promise.all([
    Promise.all(searches),
    store.put(people(6, 30).map((entry) => ({ ...entry, identity: `${entry.identity}b` })), "add"),
  ]);
  assertEquals(found.map(([[{ identity }]]) => identity), entries.map(({ identity }) => identity));
  assertEquals(await store.count(), { identities: 60, templates: 60 });
});
