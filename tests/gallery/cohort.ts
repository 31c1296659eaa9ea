// A cohort of chance directions: what the tests of normalised galleries normalise by.

import { hashHex } from "../../src/model/model.ts";
import { type Cohort, decodeCohort, encodeCohort } from "../../src/model/cohort.ts";
import { MODEL, randomTemplates, SIZE } from "./templates.ts";

const CENTRES = 60;

/** The file of a cohort for templates of a network, and what a manifest says of it. */
export async function cohortFile(
  { size = SIZE, network = MODEL, seed = 900, calibration = undefined as object | undefined },
): Promise<{ bytes: Uint8Array<ArrayBuffer>; entry: Cohort["entry"] }> {
  const rows = new Float32Array(CENTRES * size);
  randomTemplates(seed, CENTRES, size).forEach(({ embedding }, i) => rows.set(embedding, i * size));
  const bytes = encodeCohort(rows), part = { people: 5 * CENTRES, centres: CENTRES / 2 };
  const entry = {
    file: "test.cohort",
    sha256: await hashHex(bytes),
    network,
    origin: "test",
    bare: part,
    masked: part,
    nearest: 10,
    mean: 0.1,
    deviation: 0.05,
    ...calibration,
  };
  return { bytes, entry };
}

/** A cohort. */
export async function cohortOf(of: Parameters<typeof cohortFile>[0] = {}): Promise<Cohort> {
  const { bytes, entry } = await cohortFile(of);
  return decodeCohort(entry, of.size ?? SIZE, bytes, "test");
}
