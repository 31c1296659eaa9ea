// A sampler: draws the samples of a range with the project's own sampler, and hands them over as grey levels.

import { openTrainingData, type TrainingData } from "../data/data.ts";
import type { FromSampler, SampleRange, SamplerSetup, ToSampler } from "./sampler_messages.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToSampler>) => void;
  postMessage(message: FromSampler, transfer?: Transferable[]): void;
};

let ready: { setup: SamplerSetup; data: TrainingData } | undefined;

scope.onmessage = async ({ data: message }) => {
  try {
    if (message.kind === "setup") {
      const { setup } = message;
      ready = { setup, data: await openTrainingData(setup.data, setup.samples) };
      scope.postMessage({ kind: "ready" });
    } else await draw(message.range);
  } catch (error) {
    scope.postMessage({ kind: "error", message: (error as Error).stack ?? String(error) });
  }
};

async function draw({ step, from, to }: SampleRange): Promise<void> {
  const { data, setup } = ready!;
  const { images, targets, labels, classes } = await data.batch(step, from, to, setup.batch);
  const pixels = new Uint8Array(images.length);
  // The sampler rounds to whole grey levels before it brings them to -1 .. 1, so this is exact.
  for (let i = 0; i < images.length; i++) pixels[i] = Math.round(images[i] * 128 + 127.5);
  scope.postMessage(
    { kind: "drawn", samples: { pixels, targets, labels, classes } },
    [pixels.buffer, targets.buffer, labels.buffer, classes.buffer],
  );
}
