// Steps of a training on torch: sends batches and reads what became of them. What is sent is computed in order.

import type { LossOptions } from "../loss/loss.ts";
import { drawMargins } from "../loss/elastic_arc.ts";
import type { DistillConfig } from "../train/config.ts";
import type { FlatLayout } from "../train/flat.ts";
import type { LossValues } from "../train/gradient.ts";
import { decayOf } from "../train/optimizer.ts";
import type { Message, MessageArray } from "./messages.ts";
import { type PythonOptions, PythonProcesses } from "./python.ts";
import type { DrawnSamples } from "./sampler_messages.ts";

/** All numbers that change in a training. */
export interface TrainingState {
  /** The parameters. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Their running mean. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** What the optimiser remembers. */
  readonly optimizer: readonly Float32Array<ArrayBuffer>[];
}

/** What torch must know once. */
export interface EngineSetup {
  /** What to train and how. */
  readonly config: DistillConfig;
  /** Where each parameter lies. */
  readonly layout: FlatLayout;
  /** Numbers that are not trained, by name. */
  readonly constants: Readonly<Record<string, MessageArray>>;
  /** The fixed centres, for a loss with centres. */
  readonly table?: MessageArray;
  /** Where the training begins. */
  readonly state: TrainingState;
  /** Length of a template. */
  readonly templateSize: number;
  /** What norms add to the variance. */
  readonly epsilon: number;
}

/** What a step did. */
export interface StepResult {
  /** The parts of the loss. */
  readonly losses: LossValues;
  /** Length of the gradient before it was clipped. */
  readonly gradient: number;
}

/** Options of the engine. */
export interface EngineOptions extends PythonOptions {
  /** Where torch computes, in torch's words; by default `cpu`. */
  readonly device?: string;
  /** Whether to compute with 64 bits, to check gradients; by default false. */
  readonly double?: boolean;
}

const FRAME = [112, 112, 3] as const;

/** Torch, set up for a training. */
export class TorchEngine implements AsyncDisposable {
  private constructor(readonly processes: PythonProcesses, readonly setup: EngineSetup) {}

  /**
   * Starts the processes and sets them up.
   *
   * @throws {DeviceError} If they cannot be started, or torch refuses.
   */
  static async start(setup: EngineSetup, options: EngineOptions = {}): Promise<TorchEngine> {
    const processes = await PythonProcesses.start(options);
    const engine = new TorchEngine(processes, setup);
    try {
      const { config: { loss, optimizer, average, batch }, layout, constants, table, state } =
        setup;
      const facts = {
        loss,
        optimizer,
        average,
        batch,
        slots: layout.slots.map((slot) => ({
          rate: 1,
          ...slot,
          decay: decayOf(optimizer, slot.name),
        })),
        states: state.optimizer.length,
        constants: Object.keys(constants),
        epsilon: setup.epsilon,
        threads: options.threads ?? 0,
        device: options.device ?? "cpu",
        double: options.double ?? false,
      };
      const flat = (values: Float32Array): MessageArray => ({ shape: [values.length], values });
      const arrays = {
        parameters: flat(state.parameters),
        mean: flat(state.mean),
        ...Object.fromEntries(
          state.optimizer.map((values, i) => [`optimizer${i}`, flat(values)]),
        ),
        ...constants,
        ...table && { table },
      };
      await Promise.all(processes.streams.map(async (stream) => {
        await stream.write("setup", facts, arrays);
        await stream.read();
      }));
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sends the batch of a step; waits while torch has enough to do. */
  async send(step: number, rate: number, samples: DrawnSamples): Promise<void> {
    await this.#sendBatch("step", { step, rate }, step, samples);
  }

  /** What became of the earliest step that was sent. */
  async result(): Promise<StepResult> {
    const answers = await this.#answers();
    return { losses: summed(answers), gradient: answers[0].facts.gradient as number };
  }

  /** Loss and gradient of a batch; nothing is changed. */
  async gradient(
    step: number,
    samples: DrawnSamples,
  ): Promise<{ losses: LossValues; gradient: Float32Array<ArrayBuffer> }> {
    await this.#sendBatch("gradient", {}, step, samples);
    const answers = await this.#answers();
    return { losses: summed(answers), gradient: answers[0].arrays.gradient };
  }

  /** All numbers, after the steps that were sent. */
  async state(): Promise<TrainingState> {
    const [stream] = this.processes.streams;
    await stream.write("state");
    const { arrays: { parameters, mean, ...rest } } = await stream.read();
    const optimizer = this.setup.state.optimizer.map((_, i) => rest[`optimizer${i}`]);
    return { parameters, mean, optimizer };
  }

  /**
   * Templates by the running mean of the weights.
   *
   * @param pixels `[n, 112, 112, 3]` RGB grey levels.
   * @returns `[n, templateSize]` of length 1.
   */
  async embed(pixels: Uint8Array): Promise<Float32Array<ArrayBuffer>> {
    const frame = FRAME.reduce((a, b) => a * b, 1), count = pixels.length / frame;
    const [stream] = this.processes.streams;
    await stream.write("embed", {}, { pixels: { shape: [count, ...FRAME], values: pixels } });
    return (await stream.read()).arrays.templates;
  }

  /** Each process gets its part of the batch. */
  async #sendBatch(
    kind: string,
    facts: Readonly<Record<string, number>>,
    step: number,
    samples: DrawnSamples,
  ): Promise<void> {
    const { config: { batch, loss, samples: options }, templateSize } = this.setup;
    const { streams } = this.processes, count = batch / streams.length;
    const margins = drawMargins(loss, options?.seed ?? 1, step, 0, batch);
    await Promise.all(streams.map(async (stream, i) => {
      const part = <T extends Float32Array | Int32Array | Uint8Array>(
        values: T,
        ...sizes: number[]
      ): MessageArray => {
        const each = count * sizes.reduce((a, b) => a * b, 1);
        return {
          shape: [count, ...sizes],
          values: values.subarray(i * each, (i + 1) * each) as T,
        };
      };
      await stream.write(kind, facts, {
        pixels: part(samples.pixels, ...FRAME),
        targets: part(samples.targets, templateSize),
        labels: part(samples.labels),
        classes: part(samples.classes),
        margins: part(margins),
      });
    }));
  }

  async #answers(): Promise<Message[]> {
    return await Promise.all(this.processes.streams.map((stream) => stream.read()));
  }

  /** Lets the processes end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.processes[Symbol.asyncDispose]();
  }
}

/** Each process knows its share of the losses. */
function summed(answers: readonly Message[]): LossValues {
  const shares = answers.map(({ facts }) => facts.losses as Record<keyof LossOptions, number>);
  const names = Object.keys(shares[0]) as (keyof LossOptions)[];
  const sums = names.map((
    name,
  ) => [name, shares.reduce((sum, share) => sum + share[name], 0)]);
  return { templates: 0, classes: 0, contrast: 0, ...Object.fromEntries(sums) };
}
