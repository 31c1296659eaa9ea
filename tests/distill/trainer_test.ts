// Trainings of a few steps, with real workers, on wasm and WebGPU, and what is refused; resume_long_test.ts stops some.

import "../../src/distill/train/one_thread.ts";
import { assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { openTrainingData } from "../../src/distill/data/data.ts";
import { ELASTIC_ARC, HIGH_GUIDANCE } from "../../src/distill/mod.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { drawMargins } from "../../src/distill/loss/elastic_arc.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout } from "../../src/distill/train/flat.ts";
import { type Gradient, GradientMachine } from "../../src/distill/train/gradient.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { testWithGpu } from "../hosts.ts";
import { configFor, SHARDS, SIZE, START, trainSteps } from "./trainer_fixture.ts";

Deno.test("a training with contrast holds samples against the whole bank, the own photo left out", async () => {
  const config = configFor("contrast");
  // Nearly all photos of the fixture show one person; only equal ones are left out here.
  const contrast = { weight: 1, temperature: 0.1, alike: 0.99 };
  assertEquals(await trainSteps({ ...config, loss: { ...config.loss, contrast } }, 2, {}), 2);
  using data = await openTrainingData(SHARDS, config.samples);
  const { photos, templateSize: size } = data, { templates } = data.bank();
  const line = JSON.parse(Deno.readTextFileSync(`${config.out}/log.jsonl`).split("\n")[1]);
  // A student that knew nothing would be as near to each of the photos; this one begins as the teacher.
  assertGreater(line.loss.contrast, 0);
  assertLess(line.loss.contrast, Math.log(photos));
  assertEquals(templates.length, photos * size);

  const network = studentNetwork("mobilefacenet", SIZE);
  const loss = { ...HIGH_GUIDANCE, contrast };
  await assertRejects(
    () => GradientMachine.create(network, flatLayout(network, 1), loss, 2),
    InvalidArgumentError,
    "pass the data's bank()",
  );
});

testWithGpu("WebGPU gives the losses and the gradient of wasm", async () => {
  const network = studentNetwork("mobilefacenet", SIZE);
  const data = await openTrainingData(SHARDS, { seed: 3 });
  const layout = flatLayout(network, data.identities);
  const first = data.rawBatch(0, 0, 2, 2);
  // A PReLU whose input is 0 but for rounding has two derivatives, and rounding chooses: of a few batches, some meet one.
  // A derivative that is wrong would be so in all.
  const batches = [0, 1, 2, 3, 4].map((noise) => ({
    ...first,
    levels: first.levels.map((level, i) =>
      Math.max(0, Math.min(255, level + noise * ((i * 7919) % 13 - 6)))
    ),
  }));
  const margins = drawMargins(ELASTIC_ARC, 1, 0, 0, 2);
  const parameters = await firstWeights(network, layout, START, 1);
  const results: Gradient[][] = [];
  for (const device of ["wasm", "webgpu"] as const) {
    const machine = await GradientMachine.create(network, layout, HIGH_GUIDANCE, 2, device);
    const gradients: Gradient[] = [];
    for (const batch of batches) {
      const { losses, gradient } = await machine.run(parameters, batch, margins);
      gradients.push({ losses, gradient: gradient.slice() });
    }
    results.push(gradients);
  }
  const gaps = results[0].map((wasm, i) => {
    const webgpu = results[1][i];
    for (const part of ["total", "templates", "classes"] as const) {
      assertLess(Math.abs(webgpu.losses[part] - wasm.losses[part]), 1e-3 * (1 + wasm.losses[part]));
    }
    const length = Math.hypot(...pairs(wasm.gradient, wasm.gradient, (a) => a));
    return Math.hypot(...pairs(wasm.gradient, webgpu.gradient, (a, b) => a - b)) / length;
  }).sort((a, b) => a - b);
  assertLess(gaps[0], 1e-4);
  assertLess(gaps[2], 1e-3);
  assertLess(gaps[4], 0.05);
});

/** Root mean squares of blocks: too many numbers for one call. */
function pairs(
  a: Float32Array,
  b: Float32Array,
  of: (a: number, b: number) => number,
): number[] {
  const sums = new Array<number>(100).fill(0);
  a.forEach((value, i) => sums[i % 100] += of(value, b[i]) ** 2);
  return sums.map(Math.sqrt);
}
