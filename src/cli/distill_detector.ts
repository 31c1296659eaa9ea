// `distill --engine torch --detector config.json`: trains the detector for masked faces, and says how well it places crops.

import { InvalidArgumentError } from "../base/errors.ts";
import type { DetectorErrors, PlaceErrors, Spread } from "../distill/detector/place_errors.ts";
import type { Arguments } from "./command.ts";
import { stopOnSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `distill` that say nothing to the training of a detector. */
const OTHERS = ["model", "models", "processes", "listen", "export", "out", "blend"] as const;

/** Trains the detector of a configuration that was read from `path`. */
export async function distillDetector(
  args: Arguments,
  terminal: Terminal,
  value: unknown,
  path: string,
): Promise<number> {
  const { checkDetectorConfig } = await import("../distill/detector/config.ts");
  const config = checkDetectorConfig(value, path);
  const other = OTHERS.find((name) => args.given(name) !== undefined);
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `Option --${other} is not for --detector: leave one of them out`,
    );
  }
  const { trainDetector } = await import("../distill/detector/trainer.ts");
  using stop = stopOnSignal(terminal);
  const { step, file, errors } = await trainDetector(config, {
    resume: args.flag("resume"),
    samplers: args.number("workers"),
    threads: args.number("threads"),
    python: args.text("python"),
    device: args.text("device"),
    progress: (text) => terminal.progress(text),
    report: (text) => {
      terminal.progress("");
      terminal.out(text);
    },
    signal: stop.signal,
  });
  terminal.progress("");
  for (const one of errors) {
    terminal.out(lineOf(one, "before"));
    terminal.out(lineOf(one, "after"));
  }
  terminal.out(
    step < config.steps
      ? `stopped after ${step} of ${config.steps} steps: go on with --resume`
      : `done: ${file}`,
  );
  return 0;
}

/** One kind of picture, before or after: means and deviations in pixels of the 112x112 crop, percents and degrees. */
function lineOf(errors: DetectorErrors, when: "before" | "after"): string {
  const { x, y, scale, roll, score, below, count }: PlaceErrors = errors[when];
  const text = ({ mean, deviation }: Spread, unit: number, digits: number): string =>
    `${(mean * unit).toFixed(digits)} (sd ${(deviation * unit).toFixed(digits)})`;
  return `${errors.size} px, ${count} ${errors.pictures}, ${when}: x ${text(x, 1, 2)}, y ${
    text(y, 1, 2)
  } px, ` +
    `scale ${text(scale, 100, 1)}%, roll ${text(roll, 1, 1)} degrees, ` +
    `score ${score.toFixed(3)}, ${(100 * below).toFixed(1)}% below the least`;
}
