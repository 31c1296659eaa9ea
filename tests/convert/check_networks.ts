// Converts checkpoints that torch makes, and compares the templates of both.

import { assert, assertEquals, assertLess } from "@std/assert";
import { type Conversion, convertCheckpoint } from "../../src/convert/mod.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import { embed, type Job, makeCheckpoints, numbers, relativeError } from "./torch_fixtures.ts";

/** A checkpoint to make. */
export interface Case {
  readonly name: string;
  readonly job: Omit<Job, "file">;
  /** What must be found, besides what `FOUND` has. */
  readonly found?: Partial<Conversion>;
}

const FOUND = { family: "insightface", key: "", templateSize: 512, epsilon: 1e-5 } as const;

/** Makes all checkpoints in one process, as loading torch takes longer than most of them. */
export async function check(test: Deno.TestContext, cases: readonly Case[]): Promise<void> {
  using folder = temporaryFolder();
  const file = (i: number): string => `${i}.pth`;
  makeCheckpoints(folder.path, cases.map(({ job }, i) => ({ file: file(i), ...job })));
  for (const [i, { name, job, found }] of cases.entries()) {
    await test.step(name, async () => {
      const path = `${folder.path}/${file(i)}`, out = `${folder.path}/model.onnx`;
      const { bytes, sha256: _, input: __, ...said } = await convertCheckpoint(path, out);
      const network = job.network === "mbf" ? "mobilefacenet" : job.network;
      assertEquals(said, { network, ...FOUND, ...found });
      const onnx = Deno.readFileSync(out), inputs = job.inputs ?? 8;
      assertEquals(bytes, onnx.length);
      const templates = await embed(onnx, numbers(`${path}.in`));
      const error = relativeError(templates, numbers(`${path}.out`), inputs);
      assertLess(error, 1e-4);
      assert(error > 0, "the same to the last bit: nothing was compared");
    });
  }
}
