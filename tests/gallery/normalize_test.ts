// Galleries whose network has a cohort: which scores decide, at which thresholds, and what becomes of older templates.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  createGallery,
  createMemoryStore,
  createProtection,
  findDuplicates,
  type Identification,
  type Identified,
  openFileStore,
  openThresholds,
  searchThresholds,
  type Unknown,
} from "../../src/gallery/mod.ts";
import { createVerifier } from "../../mod.ts";
import { InvalidArgumentError, TemplateMismatchError } from "../../src/base/errors.ts";
import { galleryJson } from "../../src/gallery/json.ts";
import { IDENTIFICATION_JSON } from "../../src/gallery/json_schema.ts";
import type { Cohort } from "../../src/model/cohort.ts";
import {
  compareNormalized,
  compareTemplates,
  type CurvePoint,
  normalizeTemplate,
  Template,
} from "../../src/pipeline/score/mod.ts";
import { photo } from "../hosts.ts";
import { run, WASM } from "../cli/run.ts";
import { cohortFile, cohortOf } from "./cohort.ts";
import { KEY, near, people, randomTemplates, SIZE } from "./templates.ts";
import * as v from "valibot";

const cohort = await cohortOf();
const CURVE: readonly CurvePoint[] = [[-1, 1, 1, 1], [0.2, 0.01, 0.008, 0.012], [
  0.4,
  1e-5,
  5e-6,
  2e-5,
]];
const POOLED = { source: "test", impostors: 3e6, genuine: 1, points: [], curve: CURVE };
const thresholds = searchThresholds({ none: POOLED }, cohort);
const memory = () => createMemoryStore({ device: "wasm" });

function decided(found: Identification): Identified | Unknown {
  if (found.kind === "identified" || found.kind === "unknown") return found;
  throw new Error(`${found.kind} is no decision`);
}

Deno.test("the normalised score decides, with the cosine beside it", async () => {
  await using gallery = createGallery({ store: memory(), thresholds });
  const known = people(300, 20);
  for (const { identity, templates: [one] } of known) {
    await gallery.enrol(identity, one, { force: true });
  }
  const probe = near(known[4].templates[0], 1), threshold = 1.5;
  const { candidates } = decided(await gallery.identify(probe, { threshold, k: 20 }));
  const [a, b] = [probe, known[4].templates[0]].map((one) => normalizeTemplate(one, cohort));
  assertEquals(candidates[0].identity, "person 4");
  assertAlmostEquals(candidates[0].score, compareNormalized(a, b), 1e-6);
  assertAlmostEquals(candidates[0].cosine, compareTemplates(a, b), 1e-6);
  for (const { score, decision } of candidates) {
    assertEquals(decision, score >= threshold ? "match" : "no-match");
  }
  const json = galleryJson(await gallery.identify(probe, { threshold }));
  assertEquals(v.safeParse(IDENTIFICATION_JSON, JSON.parse(JSON.stringify(json))).success, true);
  // The same gallery by cosines.
  await using plain = createGallery({
    store: gallery.store,
    thresholds: searchThresholds({ none: POOLED }),
  });
  for (const given of [probe, a]) {
    const found = decided(await plain.identify(given, { threshold: 0.3 }));
    assertAlmostEquals(found.candidates[0].score, compareTemplates(a, b), 1e-6);
    assertEquals(found.candidates[0].score, found.candidates[0].cosine);
  }
  await assertRejects(
    () => plain.identify(probe, { threshold }),
    InvalidArgumentError,
    "a cosine between -1 and 1",
  );
  await assertRejects(
    () => gallery.identify(probe, { threshold: 2.5 }),
    InvalidArgumentError,
    "a normalised score between -2 and 2",
  );
});

Deno.test("templates from before are completed by the first search, also of a file", async () => {
  const folder = await Deno.makeTempDir(),
    known = people(301, 30),
    probe = near(known[3].templates[0], 2);
  {
    await using store = await openFileStore(folder, { device: "wasm" });
    await store.put(known, "add");
  }
  const search = async () => {
    await using gallery = createGallery({
      store: await openFileStore(folder, { device: "wasm" }),
      thresholds,
    });
    const { candidates } = decided(await gallery.identify(probe, { threshold: 0.3 }));
    return { candidates, completed: await gallery.complete() };
  };
  const { candidates, completed } = await search();
  assertEquals([candidates[0].identity, completed], ["person 3", 30]);
  assertEquals(await search(), { candidates, completed: 0 });
  // What another program puts in meanwhile does not stop a search.
  await using gallery = createGallery({
    store: await openFileStore(folder, { device: "wasm" }),
    thresholds,
  });
  await gallery.complete();
  await gallery.store.put([{ identity: "late", templates: [probe] }], "add");
  const [best] = decided(await gallery.identify(probe, { threshold: 0.3 })).candidates;
  assertEquals([best.identity, best.cosine.toFixed(4)], ["late", "1.0000"]);
});

Deno.test("protected templates have the scores of plain ones, completed under their own rotation", async () => {
  const known = people(302, 12), probe = near(known[7].templates[0], 3);
  await using plain = createGallery({ store: memory(), thresholds });
  await using fresh = createGallery({ store: memory(), thresholds, protection: KEY });
  await using older = createGallery({ store: memory(), thresholds, protection: KEY });
  const { protect } = await createProtection(KEY(), SIZE);
  for (const { identity, templates: [one] } of known) {
    await plain.enrol(identity, one, { force: true });
    await fresh.enrol(identity, one, { force: true });
    // As it was stored before there were normalisations.
    await older.store.put([{ identity, templates: [protect(one)] }], "add");
  }
  const threshold = 0.3;
  const [a, b, c] = await Promise.all(
    [plain, fresh, older].map(async (gallery) =>
      decided(await gallery.identify(probe, { threshold, k: 12 })).candidates
    ),
  );
  for (const other of [b, c]) {
    assertEquals(other.map(({ identity }) => identity), a.map(({ identity }) => identity));
    a.forEach(({ score, cosine }, i) => {
      assertAlmostEquals(other[i].score, score, 2e-5);
      assertAlmostEquals(other[i].cosine, cosine, 2e-5);
    });
  }
  // A protected probe, as another program may send it, is as good.
  const [sent] = decided(await older.identify(protect(probe), { threshold })).candidates;
  assertAlmostEquals(sent.score, a[0].score, 2e-5);
  // Nobody can complete them without the key, and what works without is said.
  await using store = memory();
  await store.put([{ identity: "ann", templates: [protect(probe)] }], "add");
  const keyless = createGallery({ store, thresholds });
  const error = await assertRejects(() => keyless.duplicates(0.3), TemplateMismatchError);
  assert(error.message.includes("give that protection key"), error.message);
  const byCosine = createGallery({ store, thresholds: searchThresholds({ none: POOLED }) });
  assertEquals(await byCosine.duplicates(0.3), []);
});

Deno.test("doubts at enrolment and renaming are by normalised scores, copies of a photo by the cosine", async () => {
  await using gallery = createGallery({ store: memory(), thresholds });
  const [ann, bob] = randomTemplates(303, 2);
  // From before.
  await gallery.store.put([{ identity: "Ann", templates: [ann] }], "add");
  const unlike = await gallery.enrol("Ann", bob);
  assert(unlike.kind === "doubtful");
  const [a, b] = [ann, bob].map((one) => normalizeTemplate(one, cohort));
  assertAlmostEquals(unlike.doubts[0].score, compareNormalized(b, a), 1e-6);
  assertEquals((await gallery.enrol("Ann", near(ann, 1))).kind, "enrolled");
  assertEquals(await gallery.enrol("Ann", ann), {
    kind: "enrolled",
    identity: "Ann",
    face: undefined,
    already: true,
  });
  const other = await gallery.enrol("Cat", ann);
  assert(other.kind === "doubtful");
  assertAlmostEquals(other.doubts[0].score, compareNormalized(a, a), 1e-6);
  await gallery.store.put([{ identity: "Bob", templates: [bob] }], "add");
  const renaming = await gallery.rename("Bob", "Ann", { merge: true }).catch((error) => error);
  assert(renaming.kind === "doubtful", "templates that came meanwhile are completed as well");
  // Where no rate was measured for galleries of this size, 0.9 is a cosine.
  const vague = searchThresholds({}, cohort);
  await using large = createGallery({ store: memory(), thresholds: vague });
  await large.enrol("Ann", ann);
  const copy = await large.enrol("Cat", ann);
  assert(copy.kind === "doubtful");
  assertAlmostEquals(copy.doubts[0].score, 1, 1e-6);
});

Deno.test("duplicates are found by normalised scores, many as few", async () => {
  for (const count of [30, 1100]) {
    const known = people(304, count);
    const twins = known.slice(0, 3).map(({ templates: [one] }, i) => ({
      identity: `twin ${i}`,
      templates: [near(one, i)],
    }));
    await using store = memory();
    await store.put([...known, ...twins], "add");
    await assertRejects(() => findDuplicates(store, 1, "cohort"), TemplateMismatchError, "lack a");
    const gallery = createGallery({ store, thresholds });
    const pairs = await gallery.duplicates(1);
    assertEquals(
      pairs.map(({ identities }) => identities).sort(),
      [0, 1, 2].map((i) => [`person ${i}`, `twin ${i}`]),
    );
    for (const { identities, score, cosine } of pairs) {
      const [[a], [b]] = await Promise.all(identities.map((one) => store.templates(one)));
      assertAlmostEquals(score, compareNormalized(a, b), 1e-4);
      assertAlmostEquals(cosine, compareTemplates(a, b), 1e-5);
      assertNotEquals(score.toFixed(3), cosine.toFixed(3));
    }
    assertEquals((await findDuplicates(store, 0.6)).length, 3);
  }
});

Deno.test("templates of another network than the thresholds' are refused", async () => {
  await using gallery = createGallery({ store: memory(), thresholds });
  const foreign = new Template(randomTemplates(305, 1)[0].embedding, "e".repeat(64));
  const error = await assertRejects(() => gallery.enrol("ann", foreign), TemplateMismatchError);
  assert(error.message.includes("thresholds of another model"), error.message);
  await gallery.enrol("bob", randomTemplates(306, 1)[0]);
  await assertRejects(() => gallery.identify(foreign), TemplateMismatchError, "the gallery holds");
});

/** Two groups: of one fewer impostors are known, and they score higher. */
const WORST = {
  source: "groups",
  points: [{ fmr: 0.001, threshold: 0.42, worst: "b", fnmr: 0.1 }],
  groups: [
    {
      name: "a",
      people: 900,
      impostors: 4e5,
      curve: [[0, 1, 1, 1], [0.3, 1e-3, 8e-4, 1.2e-3], [0.5, 1e-5, 2e-6, 4e-5]] as const,
    },
    {
      name: "b",
      people: 300,
      impostors: 4e4,
      curve: [[0, 1, 1, 1], [0.4, 1e-3, 5e-4, 2e-3], [0.6, 1e-4, 2e-5, 3e-4]] as const,
    },
  ],
};

Deno.test("searches promise for the worst group where groups were measured, or for all people", () => {
  const grouped = searchThresholds({ none: { ...POOLED, worst: WORST } });
  const masks = [undefined, undefined] as const;
  const worst = grouped.forFmr(0.001, masks)!;
  assertEquals([worst.threshold, worst.supported, worst.groups], [0.42, true, {
    count: 2,
    worst: "b",
  }]);
  // Between the points the upper end of the interval is the rate asked for.
  const between = grouped.forFmr(5e-4, masks)!;
  assertAlmostEquals(between.interval[1], 5e-4, 1e-6);
  assert(between.fmr < 5e-4 && between.supported && between.threshold > 0.42);
  assertEquals(grouped.forFmr(5e-4, masks, "worst-group"), between);
  // The smallest group says what is supported.
  const least = grouped.forFmr(1e-5, masks)!;
  assertEquals([least.supported, least.threshold], [false, 0.6]);
  assertAlmostEquals(least.interval[1], 3e-4, 1e-9);
  const pooled = grouped.forFmr(1e-5, masks, "pooled")!;
  assertEquals([pooled.supported, pooled.groups], [true, undefined]);
  assertEquals(grouped.forFmr(1, masks)!.threshold, 0);
  assertEquals(grouped.fmrAt(0.4, masks)!.groups?.worst, "b");
  assertAlmostEquals(grouped.fmrAt(0.4, masks, "pooled")!.fmr, 1e-5, 1e-9);
  assertThrows(
    () => searchThresholds({ none: POOLED }).forFmr(0.001, masks, "worst-group"),
    InvalidArgumentError,
    "--groups",
  );
});

Deno.test("identify names the groups behind its rate, and takes a choice of them", async () => {
  const grouped = searchThresholds({ none: { ...POOLED, worst: WORST } }, cohort);
  await using gallery = createGallery({ store: memory(), thresholds: grouped });
  const [ann] = randomTemplates(307, 1);
  await gallery.enrol("ann", ann);
  const found = decided(await gallery.identify(ann, { fpir: 0.001 }));
  assertEquals([found.threshold, found.rates?.groups], [0.42, { count: 2, worst: "b" }]);
  assertEquals(found.candidates[0].fpir?.groups?.count, 2);
  const pooled = decided(await gallery.identify(ann, { fpir: 0.001, threshold: "pooled" }));
  assert(pooled.threshold < 0.42 && !pooled.rates?.groups && !pooled.candidates[0].fpir?.groups);
  const asked = { fpir: 1e-5, threshold: "worst-group" } as const;
  assertEquals((await gallery.identify(ann, asked)).kind, "ranked");
  // The groups are too small for the rate: all people together decide, but at no lower threshold than the groups have shown.
  const fallen = decided(await gallery.identify(ann, { fpir: 1e-5 }));
  assertEquals([fallen.threshold, fallen.rates?.groups], [0.6, undefined]);
  assert(fallen.rates!.fmr <= 1e-5);
  assertEquals(
    (await gallery.identify(ann, { fpir: 1e-5, threshold: "pooled" })).kind,
    "identified",
  );
  await assertRejects(
    () => gallery.identify(ann, { threshold: "best" as "pooled" }),
    InvalidArgumentError,
    '"best"',
  );
});

/** The package's models in a folder, with a cohort of chance directions and the thresholds of cosines. */
async function modelsWithCohort(): Promise<{ folder: string; cohort: Cohort }> {
  const models = new URL("../../models/", import.meta.url), folder = await Deno.makeTempDir();
  const manifest = JSON.parse(await Deno.readTextFile(new URL("manifest.json", models)));
  const { student } = manifest.models;
  const of = {
    size: student.templateSize as number,
    network: student.sha256 as string,
    calibration: { calibration: student.calibration },
  };
  const { bytes, entry } = await cohortFile(of);
  student.cohort = entry;
  for await (const { name } of Deno.readDir(models)) {
    if (name.endsWith(".onnx")) await Deno.symlink(new URL(name, models), `${folder}/${name}`);
  }
  await Deno.writeFile(`${folder}/${entry.file}`, bytes);
  await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  return { folder, cohort: await cohortOf(of) };
}

Deno.test("photos: a gallery takes the scores of the verifier's cohort", async () => {
  const { folder: models } = await modelsWithCohort();
  await using verifier = await createVerifier({ device: "wasm", models });
  const opened = await openThresholds({ models });
  await using gallery = createGallery({ store: memory(), verifier, thresholds: opened });
  await gallery.enrol("Collins", photo("collins"));
  const found = await gallery.identify(photo("collins_masked"));
  assert(found.kind === "identified");
  const verified = await verifier.verify(photo("collins_masked"), photo("collins"));
  assert(verified.kind === "compared");
  const [{ score, cosine }] = found.candidates;
  assertAlmostEquals(score, verified.score, 1e-3);
  assertAlmostEquals(cosine, verified.cosine, 1e-3);
  const plain = await openThresholds({ models, normalize: "none" });
  assertEquals([plain.cohort, opened.cohort?.size], [undefined, opened.cohort!.size]);
});

Deno.test("the commands complete a gallery from before, say so, and give cosines back if asked", async () => {
  const { folder: models } = await modelsWithCohort(), folder = `${await Deno.makeTempDir()}/g`;
  const common = ["--gallery", folder, "--plain", "--models", models, ...WASM];
  const older = await run("enrol", ...common, "--normalize", "none", "Collins", photo("collins"));
  assertEquals(older.code, 0, older.err);
  const cosines = await run("identify", ...common, "--normalize", "none", photo("collins_masked"));
  assertEquals([cosines.code, cosines.out.includes("cosine")], [0, false]);
  const found = await run("identify", ...common, photo("collins_masked"));
  assertEquals(found.err, "maskinv: completed 1 template from before scores were normalised");
  assert(/\d\.\d{4} \(cosine 0\.\d{4}\) {2}match {5}Collins/.test(found.out), found.out);
  const json = await run(
    "identify",
    ...common,
    "--json",
    "--threshold",
    "1.5",
    photo("collins_masked"),
  );
  assertEquals(json.err, "");
  const [{ score, cosine, decision }] = JSON.parse(json.out).candidates;
  assertEquals([score === cosine, decision], [false, score >= 1.5 ? "match" : "no-match"]);
  await run("enrol", ...common, "--force", "Twin", photo("collins"));
  const pairs = await run("gallery", ...common, "--json", "dedupe");
  const [pair] = pairs.out.split("\n").map((line) => JSON.parse(line));
  assertEquals(pair.identities, ["Collins", "Twin"]);
  assert(pair.score !== pair.cosine && Math.abs(pair.cosine - 1) < 1e-6);
  const plain = await run("gallery", ...common, "--json", "--normalize", "none", "dedupe");
  assertAlmostEquals(JSON.parse(plain.out).score, 1, 1e-6);
});
