// The workers of a training: each computes the gradient of its part of the batch, here they are summed.
// In the order of the workers, so that a training with as many workers gives the same numbers again.

import { DeviceError } from "../../base/errors.ts";
import type { DistillConfig } from "./config.ts";
import type { Gradient, TrainingDevice } from "./gradient.ts";
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
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new DeviceError(`A training worker stopped: ${why}. Go on with --resume`));
      this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
        data.kind === "error" ? fail(data.message) : resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        fail(event.message);
      };
      this.#worker.postMessage(message);
    });
  }

  end(): void {
    this.#worker.terminate();
  }
}

/** All workers of a training. */
export class WorkerPool implements Disposable {
  private constructor(
    readonly workers: readonly GradientWorker[],
    /** Photos of an epoch. */
    readonly photos: number,
    /** Identities of the data. */
    readonly identities: number,
  ) {}

  /** Starts the workers, with parts of the batch as equal as possible. */
  static async start(
    config: DistillConfig,
    count: number,
    device: TrainingDevice,
  ): Promise<WorkerPool> {
    const { data, samples = {}, network, templateSize, loss, batch } = config;
    const workers = Array.from({ length: Math.min(count, batch) }, () => new GradientWorker());
    try {
      const answers = await Promise.all(workers.map((worker, i) => {
        const from = Math.floor(batch * i / workers.length);
        const to = Math.floor(batch * (i + 1) / workers.length);
        return worker.ask({
          kind: "setup",
          setup: { data, samples, network, templateSize, loss, batch, from, to, device },
        });
      }));
      const { photos, identities } = answers[0] as FromWorker & { kind: "ready" };
      return new WorkerPool(workers, photos, identities);
    } catch (error) {
      for (const worker of workers) worker.end();
      throw error;
    }
  }

  /** Loss and gradient of the batch of a step. */
  async gradient(step: number, parameters: Float32Array<ArrayBuffer>): Promise<BatchGradient> {
    const parts = await Promise.all(
      this.workers.map((worker) => worker.ask({ kind: "step", step, parameters })),
    ) as (FromWorker & { kind: "gradient" })[];
    const slopes = parts[0].slopes;
    for (const part of parts.slice(1)) {
      for (let i = 0; i < slopes.length; i++) slopes[i] += part.slopes[i];
    }
    const sum = (name: keyof Gradient["losses"]): number =>
      parts.reduce((total, { losses }) => total + losses[name]!, 0);
    return {
      losses: {
        total: sum("total"),
        templates: sum("templates"),
        classes: sum("classes"),
        contrast: sum("contrast"),
      },
      slopes,
      loading: Math.max(...parts.map(({ loading }) => loading)),
      computing: Math.max(...parts.map(({ computing }) => computing)),
    };
  }

  [Symbol.dispose](): void {
    for (const worker of this.workers) worker.end();
  }
}
