// A sampler: draws the samples of a range with the project's own sampler, and hands them over as grey levels.

import { openTrainingData } from "../data/data.ts";
import { openPairs } from "../data/pairs.ts";
import type {
  Drawn,
  FromSampler,
  SampleRange,
  SamplerSetup,
  ToSampler,
} from "./sampler_messages.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToSampler>) => void;
  postMessage(message: FromSampler, transfer?: Transferable[]): void;
};

let draw: ((range: SampleRange) => Drawn) | undefined;

scope.onmessage = async ({ data: message }) => {
  try {
    if (message.kind === "setup") {
      draw = await opened(message.setup);
      scope.postMessage({ kind: "ready" });
    } else {
      const samples = draw!(message.range);
      const arrays: readonly Uint8Array<ArrayBuffer>[] = Object.values(samples);
      scope.postMessage({ kind: "drawn", samples }, arrays.map(({ buffer }) => buffer));
    }
  } catch (error) {
    scope.postMessage({ kind: "error", message: (error as Error).stack ?? String(error) });
  }
};

async function opened(setup: SamplerSetup): Promise<(range: SampleRange) => Drawn> {
  if (setup.kind === "pairs") {
    const pairs = openPairs(setup.data, setup.pairs);
    return ({ step, from, to }) => pairs.draw(step, from, to, setup.batch);
  }
  const data = await openTrainingData(setup.data, setup.samples);
  return ({ step, from, to }) => {
    const { levels, targets, labels, classes } = data.rawBatch(step, from, to, setup.batch);
    return { pixels: levels, targets, labels, classes };
  };
}
