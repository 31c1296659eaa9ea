// A network of torch as what a student starts from, and one of others as the teacher of a training.

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { convertCheckpoint } from "../../src/convert/mod.ts";
import { indexShards } from "../../src/distill/data/index_shards.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { HIGH_GUIDANCE } from "../../src/distill/loss/loss.ts";
import { iresnetLayers } from "../../src/distill/network/iresnet.ts";
import { StudentNetwork } from "../../src/distill/network/student.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { exportStudent } from "../../src/distill/train/export.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout } from "../../src/distill/train/flat.ts";
import { train } from "../../src/distill/train/trainer.ts";
import { InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { addModel } from "../../src/model/add/add.ts";
import { familyOf } from "../../src/model/families.ts";
import {
  makeCheckpoints,
  numbers,
  relativeError,
  testWithTorch,
} from "../convert/torch_fixtures.ts";
import { tinyModel } from "../model/tiny_models.ts";
import { writePhotos } from "./data_fixture.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";
import { outputs, PIXELS } from "./outputs.ts";

testWithTorch(
  "an iResNet-18 of torch is a start: converted to float16, and as torch exports it",
  async () => {
    const folder = await Deno.makeTempDir();
    makeCheckpoints(folder, [{ file: "a.pth", network: "iresnet18", inputs: 1, onnx: true }]);
    await convertCheckpoint(`${folder}/a.pth`, `${folder}/half.onnx`, { fp16: true });
    const planes = numbers(`${folder}/a.pth.in`), wanted = numbers(`${folder}/a.pth.out`);
    const levels = planes.map((_, i) => planes[i % 3 * PIXELS + Math.floor(i / 3)] * 127.5 + 127.5);
    const network = new StudentNetwork("iresnet18", 512, iresnetLayers(18, 512));
    const { input } = familyOf("arcface_torch");
    // The converted file says itself which pixels it wants; torch's does not.
    for (
      const [file, pixels, most] of [["half", undefined, 3e-3], ["a.pth", input, 1e-4]] as const
    ) {
      const parameters = network.read(Deno.readFileSync(`${folder}/${file}.onnx`), pixels);
      const student = network.write(parameters, false);
      const found = await outputs(student, levels, familyOf("mobilefacenet").input);
      assertLess(relativeError(found, wanted, 1), most, file);
    }
    const layout = flatLayout(network, 1);
    await assertRejects(
      () => firstWeights(network, layout, `${folder}/a.pth.onnx`, 1),
      ModelError,
      "add it with models add --like",
    );
    await Deno.remove(folder, { recursive: true });
  },
);

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
