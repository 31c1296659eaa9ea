import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelError } from "../../src/base/errors.ts";
import { type CohortEntry, decodeCohort, encodeCohort } from "../../src/model/cohort.ts";
import { parseManifest } from "../../src/model/manifest.ts";
import { hashHex, openModels } from "../../src/model/model.ts";

const SIZE = 8, NETWORK = "ab".repeat(32);

function unitRows(count: number): Float32Array {
  const rows = new Float32Array(count * SIZE);
  for (let start = 0; start < rows.length; start += SIZE) {
    const row = rows.subarray(start, start + SIZE).map((_, k) => Math.sin(start + 3 * k + 1));
    const length = Math.hypot(...row);
    rows.set(row.map((value) => value / length), start);
  }
  return rows;
}

async function entryOf(bytes: Uint8Array<ArrayBuffer>): Promise<CohortEntry> {
  return {
    file: "n.cohort",
    sha256: await hashHex(bytes),
    network: NETWORK,
    origin: "test",
    bare: { people: 20, centres: 4 },
    masked: { people: 20, centres: 2 },
    nearest: 3,
    mean: 0.2,
    deviation: 0.05,
  };
}

const rows = unitRows(6), bytes = encodeCohort(rows), entry = await entryOf(bytes);

function manifest(cohort: unknown, sha256 = NETWORK): string {
  const input = {
    name: "x",
    size: 112,
    layout: "NCHW",
    color: "RGB",
    mean: [0, 0, 0],
    scale: [1, 1, 1],
  };
  const model = {
    file: "n.onnx",
    sha256,
    origin: "o",
    license: "l",
    input,
    batched: true,
    outputs: ["y"],
    templateSize: SIZE,
    cohort,
  };
  return JSON.stringify({ models: { n: model } });
}

Deno.test("a cohort's file is rows of 16 bits, and comes back with rows of length 1", () => {
  assertEquals(bytes.length, 2 * rows.length);
  const { rows: read } = decodeCohort(entry, SIZE, bytes, "n.cohort");
  for (let i = 0; i < rows.length; i++) assertAlmostEquals(read[i], rows[i], 1e-3);
  for (let start = 0; start < read.length; start += SIZE) {
    assertAlmostEquals(Math.hypot(...read.subarray(start, start + SIZE)), 1, 1e-6);
  }
});

Deno.test("numbers of 16 bits are read as DataView reads them", () => {
  const all = new Uint8Array(2 * 65536);
  const view = new DataView(all.buffer) as DataView & {
    getFloat16(at: number, littleEndian: boolean): number;
  };
  for (let bits = 0; bits < 65536; bits++) view.setUint16(2 * bits, bits, true);
  // One number a row is within 0.005 of length 1 or refused, so that the reader itself shows in the message.
  for (let bits = 0; bits < 65536; bits += 37) {
    const one = { ...entry, bare: { people: 5, centres: 1 }, masked: { people: 0, centres: 0 } };
    const expected = view.getFloat16(2 * bits, true) ** 2;
    if (Math.abs(expected - 1) < 0.01) continue;
    const error = assertThrows(
      () => decodeCohort(one, 1, all.subarray(2 * bits, 2 * bits + 2), "c"),
      ModelError,
    );
    assert(error.message.includes(`sum of squares of ${expected}`), error.message);
  }
});

Deno.test("a file of another length, or with a row that is no template, is refused", () => {
  assertThrows(() => decodeCohort(entry, SIZE, bytes.slice(2), "c"), ModelError, "94 bytes");
  const broken = bytes.slice();
  broken.fill(0, 2 * SIZE, 4 * SIZE);
  assertThrows(() => decodeCohort(entry, SIZE, broken, "c"), ModelError, "row 1");
  broken.fill(0xff, 2 * SIZE, 4 * SIZE);
  assertThrows(() => decodeCohort(entry, SIZE, broken, "c"), ModelError, "NaN");
});

Deno.test("a model folder gives the cohort, or says why not", async () => {
  const open = (text: string, file = bytes): ReturnType<typeof openModels> =>
    openModels((name) =>
      Promise.resolve(name === "manifest.json" ? new TextEncoder().encode(text) : file)
    );
  const cohort = await (await open(manifest(entry))).loadCohort("n");
  assertEquals(cohort?.entry.nearest, 3);
  assertEquals(await (await open(manifest(undefined))).loadCohort("n"), undefined);
  const retrained = await open(manifest(entry, "cd".repeat(32)));
  await assertRejects(() => retrained.loadCohort("n"), ModelError, "models cohort");
  const changed = await open(manifest(entry), encodeCohort(unitRows(6).map((x) => -x)));
  await assertRejects(() => changed.loadCohort("n"), ModelError, "SHA-256");
});

Deno.test("a manifest whose cohort is not whole is refused with the field", () => {
  for (
    const [field, value] of [["file", "../x"], ["nearest", 1], ["nearest", 7], ["deviation", 0], [
      "network",
      "short",
    ]] as const
  ) {
    const text = manifest({ ...entry, [field]: value });
    assertThrows(() => parseManifest(text), ModelError, `cohort.${field}`);
  }
});
