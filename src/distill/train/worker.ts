// A worker of the trainer: makes its samples, computes their gradient, hands it over, and makes the next samples meanwhile.

import "./one_thread.ts";
import type { TrainingBatch, TrainingData } from "../data/data.ts";
import { openTrainingData } from "../data/data.ts";
import { drawMargins } from "../loss/elastic_arc.ts";
import { studentNetwork } from "../networks.ts";
import { flatLayout } from "./flat.ts";
import { GradientMachine } from "./gradient.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
};

interface Ready {
  readonly setup: WorkerSetup;
  readonly data: TrainingData;
  readonly machine: GradientMachine;
}

let ready: Promise<Ready> | undefined;
let next: { step: number; batch: Promise<TrainingBatch> } | undefined;

scope.onmessage = async ({ data: message }) => {
  try {
    if (message.kind === "setup") {
      const { data } = await (ready = setUp(message.setup));
      scope.postMessage({ kind: "ready", photos: data.photos, identities: data.identities });
    } else await doStep(await ready!, message.step, message.parameters);
  } catch (error) {
    scope.postMessage({ kind: "error", message: (error as Error).stack ?? String(error) });
  }
};

async function setUp(setup: WorkerSetup): Promise<Ready> {
  const data = await openTrainingData(setup.data, setup.samples);
  const network = studentNetwork(setup.network, setup.templateSize);
  const layout = flatLayout(network, data.identities);
  const machine = await GradientMachine.create(
    network,
    layout,
    setup.loss,
    setup.batch,
    setup.device,
    setup.loss.contrast && data.bank(),
  );
  return { setup, data, machine };
}

async function doStep(
  { setup, data, machine }: Ready,
  step: number,
  parameters: Float32Array<ArrayBuffer>,
): Promise<void> {
  const { from, to, batch: size, loss, samples } = setup;
  const load = (step: number): Promise<TrainingBatch> => data.batch(step, from, to, size);
  const start = performance.now();
  const batch = await (next?.step === step ? next.batch : load(step));
  const loaded = performance.now();
  const margins = drawMargins(loss, samples.seed ?? 1, step, from, to);
  const { losses, slopes } = await machine.run(parameters, batch, margins);
  const done = performance.now();
  scope.postMessage(
    { kind: "gradient", losses, slopes, loading: loaded - start, computing: done - loaded },
    [slopes.buffer],
  );
  next = { step: step + 1, batch: load(step + 1) };
  // Awaited where it is used; a failure must not end the worker before that.
  next.batch.catch(() => {});
}
