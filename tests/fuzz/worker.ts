// Runs targets in a thread of their own, which the watch of watch.ts can end when a case hangs.
// Allocations are watched from before the code under test is imported.

import { watchAllocations } from "./allocations.ts";
import type { FuzzOptions, FuzzReport } from "./target.ts";

/** What the worker is asked. */
export interface FuzzRequest extends Omit<FuzzOptions, "onCase"> {
  readonly name: string;
  /** Counts the cases, for the watch. */
  readonly beat: SharedArrayBuffer;
}

/** What it answers. */
export type FuzzAnswer = { readonly report: FuzzReport } | { readonly error: string };

const scope = self as unknown as {
  onmessage: (event: MessageEvent<FuzzRequest>) => void;
  postMessage(answer: FuzzAnswer): void;
};

// Not awaited at the top: messages that come before there is a listener would be lost.
const targets = (async () => {
  watchAllocations();
  return (await import("./targets.ts")).TARGETS;
})();

scope.onmessage = async ({ data: { name, beat, ...options } }) => {
  const count = new Int32Array(beat);
  try {
    const target = (await targets).find((candidate) => candidate.name === name)!;
    const onCase = (): void => void Atomics.add(count, 0, 1);
    scope.postMessage({ report: await target.run({ ...options, onCase }) });
  } catch (error) {
    const { message, cause } = error as Error;
    scope.postMessage({ error: cause ? `${message}\n${cause}` : message });
  }
};
