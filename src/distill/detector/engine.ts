// Steps of a detector's training on torch (torch/detector.py). What is sent is computed in order.

import { CROP_BYTES, CROP_SIZE } from "../data/crop.ts";
import type { DrawnPairs } from "../data/pairs.ts";
import type { TrainingState } from "../torch/engine.ts";
import type { MessageArray, MessageStream } from "../torch/messages.ts";
import { type PythonOptions, PythonProcesses } from "../torch/python.ts";
import type { OptimizerOptions } from "../train/optimizer.ts";
import type { DetectorConfig } from "./config.ts";
import type { DetectorGraph } from "./graph.ts";
import type { ShownPhoto } from "./photos.ts";

/** How torch is started for a detector. */
export interface DetectorEngineOptions extends Pick<PythonOptions, "python" | "threads"> {
  /** Where torch computes, in torch's words; by default `cpu`. */
  readonly device?: string;
}

/** The parts of the loss; empty where no pair of a batch could teach anything. */
export interface DetectorLosses {
  /** Logits of class and object against those of the published network on the clean picture. */
  readonly scores?: number;
  /** Distance of the points from those of the clean picture, in fortieths of the face's width. */
  readonly points?: number;
  /** Distance of the boxes' numbers. */
  readonly boxes?: number;
}

/** Rows of a score and the x and y of five points, by name: `wanted`, `before.clean`, `after.masked` and so on. */
export type MeasuredRows = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** AdamW as the training uses it. */
export function optimizerOf({ rate }: DetectorConfig): OptimizerOptions {
  return { kind: "adamw", rate, decay: 1e-4, clip: 5 };
}

/** Torch, set up for the training of a detector. */
export class DetectorEngine implements AsyncDisposable {
  readonly #stream: MessageStream;

  private constructor(readonly processes: PythonProcesses, readonly state0: TrainingState) {
    [this.#stream] = processes.streams;
  }

  /**
   * Starts torch and sets it up; `state` is where the training begins, the graph's own numbers are the teacher's.
   *
   * @throws {DeviceError} If it cannot be started, or torch refuses.
   */
  static async start(
    graph: DetectorGraph,
    config: DetectorConfig,
    state: TrainingState,
    { python, threads, device = "cpu" }: DetectorEngineOptions = {},
  ): Promise<DetectorEngine> {
    const options = { ...python !== undefined && { python }, ...threads && { threads } };
    const processes = await PythonProcesses.start(options, "detector.py");
    const engine = new DetectorEngine(processes, state), optimizer = optimizerOf(config);
    const { nodes, outputs, layout } = graph, { seed, average, cleanWeight } = config;
    const shares = {
      small: config.smallShare,
      rolled: config.rolledShare,
      turned: config.turnedShare,
      tight: config.tightShare,
    };
    const slots = layout.slots.map((slot) => ({ ...slot, rate: 1, decay: optimizer.decay }));
    const states = state.optimizer.length;
    try {
      await engine.#stream.write(
        "setup",
        {
          ...{ nodes, outputs, slots, seed, average, shares, cleanWeight, optimizer, states },
          threads: threads ?? 0,
          device,
        },
        {
          published: flat(graph.parameters),
          parameters: flat(state.parameters),
          mean: flat(state.mean),
          ...Object.fromEntries(state.optimizer.map((array, i) => [`optimizer${i}`, flat(array)])),
        },
      );
      await engine.#stream.read();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends a photo that following steps may show. */
  async show({ height, width, pixels }: ShownPhoto): Promise<void> {
    await this.#stream.write("photo", {}, {
      pixels: { shape: [height, width, 3], values: pixels },
    });
  }

  /** Sends the pairs of a step; waits while torch has enough to do. */
  async send(step: number, rate: number, pairs: DrawnPairs): Promise<void> {
    await this.#stream.write("step", { step, rate }, arrays(pairs));
  }

  /** What became of the earliest step that was sent. */
  async result(): Promise<{ readonly losses: DetectorLosses; readonly gradient: number }> {
    const { losses, gradient } = (await this.#stream.read()).facts;
    return { losses: losses as DetectorLosses, gradient: gradient as number };
  }

  /** All numbers, after the steps that were sent. */
  async state(): Promise<TrainingState> {
    await this.#stream.write("state");
    const { parameters, mean, ...rest } = (await this.#stream.read()).arrays;
    return {
      parameters,
      mean,
      optimizer: this.state0.optimizer.map((_, i) => rest[`optimizer${i}`]),
    };
  }

  /** The maps of RGB pictures `[n, height, width, 3]` by the running mean, by their names. */
  async maps(
    pixels: Uint8Array<ArrayBuffer>,
    height: number,
    width: number,
  ): Promise<Readonly<Record<string, Float32Array<ArrayBuffer>>>> {
    const shape = [pixels.length / (height * width * 3), height, width, 3];
    await this.#stream.write("maps", {}, { pixels: { shape, values: pixels } });
    return (await this.#stream.read()).arrays;
  }

  /** What is wanted of pairs and what is found, in pictures of `size` that show the crops at `scale`. */
  async measure(pairs: DrawnPairs, size: number, scale: number): Promise<MeasuredRows> {
    await this.#stream.write("measure", { size, scale }, arrays(pairs));
    return (await this.#stream.read()).arrays;
  }

  /** Lets the process end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.processes[Symbol.asyncDispose]();
  }
}

function flat(values: Float32Array): MessageArray {
  return { shape: [values.length], values };
}

function arrays({ clean, masked }: DrawnPairs): Readonly<Record<"clean" | "masked", MessageArray>> {
  const shape = [clean.length / CROP_BYTES, CROP_SIZE, CROP_SIZE, 3];
  return { clean: { shape, values: clean }, masked: { shape, values: masked } };
}
