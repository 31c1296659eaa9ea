// A training of a few steps on photos of the project, with real workers.

import "../../src/distill/train/one_thread.ts";
import { HIGH_GUIDANCE } from "../../src/distill/mod.ts";
import type { DistillConfig } from "../../src/distill/train/config.ts";
import { train, type TrainOptions } from "../../src/distill/train/trainer.ts";
import { shardsOf, writePhotos } from "./data_fixture.ts";
import { mobilefacenetFile } from "./mobilefacenet_fixture.ts";

/** The folder of the photos. */
export const PHOTOS: string = await writePhotos();
const { folder, index } = await shardsOf(PHOTOS);

/** Their shards. */
export const SHARDS: string = folder;

/** Numbers of a template of the teacher. */
export const SIZE: number = index.settings.templateSize;

/** The network that it starts from. */
export const START: string = `${SHARDS}/start.onnx`;
Deno.writeFileSync(START, mobilefacenetFile(SIZE));

/** A training of three steps. */
export function configFor(name: string): DistillConfig {
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

/** Trains until so many steps were made in this sitting. */
export async function trainSteps(
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

globalThis.addEventListener("unload", () => {
  for (const folder of [PHOTOS, SHARDS]) Deno.removeSync(folder, { recursive: true });
});
