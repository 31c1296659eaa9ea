// A network of others as the teacher of a training.

import { assertEquals, assertRejects } from "@std/assert";
import { indexShards } from "../../src/distill/data/index_shards.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { HIGH_GUIDANCE } from "../../src/distill/loss/loss.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { exportStudent } from "../../src/distill/train/export.ts";
import { train } from "../../src/distill/train/trainer.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { addModel } from "../../src/model/add/add.ts";
import { familyOf } from "../../src/model/families.ts";
import { tinyModel } from "../model/tiny_models.ts";
import { writePhotos } from "./data_fixture.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";
import { outputs, PIXELS } from "./outputs.ts";

Deno.test("a network of others teaches a student of templates as long as its own", async () => {
  const photos = await writePhotos(), models = `${photos}/models`, shards = `${photos}/shards`;
  await Deno.writeFile(`${photos}/t.onnx`, tinyModel("insightface", 3));
  await Deno.writeFile(`${photos}/start.onnx`, mobilefacenetFile());
  await addModel(`${photos}/t.onnx`, models, { like: "insightface", name: "tiny" });
  const options = { models, teacher: "tiny", threads: 1 };
  const settings = await prepareShards(photos, shards, options);
  assertEquals(settings.templateSize, 512);
  indexShards(shards, settings, { validationIdentities: 1, validationShare: 0.5 });
  const config: DistillConfig = {
    data: shards,
    network: "mobilefacenet",
    templateSize: 512,
    start: `${photos}/start.onnx`,
    loss: HIGH_GUIDANCE,
    optimizer: { kind: "adamw", rate: 1e-4, decay: 0, clip: 100 },
    schedule: { kind: "cosine", warmUp: 1 },
    batch: 1,
    steps: 1,
    average: 0.9,
    validateEvery: 5,
    validatePhotos: 1,
    checkpointEvery: 1,
    out: `${photos}/out`,
  };
  await assertRejects(
    () => train({ ...config, templateSize: undefined }),
    InvalidArgumentError,
    `"templateSize": 512`,
  );
  assertEquals((await train(config, { workers: 1 })).step, 1);
  const student = exportStudent("mobilefacenet", `${config.out}/last.checkpoint`);
  const grey = new Float32Array(3 * PIXELS).fill(100);
  const template = await outputs(student, grey, familyOf("mobilefacenet").input);
  assertEquals(template.length, 512);
  await Deno.writeFile(`${photos}/student.onnx`, student);
  const like = { like: "mobilefacenet", name: "learned", templateSize: 512 };
  assertEquals((await addModel(`${photos}/student.onnx`, models, like)).entry.templateSize, 512);
  await Deno.remove(photos, { recursive: true });
});
