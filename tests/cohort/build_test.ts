import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { chooseCrops } from "../../src/cohort/build.ts";
import { centresOf, MIN_PEOPLE } from "../../src/cohort/centres.ts";
import { differentPeople } from "../../src/cohort/different_people.ts";
import { adultGroups, childGroup } from "../../src/cohort/groups.ts";
import { writeCohort } from "../../src/cohort/mod.ts";
import type { SourceCrop } from "../../src/distill/data/crop_index.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { encodeCohort } from "../../src/model/cohort.ts";
import { checkFolder } from "../../src/model/add/folder.ts";
import { hashHex, openModels } from "../../src/model/model.ts";
import { startCpu } from "../kernels/helpers.ts";

const SIZE = 8;

/** Templates near so many directions, `people` of each, of length 1; the directions first. */
function clusters(count: number, people: number, seed: number): Float32Array[] {
  const random = randomNumbers(seed);
  const unit = (values: readonly number[]): Float32Array => {
    const length = Math.hypot(...values);
    return Float32Array.from(values, (value) => value / length);
  };
  const directions = Array.from(
    { length: count },
    () => unit(Array.from({ length: SIZE }, () => random() - 0.5)),
  );
  const rows = directions.flatMap((direction) =>
    Array.from(
      { length: people },
      () => unit(Array.from(direction, (value) => value + 0.1 * (random() - 0.5))),
    )
  );
  return [...directions, ...rows];
}

function joined(rows: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length * SIZE);
  rows.forEach((row, i) => out.set(row, i * SIZE));
  return out;
}

Deno.test("centres are where people are, and each is of several", async () => {
  await using backend = await startCpu();
  const all = clusters(6, 40, 1), directions = all.slice(0, 6), people = all.slice(6);
  // A few people who look like nobody else, too few for a centre of their own.
  const strange = clusters(0, 0, 2).concat(clusters(3, 1, 3).slice(3));
  const centres = await centresOf(backend, joined([...people, ...strange]), SIZE, 20);
  const rows = Array.from(
    { length: centres.length / SIZE },
    (_, i) => centres.subarray(i * SIZE, (i + 1) * SIZE),
  );
  const cosine = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, k) => sum + value * b[k], 0);
  for (const row of rows) assert(Math.abs(Math.hypot(...row) - 1) < 1e-5);
  for (const direction of directions) {
    assert(Math.max(...rows.map((row) => cosine(row, direction))) > 0.9);
  }
  const counts = new Uint32Array(rows.length);
  for (const person of [...people, ...strange]) {
    const scores = rows.map((row) => cosine(row, person));
    counts[scores.indexOf(Math.max(...scores))]++;
  }
  assert(Math.min(...counts) >= MIN_PEOPLE - 1, `${counts}`);
  await assertRejects(
    () => centresOf(backend, joined(people), SIZE, 100),
    InvalidArgumentError,
    "fewer centres",
  );
});

Deno.test("a cohort takes one photo a person, as many of each origin, and of the split train alone", async () => {
  const folder = await Deno.makeTempDir();
  const lines = ["file\tperson\tsplit\tage\tsex\torigin\teye_px"];
  for (let i = 0; i < 40; i++) lines.push(`a/${i}.webp\tp${i >> 1}\ttrain\t30\t\tasian\t60`);
  for (let i = 0; i < 30; i++) lines.push(`b/${i}.webp\t\ttrain\t30\t\tblack\t60`);
  for (let i = 0; i < 9; i++) lines.push(`c/${i}.webp\t\ttrain\t\t\t\t60`);
  for (let i = 0; i < 9; i++) lines.push(`d/${i}.webp\tv${i}\tvalidation\t\t\t\t60`);
  for (let i = 0; i < 9; i++) lines.push(`e/${i}.webp\t\tcalibration\t30\t\twhite\t60`);
  await Deno.writeTextFile(`${folder}/index.tsv`, lines.join("\n"));
  const chosen = chooseCrops(folder, 25);
  const of = (set: string): SourceCrop[] => chosen.filter(({ file }) => file.startsWith(set));
  assertEquals([of("a").length, of("b").length, chosen.length], [20, 25, 45]);
  assertEquals(new Set(of("a").map(({ identity }) => identity)).size, 20);
  assertEquals(chooseCrops(folder, 25), chosen);
  await Deno.remove(folder, { recursive: true });
  const empty = await Deno.makeTempDir();
  assertThrows(() => chooseCrops(empty, 25), InvalidArgumentError, "index.tsv");
  await Deno.remove(empty);
});

Deno.test("groups are adults of one origin and set, and small ones are left out", () => {
  const crops = (set: string, origin: string | undefined, age: number, count: number) =>
    Array.from({ length: count }, (_, i): SourceCrop => ({
      file: `${set}/${age}_${i}.webp`,
      split: "calibration",
      age,
      ...(origin && { origin }),
    }));
  const groups = adultGroups([
    ...crops("utk", "black", 25, 150),
    ...crops("utk", "black", 60, 130),
    ...crops("utk", "white", 25, 60),
    ...crops("utk", "asian", 25, 210),
    ...crops("aaf", "asian", 25, 220),
    ...crops("utk", "black", 5, 500),
    ...crops("utk", undefined, 30, 500),
    ...crops("utk", "other", 30, 500),
  ]);
  assertEquals(groups.map(({ name, crops }) => [name, crops.length]), [
    ["asian (aaf)", 220],
    ["asian (utk)", 210],
    ["black (utk)", 280],
  ]);
  const children = childGroup([...crops("utk", "black", 5, 150), ...crops("utk", "white", 12, 90)]);
  assertEquals(children.map(({ name, crops }) => [name, crops.length]), [["children (utk)", 240]]);
  assertEquals(childGroup(crops("utk", "black", 13, 500)), []);
});

Deno.test("a cohort is written beside its network, and refused with another", async () => {
  const folder = await Deno.makeTempDir();
  const text = await Deno.readTextFile(new URL("../../models/manifest.json", import.meta.url));
  await Deno.writeTextFile(`${folder}/manifest.json`, text);
  const { student } = JSON.parse(text).models, size: number = student.templateSize;
  const rows = new Float32Array(4 * size);
  for (let i = 0; i < 4; i++) rows[i * size + i] = 1;
  const bytes = encodeCohort(rows);
  const entry = {
    file: "student.cohort",
    sha256: await hashHex(bytes),
    network: student.sha256 as string,
    origin: "test",
    bare: { people: 10, centres: 2 },
    masked: { people: 10, centres: 2 },
    nearest: 3,
    mean: 0.2,
    deviation: 0.05,
  };
  writeCohort(folder, "student", { entry, bytes });
  const cohort = await (await openModels(folder)).loadCohort("student");
  assertEquals([...cohort!.rows], [...rows]);
  const checked = await checkFolder(folder);
  assertEquals(
    checked.filter(({ entry, fault }) => entry.file === "student.cohort" && !fault).length,
    1,
  );
  // Everything else of the manifest is as before.
  const after = JSON.parse(await Deno.readTextFile(`${folder}/manifest.json`));
  delete after.models.student.cohort;
  delete student.cohort;
  const before = JSON.parse(text);
  delete before.models.student.cohort;
  assertEquals(after, before);
  const foreign = { entry: { ...entry, network: "0".repeat(64) }, bytes };
  assertThrows(() => writeCohort(folder, "student", foreign), ModelError, "build the cohort");
  assertThrows(() => writeCohort(folder, "nobody", { entry, bytes }), ModelError, "not there");
  await Deno.writeFile(`${folder}/student.cohort`, new Uint8Array(4));
  const [broken] = (await checkFolder(folder)).filter(({ entry }) =>
    entry.file.endsWith(".cohort")
  );
  assert(broken.fault?.includes("SHA-256"), broken.fault);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("of photos of one person one is kept", () => {
  const rows = [[1, 0], [0.9, 0.1], [0, 1], [0.1, -1], [-1, 0.02]];
  const templates = Float32Array.from(rows.flatMap(([x, y]) => {
    const length = Math.hypot(x, y);
    return [x / length, y / length];
  }));
  assertEquals(differentPeople(templates, 2, 0.5), [0, 2, 3, 4]);
  assertEquals(differentPeople(templates, 2, 1), [0, 1, 2, 3, 4]);
  assertEquals(differentPeople(new Float32Array(), 2, 0.5), []);
});
