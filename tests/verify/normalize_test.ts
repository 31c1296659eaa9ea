import { assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type Compared,
  compareTemplates,
  createVerifier,
  InvalidArgumentError,
  ModelError,
  type Verification,
} from "../../mod.ts";
import { randomNumbers } from "../../src/math/random.ts";
import { type Cohort, decodeCohort, encodeCohort } from "../../src/model/cohort.ts";
import { hashHex, type ModelReader } from "../../src/model/model.ts";
import { compareNormalized, normalizeTemplate } from "../../src/pipeline/score/mod.ts";
import { verificationJson } from "../../src/verify/json.ts";
import { photo, testOnDevices } from "../hosts.ts";

const models = new URL("../../models/", import.meta.url);
const CENTRES = 40;

/** The package's models, with a cohort of chance directions whose scores have the student's thresholds for cosines. */
async function withCohort(
  change: object = {},
): Promise<{ readonly read: ModelReader; readonly cohort: Cohort }> {
  const manifest = JSON.parse(await Deno.readTextFile(new URL("manifest.json", models)));
  const { student } = manifest.models, size: number = student.templateSize;
  const random = randomNumbers(5), rows = new Float32Array(CENTRES * size);
  for (let start = 0; start < rows.length; start += size) {
    const row = Float32Array.from({ length: size }, () => random() - 0.5);
    const length = Math.hypot(...row);
    rows.set(row.map((value) => value / length), start);
  }
  const bytes = encodeCohort(rows), half = { people: 100, centres: CENTRES / 2 };
  const entry = {
    file: "test.cohort",
    sha256: await hashHex(bytes),
    network: student.sha256 as string,
    origin: "test",
    bare: half,
    masked: half,
    nearest: 10,
    mean: 0.1,
    deviation: 0.05,
    calibration: student.calibration,
    ...change,
  };
  student.cohort = entry;
  const read: ModelReader = (file) =>
    file === "manifest.json"
      ? Promise.resolve(new TextEncoder().encode(JSON.stringify(manifest)))
      : file === entry.file
      ? Promise.resolve(bytes)
      : Deno.readFile(new URL(file, models));
  return { read, cohort: decodeCohort(entry, size, bytes, "test") };
}

function compared(result: Verification): Compared {
  if (result.kind !== "compared") throw new Error(`not compared: ${JSON.stringify(result)}`);
  return result;
}

testOnDevices("the normalised score decides, beside the cosine", async (device) => {
  const { read, cohort } = await withCohort();
  await using verifier = await createVerifier({ device, models: read });
  const photos = ["collins", "hopper"].map(photo);
  const result = compared(await verifier.verify(photos[0], photos[1]));
  const made = await Promise.all(photos.map((input) => verifier.embed(input)));
  const [a, b] = made.map((one) => {
    if (one.kind !== "acquired") throw new Error(one.kind);
    return one.template;
  });
  assertEquals(a.normalization?.cohort, cohort.entry.sha256);
  assertAlmostEquals(result.cosine, compareTemplates(a, b), 1e-4);
  assertAlmostEquals(result.score, compareNormalized(a, b), 1e-3);
  assertNotEquals(result.score, result.cosine);
  const again = normalizeTemplate(a, { ...cohort, entry: { ...cohort.entry, sha256: "other" } });
  assertAlmostEquals(again.normalization!.gain, a.normalization!.gain, 1e-3);
  assertEquals(
    result.decision,
    result.score >= result.rule.threshold ? "match" : "no-match",
  );
  const json = verificationJson(result, ["a", "b"]) as { score: number; cosine: number };
  assertEquals([json.score, json.cosine], [result.score, result.cosine]);
  const given = await verifier.verify(photos[0], photos[1], { decision: { threshold: 1.5 } });
  assertEquals(compared(given).decision, "no-match");
});

Deno.test("normalize none gives the cosine back, and reads no cohort", async () => {
  // This cohort would be refused, if it were read.
  const { read } = await withCohort({ network: "0".repeat(64) });
  const photos = [photo("collins"), photo("hopper")] as const;
  await assertRejects(
    () => createVerifier({ device: "wasm", models: read }),
    ModelError,
    "models cohort",
  );
  await using plain = await createVerifier({ device: "wasm", models: read, normalize: "none" });
  const result = compared(await plain.verify(...photos));
  assertEquals(result.score, result.cosine);
  const made = await plain.embed(photos[0]);
  assertEquals(made.kind === "acquired" && made.template.normalization, undefined);
  await assertRejects(
    () => plain.verify(...photos, { decision: { threshold: 1.5 } }),
    InvalidArgumentError,
    "cosine",
  );
  await assertRejects(
    () => createVerifier({ normalize: "z-norm" as "none" }),
    InvalidArgumentError,
    '"z-norm"',
  );
});

Deno.test("a cohort without thresholds gives scores and no decision", async () => {
  const { read } = await withCohort({ calibration: undefined });
  await using verifier = await createVerifier({ device: "wasm", models: read });
  const result = await verifier.verify(photo("collins"), photo("hopper"));
  assertEquals(result.kind, "scored");
});
