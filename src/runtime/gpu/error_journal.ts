// Which results a GPU error may have spoiled. WebGPU reports errors later and to nobody in particular, while calls
// overlap: blaming the next reader would hide the error from the call that suffered it.

import { DeviceError } from "../../base/errors.ts";
import type { GpuDevice } from "./device.ts";

/** When a result was made, and what was already known to be wrong with it. */
export interface Mark {
  readonly operation: number;
  readonly failure?: string;
}

/** Operations after `from` up to `to` may have caused or suffered the failure. */
interface Failure {
  readonly from: number;
  to: number;
  readonly message: string;
}

/** How long the news of a loss may come after the error that it caused, in milliseconds. */
const LOSS_DELAY = 50;

/** Listens to the uncaptured errors of a device. */
export class ErrorJournal {
  readonly #gpu: GpuDevice;
  readonly #failures: Failure[] = [];
  readonly #open = new Set<number>();
  #operation = 0;
  /** Operations up to this one have ended without an error. */
  #clean = 0;

  constructor(gpu: GpuDevice) {
    this.#gpu = gpu;
    gpu.device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#record((event as GPUUncapturedErrorEvent).error.message);
    });
  }

  /** Marks a new operation that works on earlier results. */
  mark(inputs: Iterable<Mark> = []): Mark {
    let failure: string | undefined;
    for (const input of inputs) failure ??= this.#failureOf(input);
    return { operation: ++this.#operation, failure };
  }

  /** Marks an operation that hands work to the device until {@linkcode close} (a network's run). */
  open(inputs: Iterable<Mark>): Mark {
    const mark = this.mark(inputs);
    this.#open.add(mark.operation);
    return mark;
  }

  /** Ends what {@linkcode open} began; the mark stays the mark of the results. */
  close(mark: Mark): void {
    this.#open.delete(mark.operation);
  }

  /**
   * Says that the host has seen the end of an operation, so that all errors of it and those before are known.
   *
   * @throws {DeviceError} If the operation, or one whose results it used, may have failed.
   */
  confirm(mark: Mark): void {
    // Those still open may yet fail with an operation number below this one.
    const known = Math.min(mark.operation, ...Array.from(this.#open, (open) => open - 1));
    this.#clean = Math.max(this.#clean, known);
    this.#check(mark);
  }

  /** Returns what to throw for an error of the host's WebGPU: the loss or the failure behind it, if there is one. */
  async explain(what: string, error: unknown, mark: Mark): Promise<Error> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const delay = new Promise((done) => timer = setTimeout(done, LOSS_DELAY));
    await Promise.race([this.#gpu.device.lost, delay]);
    clearTimeout(timer);
    try {
      this.#gpu.assertAlive();
      this.#check(mark);
    } catch (known) {
      return known as Error;
    }
    return new DeviceError(
      `${what} on ${this.#gpu.name} as ${(error as Error).message}: pass device: "wasm"`,
      { cause: error },
    );
  }

  #check(mark: Mark): void {
    const failure = this.#failureOf(mark);
    if (failure === undefined) return;
    throw new DeviceError(
      `The GPU device ${this.#gpu.name} reported "${failure}", so that the result cannot be used: ` +
        `work in smaller parts or pass device: "wasm"`,
    );
  }

  #record(message: string): void {
    const last = this.#failures.at(-1);
    if (last && this.#clean <= last.to) last.to = this.#operation;
    else this.#failures.push({ from: this.#clean, to: this.#operation, message });
  }

  #failureOf({ operation, failure }: Mark): string | undefined {
    return failure ??
      this.#failures.find(({ from, to }) => operation > from && operation <= to)?.message;
  }
}
