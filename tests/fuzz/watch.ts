// Starts the worker and watches that it gets on: a loop without end cannot be met from within its own thread.

import type { FuzzReport } from "./target.ts";
import type { FuzzAnswer, FuzzRequest } from "./worker.ts";

/** How long no case may begin or end, on a busy machine that also has to import the code under test. */
const HANG_MS = 30_000;

/** A worker that fuzzes. */
export class Fuzzer implements Disposable {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

  /**
   * Runs a target.
   *
   * @throws {Error} With the seed, if a case fails or hangs.
   */
  async run(request: Omit<FuzzRequest, "beat">): Promise<FuzzReport> {
    const beat = new SharedArrayBuffer(4), count = new Int32Array(beat);
    const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>();
    const again = `deno task fuzz ${request.name} --seed ${request.seed}`;
    this.#worker.onmessage = ({ data }: MessageEvent<FuzzAnswer>): void => {
      if ("report" in data) resolve(data.report);
      else reject(new Error(`${request.name}: ${data.error}\nTo see it again: ${again}`));
    };
    this.#worker.onerror = (event): void => {
      event.preventDefault();
      reject(new Error(`${request.name} ended its thread: ${event.message}\nAgain: ${again}`));
    };
    let seen = 0, since = performance.now();
    const timer = setInterval(() => {
      const now = Atomics.load(count, 0);
      if (now !== seen) [seen, since] = [now, performance.now()];
      if (performance.now() - since < HANG_MS) return;
      reject(new Error(`${request.name} hangs at case ${now}. To see it again: ${again}`));
    }, 250);
    try {
      this.#worker.postMessage({ ...request, beat } satisfies FuzzRequest);
      return await promise;
    } finally {
      clearInterval(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
