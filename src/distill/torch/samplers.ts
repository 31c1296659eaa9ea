// The samplers of a training with torch: they draw ahead, in pieces that whoever is free takes. A sample depends on seed,
// step and place alone, so the batches are the same with any number of samplers.

import { askWorker } from "../train/ask_worker.ts";
import type {
  Drawn,
  DrawnSamples,
  FromSampler,
  SampleRange,
  SamplerSetup,
  ToSampler,
} from "./sampler_messages.ts";

/** Samples of a piece. */
const PIECE = 16;
/** Batches that are drawn before they are wanted. */
const AHEAD = 4;

/** A worker with the promise of what it draws. */
class Sampler {
  readonly #worker = new Worker(new URL("./sampler_worker.ts", import.meta.url), {
    type: "module",
  });

  ask(message: ToSampler): Promise<FromSampler> {
    return askWorker(this.#worker, message, "A sampler");
  }

  end(): void {
    this.#worker.terminate();
  }
}

interface Piece<Batch> {
  readonly range: SampleRange;
  readonly done: (samples: Batch) => void;
  readonly failed: (error: unknown) => void;
}

/** All samplers of a training. */
export class Samplers<Batch extends Drawn = DrawnSamples> implements Disposable {
  readonly #pieces: Piece<Batch>[] = [];
  readonly #batches = new Map<number, Promise<Batch>>();
  readonly #idle: Sampler[];

  private constructor(
    readonly samplers: readonly Sampler[],
    readonly setup: SamplerSetup,
    readonly steps: number,
  ) {
    this.#idle = [...samplers];
  }

  /** Starts `count` samplers for a training of so many steps. */
  static async start<Batch extends Drawn = DrawnSamples>(
    setup: SamplerSetup,
    count: number,
    steps: number,
  ): Promise<Samplers<Batch>> {
    const samplers = Array.from({ length: count }, () => new Sampler());
    try {
      await Promise.all(samplers.map((sampler) => sampler.ask({ kind: "setup", setup })));
      return new Samplers<Batch>(samplers, setup, steps);
    } catch (error) {
      for (const sampler of samplers) sampler.end();
      throw error;
    }
  }

  /** The batch of a step; the following ones are begun. Each can be had once. */
  async batch(step: number): Promise<Batch> {
    for (let next = step; next < Math.min(step + 1 + AHEAD, this.steps); next++) {
      if (!this.#batches.has(next)) this.#batches.set(next, this.#draw(next));
    }
    const batch = this.#batches.get(step)!;
    this.#batches.delete(step);
    return await batch;
  }

  #draw(step: number): Promise<Batch> {
    const { batch } = this.setup;
    const pieces = Array.from({ length: Math.ceil(batch / PIECE) }, (_, i) => {
      const from = i * PIECE, to = Math.min(batch, from + PIECE);
      return new Promise<Batch>((done, failed) =>
        this.#pieces.push({ range: { step, from, to }, done, failed })
      );
    });
    const whole = Promise.all(pieces).then((parts) => joined(parts));
    // Awaited where it is used; a failure must not end the training before that.
    whole.catch(() => {});
    this.#giveOut();
    return whole;
  }

  #giveOut(): void {
    while (this.#idle.length > 0 && this.#pieces.length > 0) {
      const sampler = this.#idle.pop()!;
      const { range, done, failed } = this.#pieces.shift()!;
      sampler.ask({ kind: "draw", range }).then((answer) => {
        this.#idle.push(sampler);
        this.#giveOut();
        done((answer as FromSampler & { kind: "drawn" }).samples as Batch);
      }, failed);
    }
  }

  /** Ends the samplers. */
  [Symbol.dispose](): void {
    for (const sampler of this.samplers) sampler.end();
  }
}

/** What was drawn, one after the other. */
function joined<Batch extends Drawn>(parts: readonly Batch[]): Batch {
  if (parts.length === 1) return parts[0];
  const names = Object.keys(parts[0]) as (keyof Batch)[];
  return Object.fromEntries(names.map((name) => {
    const arrays = parts.map((part) => part[name] as Uint8Array<ArrayBuffer>);
    const length = arrays.reduce((sum, array) => sum + array.length, 0);
    // Of the same kind as the parts, which are floats, whole numbers or bytes.
    const whole = new (arrays[0].constructor as Uint8ArrayConstructor)(length);
    let at = 0;
    for (const array of arrays) {
      whole.set(array, at);
      at += array.length;
    }
    return [name, whole];
  })) as unknown as Batch;
}
