// Back-pressure: so many requests compute, so many wait, and the rest are told at once to come back later.
// A job that outlives its request keeps its lane, so that time-outs cannot pile up work.

import { unlessAborted } from "../base/abort.ts";
import { elapsed } from "../base/elapsed.ts";
import { ProblemError } from "./problem.ts";

/** No job is taken to last longer, in milliseconds. */
const MAX_DURATION = 60_000;

/** A bounded queue before a few lanes. */
export class WorkQueue {
  readonly #lanes: number;
  readonly #maxAdmitted: number;
  readonly #waiting: (() => void)[] = [];
  #admitted = 0;
  #busy = 0;
  /** How long a job takes, in milliseconds: a moving mean. */
  #meanDuration = 500;

  /** Makes a queue of so many lanes, before which so many requests may wait. */
  constructor(lanes: number, length: number) {
    this.#lanes = lanes;
    this.#maxAdmitted = lanes + length;
  }

  /** Requests that were let in and have not been answered. */
  get admitted(): number {
    return this.#admitted;
  }

  /**
   * Lets a request in, until what is returned is disposed of.
   *
   * @throws {ProblemError} `overloaded`, with the seconds after which to try again, if the queue is full.
   */
  admit(): Disposable {
    if (this.#admitted >= this.#maxAdmitted) {
      const seconds = Math.ceil(this.#admitted * this.#meanDuration / this.#lanes / 1000);
      throw new ProblemError(
        "overloaded",
        `Cannot take more than ${this.#maxAdmitted} requests at a time: try again in ${seconds} s`,
        { headers: { "retry-after": `${Math.max(1, seconds)}` } },
      );
    }
    this.#admitted++;
    return { [Symbol.dispose]: () => this.#admitted-- };
  }

  /** Runs a job when a lane is free; rejects with the signal's reason as soon as it is aborted. */
  async work<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    const start = performance.now();
    const done = job().finally(() => {
      // On a host that was suspended meanwhile a job seems to take hours: it counts as the longest plausible one.
      this.#meanDuration += 0.2 * (Math.min(elapsed(start), MAX_DURATION) - this.#meanDuration);
      const next = this.#waiting.shift();
      // The next one takes over the lane.
      if (next) next();
      else this.#busy--;
    });
    return await unlessAborted(done, signal);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#busy < this.#lanes) {
      this.#busy++;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await unlessAborted(promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      // The lane was handed over in the same moment: it goes on to the next.
      else (this.#waiting.shift() ?? (() => this.#busy--))();
      throw error;
    }
  }
}
