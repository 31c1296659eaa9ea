// Ctrl-C and the signal that ends services, as something that a long work looks at between its steps.

import type { Terminal } from "./terminal.ts";

/** A signal that a command listens to until it is disposed of. */
export interface StopSignal extends Disposable {
  /** Aborted when the process is told to stop. */
  readonly signal: AbortSignal;
}

/** Listens to SIGINT and SIGTERM; says on the terminal that the step under way is ended first. */
export function stopOnSignal(terminal: Terminal): StopSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    terminal.err("stopping after this step ...");
    stop.abort();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  return {
    signal: stop.signal,
    [Symbol.dispose]: (): void => {
      Deno.removeSignalListener("SIGINT", onSignal);
      Deno.removeSignalListener("SIGTERM", onSignal);
    },
  };
}
