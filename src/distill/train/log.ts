// The log of a training: a JSON object per line, so that it can be followed, cut and drawn.

import { writing } from "../../base/write_error.ts";
import type { LossValues } from "./gradient.ts";
import type { Validation } from "./validate.ts";

/** A step. */
export interface StepLine {
  /** Which step, from 0. */
  readonly step: number;
  /** The parts of the loss. */
  readonly loss: LossValues;
  /** The learning rate. */
  readonly rate: number;
  /** Length of the gradient before it was clipped. */
  readonly gradient: number;
  /** Images per second since the last step ended. */
  readonly speed: number;
  /** Milliseconds of the slowest worker for samples and for the gradient. */
  readonly loading: number;
  /** See `loading`. */
  readonly computing: number;
}

/** A validation after so many steps. */
export interface ValidationLine {
  /** Steps made. */
  readonly step: number;
  /** What was found. */
  readonly validation: Validation;
}

/** A line of the log. */
export type LogLine = StepLine | ValidationLine;

/** The lines of a log file; none if there is no file. A line that was cut off by a crash is left out. */
export function readLog(path: string): LogLine[] {
  let text = "";
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as LogLine];
    } catch {
      return [];
    }
  });
}

/** Appends to a log file. */
export class TrainingLog {
  readonly #path: string;

  /** Opens the log; lines of steps from `step` on are dropped, as they will be made again. */
  constructor(path: string, step: number) {
    this.#path = path;
    const kept = readLog(path).filter((line) =>
      "validation" in line ? line.step <= step && step > 0 : line.step < step
    );
    const text = kept.map((line) => `${JSON.stringify(line)}\n`).join("");
    writing(path, () => Deno.writeTextFileSync(path, text));
  }

  /** Adds a line. */
  add(line: LogLine): void {
    const text = `${JSON.stringify(line)}\n`;
    writing(this.#path, () => Deno.writeTextFileSync(this.#path, text, { append: true }));
  }
}
