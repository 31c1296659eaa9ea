// What evaluation and calibration have in common: how photos are read and embedded, and how progress is told.

import type { DeviceChoice } from "../../runtime/start.ts";
import type { FaceChoice } from "../../pipeline/detect/choose.ts";
import type { MaskStyle } from "./masks.ts";

/** How far a run has come. */
export interface RunProgress {
  /** Samples (photos in a state) that are done; while scores are measured, measurements. */
  readonly done: number;
  /** All of them. */
  readonly total: number;
  /** Samples embedded a second; 0 while there is none. */
  readonly rate: number;
  /** Seconds left at that rate, if there is one. */
  readonly secondsLeft?: number;
  /** What is measured on the scores, once all samples are embedded. */
  readonly measuring?: string;
}

/** How photos are read and embedded. */
export interface RunOptions {
  /** Where to compute; `"auto"` by default. */
  readonly device?: DeviceChoice;
  /** Threads of the wasm provider; by default one per core, up to 4. Counts at the first use in a process. */
  readonly threads?: number;
  /** The bytes of onnxruntime-web's `.wasm` file, for hosts that may not read it from the package. */
  readonly wasmBinary?: ArrayBuffer;
  /** The largest photo to decode, in pixels; `DEFAULT_MAX_PIXELS` by default. */
  readonly maxPixels?: number;
  /** The most faces to look at per photo; 16 by default. */
  readonly maxFaces?: number;
  /** Which face of a photo is meant; `"centred"` by default, as benchmarks crop their photos around the person. */
  readonly face?: FaceChoice;
  /** The masks that are put on photos; by default ours with seed 0. */
  readonly masks?: MaskStyle;
  /**
   * A folder in which templates are kept, so that a run that was stopped goes on where it was; by default none are kept.
   * Templates identify people: keep the folder to yourself.
   */
  readonly cache?: string;
  /** How many photos go through the networks together; 8 by default. */
  readonly batchSize?: number;
  /** Stops the run at its next step; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Tells what is measured next, and lets signals and timers in, as measuring itself never waits. */
export async function tellMeasuring(
  { signal, onProgress }: RunOptions,
  done: number,
  total: number,
  measuring: string,
): Promise<void> {
  onProgress?.({ done, total, rate: 0, measuring });
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}

/** Measures the rate of what is embedded in this run; what the cache had does not count towards it. */
export class ProgressMeter {
  readonly #total: number;
  readonly #tell: RunOptions["onProgress"];
  readonly #start = performance.now();
  #done = 0;
  #embedded = 0;
  #told = 0;

  constructor(total: number, tell: RunOptions["onProgress"]) {
    this.#total = total;
    this.#tell = tell;
  }

  /** Adds samples. */
  count(samples: number, embedded: boolean): void {
    this.#done += samples;
    if (embedded) this.#embedded += samples;
    const now = performance.now();
    if (!embedded && Math.abs(now - this.#told) < 100 && this.#done < this.#total) return;
    this.#told = now;
    // A clock that was set, or has not gone on yet, tells no rate.
    const rate = now > this.#start ? 1000 * this.#embedded / (now - this.#start) : 0;
    this.#tell?.({
      done: this.#done,
      total: this.#total,
      rate,
      ...(rate > 0 && { secondsLeft: (this.#total - this.#done) / rate }),
    });
  }
}
