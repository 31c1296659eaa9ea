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
    } else draw(message.range);
  } catch (error) {
    scope.postMessage({ kind: "error", message: (error as Error).stack ?? String(error) });
  }
};

function draw({ step, from, to }: SampleRange): void {
  const { data, setup } = ready!;
  const { levels, targets, labels, classes } = data.rawBatch(step, from, to, setup.batch);
  scope.postMessage(
    { kind: "drawn", samples: { pixels: levels, targets, labels, classes } },
    [levels.buffer, targets.buffer, labels.buffer, classes.buffer],
  );
}
