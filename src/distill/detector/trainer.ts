// A training of the detector from its configuration to its ONNX file: YuNet on a masked picture learns what the published
// YuNet says of the clean one.

import { ModelError } from "../../base/errors.ts";
import { writeWhole } from "../../base/write_error.ts";
import { hashHex } from "../../model/model.ts";
import { type DrawnPairs, heldOutPairs, openPairs, type PairOptions } from "../data/pairs.ts";
import type { TrainingState } from "../torch/engine.ts";
import { Samplers } from "../torch/samplers.ts";
import { type Checkpoint, writeCheckpoint } from "../train/checkpoint.ts";
import { hashOf } from "../train/config.ts";
import { firstState } from "../train/optimizer.ts";
import { Pace } from "../train/pace.ts";
import { checkpointToResume } from "../train/resume.ts";
import { rateAt } from "../train/schedule.ts";
import type { DetectorConfig } from "./config.ts";
import {
  DetectorEngine,
  type DetectorEngineOptions,
  type DetectorLosses,
  optimizerOf,
} from "./engine.ts";
import { DetectorGraph } from "./graph.ts";
import { listShownPhotos, readShownPhoto } from "./photos.ts";
import { type DetectorErrors, measureDetector } from "./place_errors.ts";

/** How a detector's training is run; nothing here changes what it computes, but threads round differently. */
export interface DetectorOptions extends DetectorEngineOptions {
  /** Whether to go on from the checkpoint in the folder `out`; by default false. */
  readonly resume?: boolean;
  /** Workers that draw pairs; by default one for each core but one. */
  readonly samplers?: number;
  /** Is told after each step how far it is, with the time left. */
  readonly progress?: (text: string) => void;
  /** Is told the means of the loss's parts since it was told last, at each checkpoint. */
  readonly report?: (text: string) => void;
  /** Ends the training after the step that is under way, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** How far a detector's training came. */
export interface DetectorResult {
  /** Steps that were made. */
  readonly step: number;
  /** The detector's ONNX file. */
  readonly file: string;
  /** What held-out pairs say of it; nothing if the training was stopped. */
  readonly errors: readonly DetectorErrors[];
}

/** Steps that torch has at hand while it computes one. */
const IN_FLIGHT = 2;

/**
 * Trains YuNet on torch for masked faces. In the folder `out` it writes `last.checkpoint` and `detector.onnx`, the start's
 * graph with other numbers.
 *
 * @param config What to train and how.
 * @param options How to run it.
 * @returns How far it came, and how well crops are placed before and after.
 * @throws {InvalidArgumentError} If there is a training in `out` already, the one to resume has another configuration,
 * the shards hold no photo to draw on, or a photo to show cannot be read.
 * @throws {ModelError} If the start is not YuNet as `convert` makes it.
 * @throws {DeviceError} If torch cannot be started, or stops.
 *
 * @example
 * ```ts ignore
 * import { checkDetectorConfig, trainDetector } from "@maskinv/maskinv/distill";
 *
 * const text = Deno.readTextFileSync("src/distill/configs/detector.json");
 * const { errors } = await trainDetector(checkDetectorConfig(JSON.parse(text), "detector.json"));
 * console.log(errors[0].after.y.mean);
 * ```
 */
export async function trainDetector(
  config: DetectorConfig,
  options: DetectorOptions = {},
): Promise<DetectorResult> {
  const start = readGraph(config.start, "start");
  const graph = config.teacher === undefined ? start : readGraph(config.teacher, "teacher");
  if (JSON.stringify(graph.layout) !== JSON.stringify(start.layout)) {
    throw new ModelError(
      `Cannot train ${start.label} by ${graph.label} as their layers differ: give two forms of one YuNet`,
    );
  }
  const { data, batch, steps, seed, maskShare, surroundShare, heldOut } = config;
  const pairs: PairOptions = { seed, maskShare, surroundShare };
  const held = heldOutPairs(data, pairs, heldOut);
  // So that a folder without photos is refused before anything is written.
  openPairs(data, pairs)[Symbol.dispose]();
  const photos = listShownPhotos(config.photos ?? [], config.photoNumbers);
  const hash = await hashOfTraining(config, start, graph);
  const resumed = checkpointToResume(config, hash, options.resume ?? false);
  const count = options.samplers ?? Math.max(1, navigator.hardwareConcurrency - 1);
  using samplers = await Samplers.start<DrawnPairs>(
    { kind: "pairs", data, pairs, batch },
    count,
    steps,
  );
  const state: TrainingState = resumed ?? {
    parameters: start.parameters,
    mean: start.parameters.slice(),
    optimizer: firstState(optimizerOf(config), graph.layout.length),
  };
  await using engine = await DetectorEngine.start(graph, config, state, options);
  for (const [i, path] of photos.entries()) {
    if (options.signal?.aborted) break;
    options.progress?.(`photo ${i + 1}/${photos.length}`);
    await engine.show(await readShownPhoto(path));
  }
  const run = new DetectorRun(config, hash, graph, engine, resumed?.step ?? 0);
  await run.steps(samplers, options);
  const errors = run.step === steps ? await measureDetector(engine, held) : [];
  return { step: run.step, file: run.file, errors };
}

function readGraph(path: string, role: "start" | "teacher"): DetectorGraph {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw new ModelError(
      `Cannot train a detector by ${path} as ${
        (error as Error).message
      }: make it with maskinv convert of the published YuNet, ` +
        `or correct "${role}"`,
      { cause: error },
    );
  }
  return new DetectorGraph(bytes, path);
}

/** The hash of all that the result of a training depends on; of start and teacher the weights, wherever they lie. */
async function hashOfTraining(
  config: DetectorConfig,
  ...graphs: readonly DetectorGraph[]
): Promise<string> {
  const { out: _out, checkpointEvery: _every, heldOut: _heldOut, ...rest } = config;
  const { start: _start, teacher: _teacher, ...deciding } = rest;
  const weights = await Promise.all(
    graphs.map(({ parameters }) => hashHex(new Uint8Array(parameters.buffer))),
  );
  return await hashOf({ ...deciding, weights });
}

/** The state of a training and what happens to it. */
class DetectorRun {
  readonly file: string;
  #sums: Record<string, number> = {};
  #summed = 0;

  constructor(
    readonly config: DetectorConfig,
    readonly hash: string,
    readonly graph: DetectorGraph,
    readonly engine: DetectorEngine,
    public step: number,
  ) {
    this.file = `${config.out}/detector.onnx`;
  }

  /** Makes the steps that are left, or as many as are made before it is told to stop. */
  async steps(samplers: Samplers<DrawnPairs>, options: DetectorOptions): Promise<void> {
    const { steps, checkpointEvery, batch } = this.config, pace = new Pace(batch);
    while (this.step < steps && !options.signal?.aborted) {
      const next = (Math.floor(this.step / checkpointEvery) + 1) * checkpointEvery;
      await this.#stepsUntil(Math.min(steps, next), samplers, pace, options);
      await this.#save();
      options.report?.(`after ${this.step} steps: ${this.#meanLosses()}`);
    }
  }

  async #stepsUntil(
    last: number,
    samplers: Samplers<DrawnPairs>,
    pace: Pace,
    { signal, progress }: DetectorOptions,
  ): Promise<void> {
    const { rate, warmUp, steps } = this.config;
    let sent = this.step;
    pace.start();
    for (;;) {
      while (sent < Math.min(last, this.step + IN_FLIGHT) && !signal?.aborted) {
        const share = rateAt({ kind: "cosine", warmUp }, sent, steps);
        await this.engine.send(sent, rate * share, await samplers.batch(sent));
        sent++;
      }
      if (sent === this.step) return;
      const { losses } = await this.engine.result();
      this.#add(losses);
      this.step++;
      pace.stop();
      pace.start();
      progress?.(`step ${this.step}/${steps}  ${textOf(losses)}  ${pace.text(steps - this.step)}`);
    }
  }

  #add(losses: DetectorLosses): void {
    const parts: readonly [string, number][] = Object.entries(losses);
    for (const [name, value] of parts) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    if (parts.length > 0) this.#summed++;
  }

  #meanLosses(): string {
    const means = Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#summed]);
    this.#sums = {};
    this.#summed = 0;
    return textOf(Object.fromEntries(means));
  }

  async #save(): Promise<void> {
    const state = await this.engine.state();
    const checkpoint: Checkpoint = {
      ...state,
      step: this.step,
      config: this.hash,
      identities: 0,
      best: { score: 0, step: 0 },
    };
    writeCheckpoint(`${this.config.out}/last.checkpoint`, checkpoint);
    writeWhole(this.file, this.graph.write(state.mean));
  }
}

function textOf(losses: DetectorLosses): string {
  const parts: readonly [string, number][] = Object.entries(losses);
  return parts.map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ") ||
    "nothing to learn";
}
