// The workers of a training: each computes the gradient of its part of the batch, here they are summed.
// In the order of the workers, so that a training with as many workers gives the same numbers again.

import { concatFloats } from "../../base/concat.ts";
import { askWorker } from "./ask_worker.ts";
import type { DistillConfig } from "./config.ts";
import type { Gradient, LossValues, SampleTemplates, TrainingDevice } from "./gradient.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** The gradient of a whole batch. */
export interface BatchGradient extends Gradient {
  /** Milliseconds of the slowest worker for its samples. */
  readonly loading: number;
  /** Milliseconds of the slowest worker for its gradient. */
  readonly computing: number;
}

/** One worker. */
class GradientWorker {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

  ask(message: ToWorker): Promise<FromWorker> {
    return askWorker(this.#worker, message, "A training worker");
  }

  end(): void {
    this.#worker.terminate();
  }
}

/** All workers of a training. */
export class WorkerPool implements Disposable {
  private constructor(
    readonly workers: readonly GradientWorker[],
    /** Whether the loss looks at the whole batch. */
    readonly relational: boolean,
  ) {}

  /**
   * Starts the workers, with parts of the batch as equal as possible.
   *
   * @param identities Learnt centres.
   * @param graph The ONNX file of an `edgenext`.
   */
  static async start(
    config: DistillConfig,
    count: number,
    device: TrainingDevice,
    identities: number,
    graph?: Uint8Array<ArrayBuffer>,
  ): Promise<WorkerPool> {
    const { data, samples = {}, network, templateSize, loss, batch } = config;
    const workers = Array.from({ length: Math.min(count, batch) }, () => new GradientWorker());
    try {
      await Promise.all(workers.map((worker, i) => {
        const from = Math.floor(batch * i / workers.length);
        const to = Math.floor(batch * (i + 1) / workers.length);
        const part = { from, to, device, identities, graph };
        return worker.ask({
          kind: "setup",
          setup: { data, samples, network, templateSize, loss, batch, ...part },
        });
      }));
      return new WorkerPool(workers, loss.relational !== undefined && workers.length > 1);
    } catch (error) {
      for (const worker of workers) worker.end();
      throw error;
    }
  }

  /** Loss and gradient of the batch of a step. */
  async gradient(step: number, parameters: Float32Array<ArrayBuffer>): Promise<BatchGradient> {
    const samples = this.relational ? await this.#templates(step, parameters) : [];
    const parts = await Promise.all(this.workers.map((worker, i) => {
      const others = this.relational ? joined(samples.filter((_, k) => k !== i)) : undefined;
      return worker.ask({ kind: "step", step, parameters, others });
    })) as (FromWorker & { kind: "gradient" })[];
    const gradient = parts[0].gradient;
    for (const part of parts.slice(1)) {
      for (let i = 0; i < gradient.length; i++) gradient[i] += part.gradient[i];
    }
    const names = Object.keys(parts[0].losses) as (keyof LossValues)[];
    const sums = names.map((name) => [
      name,
      parts.reduce((total, { losses }) => total + losses[name]!, 0),
    ]);
    return {
      losses: Object.fromEntries(sums),
      gradient,
      loading: Math.max(...parts.map(({ loading }) => loading)),
      computing: Math.max(...parts.map(({ computing }) => computing)),
    };
  }

  /** What the samples of each worker are, for the others. */
  async #templates(
    step: number,
    parameters: Float32Array<ArrayBuffer>,
  ): Promise<SampleTemplates[]> {
    const answers = await Promise.all(
      this.workers.map((worker) => worker.ask({ kind: "templates", step, parameters })),
    );
    return answers.map((answer) => (answer as FromWorker & { kind: "templates" }).samples);
  }

  [Symbol.dispose](): void {
    for (const worker of this.workers) worker.end();
  }
}

function joined(parts: readonly SampleTemplates[]): SampleTemplates {
  return {
    templates: concatFloats(parts.map(({ templates }) => templates)),
    targets: concatFloats(parts.map(({ targets }) => targets)),
  };
}
