// A small training for the tests of engines: shards of the tests' photos, a network of chance weights, all losses.

import { assertEquals } from "@std/assert";
import { indexShards, openTrainingData, prepareShards } from "../../src/distill/data/mod.ts";
import { centreTable } from "../../src/distill/loss/centre_table.ts";
import { EdgeNext } from "../../src/distill/network/edgenext.ts";
import { TorchEngine } from "../../src/distill/torch/engine.ts";
import { type TorchOptions, trainOnTorch } from "../../src/distill/torch/trainer.ts";
import { checkConfig, type DistillConfig } from "../../src/distill/train/config.ts";
import { chanceWeights } from "../../src/distill/train/first_weights.ts";
import { flatLayout, toFlat } from "../../src/distill/train/flat.ts";
import { readLog, type StepLine } from "../../src/distill/train/log.ts";
import { firstState } from "../../src/distill/train/optimizer.ts";
import { writePhotos } from "./data_fixture.ts";
import { smallEdgeNext } from "./edgenext_fixture.ts";

/** Everything is below this folder; remove it at the end. */
export const FOLDER = await Deno.makeTempDir({ prefix: "maskinv-torch-" });
/** The network's file. */
export const START = `${FOLDER}/start.onnx`;
let templateSize: number | undefined;

/** Shards and a start, made by the first test that wants them. */
export async function prepared(): Promise<number> {
  if (templateSize !== undefined) return templateSize;
  const photos = await writePhotos();
  const settings = await prepareShards(photos, `${FOLDER}/shards`, { shardSize: 4, threads: 1 });
  await Deno.remove(photos, { recursive: true });
  // Two people to learn, and whoever else there is to validate by.
  indexShards(`${FOLDER}/shards`, settings, { validationIdentities: 0, validationShare: 1 });
  Deno.writeFileSync(START, smallEdgeNext(settings.templateSize));
  return templateSize = settings.templateSize;
}

/** Every part that both engines have. */
export const LOSS = {
  templates: 10,
  kd: 1,
  classes: 0.1,
  centres: { weight: 0.1, margin: 0.15, temperature: 0.06, alike: 0.45 },
  relational: { weight: 10 },
};

/** A configuration by the name of its folder. */
export function configFor(name: string, changes: object = {}): DistillConfig {
  return checkConfig({
    data: `${FOLDER}/shards`,
    samples: { seed: 3 },
    network: "edgenext",
    start: START,
    loss: LOSS,
    optimizer: { kind: "adamw", rate: 1e-3, decay: 0.02, clip: 100 },
    schedule: { kind: "cosine", warmUp: 2 },
    batch: 4,
    steps: 4,
    average: 0.9,
    validateEvery: 3,
    validatePhotos: 4,
    checkpointEvery: 2,
    out: `${FOLDER}/${name}`,
    ...changes,
  }, name);
}

/** An engine at the start of a training. */
export async function engineFor(
  config: DistillConfig,
  python: string,
  double = false,
): Promise<TorchEngine> {
  using data = await openTrainingData(config.data, config.samples);
  const network = new EdgeNext(Deno.readFileSync(config.start!), config.start!);
  const layout = flatLayout(network, data.identities, network.rates());
  const weights = network.read();
  const parameters = toFlat(layout, weights, chanceWeights(layout, 1));
  const constants = Object.fromEntries(
    Object.entries(network.constants).map((
      [name, shape],
    ) => [name, { shape, values: weights[name] }]),
  );
  return await TorchEngine.start({
    config,
    layout,
    constants,
    ...config.loss.centres && { table: centreTable(data.bank()) },
    templateSize: network.templateSize,
    epsilon: network.epsilon,
    state: {
      parameters,
      mean: parameters.slice(),
      optimizer: firstState(config.optimizer, layout.length),
    },
  }, { python, double, threads: 1 });
}

/** The first batch. */
export async function samplesOf(
  config: DistillConfig,
): Promise<Parameters<TorchEngine["gradient"]>[1]> {
  using data = await openTrainingData(config.data, config.samples);
  const { levels, targets, labels, classes } = data.rawBatch(0, 0, config.batch, config.batch);
  return { pixels: levels, targets, labels, classes };
}

/** The steps of a log, without what depends on the clock. */
export function steps({ out }: DistillConfig): Omit<StepLine, "speed" | "loading" | "computing">[] {
  return readLog(`${out}/log.jsonl`).filter((line): line is StepLine => "loss" in line)
    .map(({ step, loss, rate, gradient }) => ({ step, loss, rate, gradient }));
}

/** The length of the difference of two rows of numbers relative to that of the second. */
export function distance(a: Float32Array, b: Float32Array): number {
  assertEquals(a.length, b.length);
  let apart = 0, whole = 0;
  b.forEach((value, i) => {
    apart += (a[i] - value) ** 2;
    whole += value ** 2;
  });
  return Math.sqrt(apart / whole);
}

/** Trains until so many steps were made in this sitting. */
export async function trainSteps(
  config: DistillConfig,
  made: number,
  options: TorchOptions,
): Promise<number> {
  const stop = new AbortController();
  let left = made;
  const progress = (): void => {
    if (--left === 0) stop.abort();
  };
  return (await trainOnTorch(config, { ...options, progress, signal: stop.signal })).step;
}
