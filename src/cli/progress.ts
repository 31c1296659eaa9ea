// How far long work has come, with the time that is left: a line that is overwritten on a terminal, and a line now and
// then where stderr is a file, in which nothing can be overwritten.

import { durationText } from "../base/duration.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds between lines in a file. */
const BETWEEN_LINES = 30_000;

/** Tells progress; the time left is told from the second step on, as the first loads what all need. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #inFile: boolean;
  readonly #now: () => number;
  #first: { readonly at: number; readonly done: number } | undefined;
  #lastLine: number;

  /** `inFile` and `now` are for tests. */
  constructor(
    terminal: Terminal,
    inFile = !Deno.stderr.isTerminal(),
    now = (): number => performance.now(),
  ) {
    this.#terminal = terminal;
    this.#inFile = inFile;
    this.#now = now;
    this.#lastLine = now();
  }

  /** Tells that so many are done, with a text such as `3/10 photos` before the time that is left. */
  show(done: number, total: number | undefined, text: string): void {
    const at = this.#now(), first = this.#first ??= { at, done };
    const rate = (done - first.done) / (at - first.at);
    const left = rate > 0 && total !== undefined
      ? `, ${durationText((total - done) / rate / 1000)} left`
      : "";
    this.say(text + left);
  }

  /** Tells a line that knows by itself what is left. */
  say(line: string): void {
    this.#terminal.progress(line);
    const now = this.#now();
    if (!this.#inFile || now - this.#lastLine < BETWEEN_LINES) return;
    this.#lastLine = now;
    this.#terminal.err(line);
  }
}
