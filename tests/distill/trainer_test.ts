// Trainings of a few steps, with real workers: stopped and resumed, on other devices, and what is refused.

import "../../src/distill/train/one_thread.ts";
import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { openTrainingData } from "../../src/distill/data/data.ts";
import { ELASTIC_ARC, HIGH_GUIDANCE } from "../../src/distill/mod.ts";
import { studentNetwork } from "../../src/distill/networks.ts";
import { drawMargins } from "../../src/distill/loss/elastic_arc.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { exportStudent } from "../../src/distill/train/export.ts";
import { firstWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout } from "../../src/distill/train/flat.ts";
import { type Gradient, GradientMachine } from "../../src/distill/train/gradient.ts";
import { readLog, type StepLine } from "../../src/distill/train/log.ts";
import { train, type TrainOptions } from "../../src/distill/train/trainer.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { testWithGpu } from "../hosts.ts";
import { shardsOf, writePhotos } from "./data_fixture.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";

const PHOTOS = await writePhotos(), { folder: SHARDS, index } = await shardsOf(PHOTOS);
const SIZE = index.settings.templateSize, START = `${SHARDS}/start.onnx`;
Deno.writeFileSync(START, mobilefacenetFile(SIZE));

function configFor(name: string): DistillConfig {
  return {
    data: SHARDS,
    samples: { seed: 3 },
    network: "mobilefacenet",
    templateSize: SIZE,
    start: START,
    loss: HIGH_GUIDANCE,
    optimizer: { kind: "adamw", rate: 1e-4, decay: 1e-4, clip: 100 },
    schedule: { kind: "cosine", warmUp: 2 },
    batch: 2,
    steps: 3,
    average: 0.9,
    validateEvery: 10,
    validatePhotos: 2,
    checkpointEvery: 1,
    out: `${SHARDS}/${name}`,
  };
}

/** Losses of the steps of a log. */
function losses({ out }: DistillConfig): StepLine["loss"][] {
  return readLog(`${out}/log.jsonl`).filter((line): line is StepLine => "loss" in line)
    .map(({ loss }) => loss);
}

/** SHA-256 of the student that the last checkpoint gives. */
async function studentHash({ network, out }: DistillConfig): Promise<string> {
  const bytes = exportStudent(network, `${out}/last.checkpoint`);
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Trains until so many steps were made in this sitting. */
async function trainSteps(
  config: DistillConfig,
  steps: number,
  rest: TrainOptions,
): Promise<number> {
  const stop = new AbortController();
  let made = 0;
  const progress = (): void => {
    if (++made === steps) stop.abort();
  };
  return (await train(config, { ...rest, workers: 2, progress, signal: stop.signal })).step;
}

Deno.test("a training that was stopped goes on to the same losses and the same student", async () => {
  const whole = configFor("whole"), parts = configFor("parts");
  assertEquals(await trainSteps(whole, Infinity, {}), 3);
  assertEquals(await trainSteps(parts, 2, {}), 2);
  assertEquals(await trainSteps(parts, Infinity, { resume: true }), 3);
  assertEquals(losses(parts), losses(whole));
  assertEquals(losses(whole).length, 3);
  assertEquals(await studentHash(parts), await studentHash(whole));
  assert(Deno.readTextFileSync(`${whole.out}/curve.svg`).includes("<path"));

  await assertRejects(() => train(whole), InvalidArgumentError, "--resume");
  await assertRejects(
    () => train({ ...whole, batch: 4 }, { resume: true }),
    InvalidArgumentError,
    "configuration was another",
  );
});

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
  const batch = data.rawBatch(0, 0, 2, 2);
  const margins = drawMargins(ELASTIC_ARC, 1, 0, 0, 2);
  const parameters = await firstWeights(network, layout, START, 1);
  const results: Gradient[] = [];
  for (const device of ["wasm", "webgpu"] as const) {
    const machine = await GradientMachine.create(network, layout, HIGH_GUIDANCE, 2, device);
    results.push(await machine.run(parameters, batch, margins));
  }
  const [wasm, webgpu] = results;
  for (const part of ["total", "templates", "classes"] as const) {
    assertLess(Math.abs(webgpu.losses[part] - wasm.losses[part]), 1e-3 * (1 + wasm.losses[part]));
  }
  const length = Math.hypot(...pairs(wasm.slopes, wasm.slopes, (a) => a));
  const gap = Math.hypot(...pairs(wasm.slopes, webgpu.slopes, (a, b) => a - b));
  assertLess(gap, 1e-3 * length);
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

globalThis.addEventListener("unload", () => {
  for (const folder of [PHOTOS, SHARDS]) Deno.removeSync(folder, { recursive: true });
});
