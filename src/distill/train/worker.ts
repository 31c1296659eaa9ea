// A worker of the trainer: makes its samples, computes their gradient, hands it over, and makes the next samples meanwhile.

import "./one_thread.ts";
import { drawLayers } from "../../mask/draw_layers.ts";
import { startRuntime } from "../../runtime/start.ts";
import type { DrawPictures, RawBatch, TrainingData } from "../data/data.ts";
import { openTrainingData } from "../data/data.ts";
import { drawMargins } from "../loss/elastic_arc.ts";
import { studentNetwork } from "../networks.ts";
import { flatLayout } from "./flat.ts";
import { GradientMachine, type SampleTemplates } from "./gradient.ts";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
};

interface Ready {
  readonly setup: WorkerSetup;
  readonly data: TrainingData;
  readonly machine: GradientMachine;
  /** Draws the masks of samples on the GPU, where the gradient is computed there too. */
  readonly draw?: DrawPictures;
}

let ready: Promise<Ready> | undefined;
let drawn: { step: number; batch: Promise<RawBatch> } | undefined;

scope.onmessage = async ({ data: message }) => {
  try {
    if (message.kind === "setup") {
      await (ready = setUp(message.setup));
      scope.postMessage({ kind: "ready" });
    } else if (message.kind === "templates") {
      await sendTemplates(await ready!, message.step, message.parameters);
    } else await doStep(await ready!, message.step, message.parameters, message.others);
  } catch (error) {
    scope.postMessage({ kind: "error", message: (error as Error).stack ?? String(error) });
  }
};

async function setUp(setup: WorkerSetup): Promise<Ready> {
  const data = await openTrainingData(setup.data, setup.samples);
  const network = studentNetwork(setup.network, setup.templateSize, setup.graph);
  const layout = flatLayout(network, setup.identities);
  const machine = await GradientMachine.create(
    network,
    layout,
    setup.loss,
    setup.batch,
    setup.device,
    setup.loss.contrast || setup.loss.centres ? data.bank() : undefined,
  );
  if (setup.device === "wasm") return { setup, data, machine };
  // jax-js lends nobody its device.
  const runtime = await startRuntime("webgpu");
  return { setup, data, machine, draw: (pictures) => drawLayers(runtime, pictures) };
}

/** The samples of a step, which may have been drawn before it was asked for. */
function samplesOf(
  { setup: { from, to, batch }, data, draw }: Ready,
  step: number,
): Promise<RawBatch> {
  if (drawn?.step !== step) {
    const made = draw
      ? data.drawnBatch(step, from, to, batch, draw)
      : new Promise<RawBatch>((resolve) => resolve(data.rawBatch(step, from, to, batch)));
    drawn = { step, batch: made };
    // What fails now fails again when it is asked for.
    made.catch(() => {
      if (drawn?.batch === made) drawn = undefined;
    });
  }
  return drawn.batch;
}

async function sendTemplates(
  ready: Ready,
  step: number,
  parameters: Float32Array<ArrayBuffer>,
): Promise<void> {
  const batch = await samplesOf(ready, step);
  const templates = await ready.machine.embed(parameters, batch);
  scope.postMessage({ kind: "templates", samples: { templates, targets: batch.targets } });
}

async function doStep(
  ready: Ready,
  step: number,
  parameters: Float32Array<ArrayBuffer>,
  others?: SampleTemplates,
): Promise<void> {
  const { setup: { from, to, loss, samples }, machine } = ready;
  const start = performance.now();
  const batch = await samplesOf(ready, step);
  const loaded = performance.now();
  const margins = drawMargins(loss, samples.seed ?? 1, step, from, to);
  const { losses, gradient } = await machine.run(parameters, batch, margins, others);
  const done = performance.now();
  scope.postMessage(
    { kind: "gradient", losses, gradient, loading: loaded - start, computing: done - loaded },
    [gradient.buffer],
  );
  // While the other workers and the optimiser still compute.
  samplesOf(ready, step + 1);
}
