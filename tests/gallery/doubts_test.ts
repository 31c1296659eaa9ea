import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TemplateMismatchError } from "../../src/base/errors.ts";
import {
  createGallery,
  createMemoryStore,
  openThresholds,
  searchThresholds,
} from "../../src/gallery/mod.ts";
import { type CurvePoint, Template } from "../../src/pipeline/score/mod.ts";
import { testOnStores } from "./stores.ts";
import { near, people, randomTemplates } from "./templates.ts";

/** Different people's scores reach 0.2 in 1% of comparisons and 0.4 in 0.001%. */
const CURVE: readonly CurvePoint[] = [[-1, 1, 1, 1], [0.2, 0.01, 0.008, 0.012], [
  0.4,
  1e-5,
  5e-6,
  2e-5,
]];
const THRESHOLDS = searchThresholds({
  none: { source: "test", impostors: 3e6, genuine: 1, points: [], curve: CURVE },
});

testOnStores(
  "mistakes at enrolment are held back with scores, and pass by force",
  async (store) => {
    const gallery = createGallery({ store, thresholds: THRESHOLDS });
    const [ann, bob] = randomTemplates(81, 2);
    assertEquals((await gallery.enrol("Ann", ann)).kind, "enrolled");
    // The same person in another photo is no mistake.
    const again = await gallery.enrol("Ann", near(ann, 1));
    assertEquals([again.kind, "doubts" in again], ["enrolled", false]);
    // Somebody else under the name.
    const unlike = await gallery.enrol("Ann", bob);
    assert(unlike.kind === "doubtful");
    const [{ kind, identity, score, threshold, message }] = unlike.doubts;
    assertEquals([unlike.doubts.length, kind, identity, threshold?.toFixed(6)], [
      1,
      "unlike",
      "Ann",
      "0.200000",
    ]);
    assert(score < 0.2);
    assertMatch(message, /does not look like the 2 templates of Ann \(highest score -?0\.\d{4}/);
    assertEquals((await gallery.update("Ann", bob)).kind, "doubtful");
    // The same photo under another name, and under one that reads the same.
    const other = await gallery.enrol("Cat", ann);
    assert(other.kind === "doubtful");
    assertEquals(other.doubts.map(({ kind, identity }) => [kind, identity]), [[
      "like-another",
      "Ann",
    ]]);
    assertMatch(
      other.doubts[0].message,
      /looks like Ann \(score 1\.0000; strangers reach 0\.2867 in 0\.1%/,
    );
    const similar = await gallery.enrol("ann ", bob);
    assert(similar.kind === "doubtful");
    assertEquals(similar.doubts.map(({ kind, identity }) => [kind, identity]), [[
      "similar-name",
      "Ann",
    ]]);
    assert(similar.doubts[0].score < 0.2);
    assertEquals(await gallery.count(), { identities: 1, templates: 2 });
    const forced = await gallery.enrol("ann ", ann, { force: true });
    assert(forced.kind === "enrolled");
    assertEquals(forced.doubts?.map(({ kind }) => kind), ["like-another", "similar-name"]);
    assertEquals(await gallery.count(), { identities: 2, templates: 3 });
  },
);

testOnStores(
  "a photo is stored once for an identity, however often it is enrolled",
  async (store) => {
    const gallery = createGallery({ store });
    const [ann, bob] = randomTemplates(82, 2);
    await gallery.enrol("Ann", ann);
    const again = await gallery.enrol("Ann", new Template(ann.embedding, ann.model));
    assertEquals(again, { kind: "enrolled", identity: "Ann", face: undefined, already: true });
    await gallery.enrol("Ann", bob);
    assertEquals(await gallery.count(), { identities: 1, templates: 2 });
    const replaced = await gallery.update("Ann", ann);
    assertEquals([replaced.kind, "already" in replaced], ["enrolled", false]);
    assertEquals(await gallery.count(), { identities: 1, templates: 1 });
    const foreign = new Template(ann.embedding, "another model");
    await assertRejects(() => gallery.enrol("Ann", foreign), TemplateMismatchError, "enrol");
  },
);

Deno.test("in a gallery too large for the curve only copies of a photo are doubted", async () => {
  await using store = createMemoryStore({ device: "wasm" });
  const gallery = createGallery({ store, thresholds: THRESHOLDS });
  const known = people(83, 1100);
  await store.put(known, "add");
  const [{ templates: [first] }] = known;
  const alike = await gallery.enrol("somebody", near(first, 2, 0.6));
  assertEquals(alike.kind, "enrolled", "at a score of about 0.86");
  const same = await gallery.enrol("a third", near(first, 4, 0.3));
  assert(same.kind === "doubtful");
  assertMatch(
    same.doubts[0].message,
    /person 0 \(score 0\.9\d+; from 0\.9 on two photos are nearly/,
  );
});

Deno.test("the packaged thresholds tell the two people of the test photos apart", async () => {
  const thresholds = await openThresholds();
  const rule = thresholds.forFmr(0.01, [undefined, undefined]);
  assert(rule?.supported && rule.threshold > 0 && rule.threshold < 1);
  assert(rule.interval[0] < rule.fmr && rule.fmr < rule.interval[1]);
  const rare = thresholds.forFmr(1e-12, [undefined, undefined]);
  assert(rare && !rare.supported && rare.fmr > 1e-12);
  assertEquals(searchThresholds({}).forFmr(0.01, [undefined, undefined]), undefined);
});
