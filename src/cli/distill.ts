// `distill config.json`: trains a student; `distill --export checkpoint --out student.onnx`: its ONNX file.
// The trainer and jax-js are imported only when the command runs.

import { InvalidArgumentError } from "../errors.ts";
import type { Blend } from "../distill/train/export.ts";
import { writing } from "../write_error.ts";
import type { TrainingDevice } from "../distill/train/gradient.ts";
import type { Arguments, Command } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const distillCommand: Command = {
  name: "distill",
  summary: "train a student that knows faces behind masks, from shards that prepare made",
  usage: "distill [options] <config.json>",
  takes: ["configurations", 1, 1],
  options: [
    {
      name: "model",
      value: "name",
      help: "the model to start from, in place of the configuration's start",
    },
    { name: "models", value: "folder", help: "its model folder (the package's)" },
    { name: "resume", help: "go on from the last checkpoint of the configuration's out folder" },
    { name: "workers", value: "n", help: "workers, each with its share of every batch (cores)" },
    { name: "device", value: "wasm|webgpu", help: "where to compute (wasm)" },
    { name: "export", value: "checkpoint", help: "train nothing: write a checkpoint as ONNX" },
    { name: "out", short: "o", value: "student.onnx", help: "where --export writes" },
    { name: "blend", value: "a.onnx:0.2,...", help: "mix in networks with the same beginning" },
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const { checkConfig } = await import("../distill/train/config.ts");
  const [path] = args.operands;
  const config = checkConfig(startingFrom(args, readConfig(path)), path);
  const checkpoint = args.text("export"), out = args.text("out");
  if (checkpoint !== undefined) {
    if (!out) throw new InvalidArgumentError("Cannot export: say where with --out student.onnx");
    const { exportStudent } = await import("../distill/train/export.ts");
    const blends = (args.text("blend")?.split(",") ?? []).map(readBlend);
    const student = exportStudent(config.network, checkpoint, blends);
    writing(out, () => Deno.writeFileSync(out, student));
    terminal.out(`wrote ${out}`);
    return 0;
  }
  const { train } = await import("../distill/train/trainer.ts");
  const stop = new AbortController();
  const onSignal = (): void => {
    terminal.err("stopping after this step ...");
    stop.abort();
  };
  Deno.addSignalListener("SIGINT", onSignal);
  Deno.addSignalListener("SIGTERM", onSignal);
  try {
    const { step, best } = await train(config, {
      resume: args.flag("resume"),
      workers: workersOf(args),
      device: deviceOf(args),
      progress: (text) => terminal.progress(text),
      found: (step, found) => {
        terminal.progress("");
        const figures = Object.entries(found).map(([name, value]) =>
          `${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`
        );
        terminal.out(`after ${step} steps: ${figures.join(", ")}`);
      },
      signal: stop.signal,
    });
    terminal.progress("");
    terminal.out(
      step < config.steps
        ? `stopped after ${step} of ${config.steps} steps: go on with --resume`
        : `done: the best student is of step ${best.step}, ${config.out}/best.onnx`,
    );
    return 0;
  } finally {
    Deno.removeSignalListener("SIGINT", onSignal);
    Deno.removeSignalListener("SIGTERM", onSignal);
  }
}

/** The configuration with the start that the options name, if they do. */
function startingFrom(args: Arguments, config: unknown): unknown {
  const model = args.text("model"), folder = args.text("models");
  if (model === undefined && folder === undefined) return config;
  if (model === undefined) {
    throw new InvalidArgumentError(`Cannot start from ${folder} alone: say which with --model`);
  }
  return { ...config as object, start: `${folder ?? ""}#${model}` };
}

function readConfig(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read configuration ${path} as ${(error as Error).message}: give a JSON file`,
      { cause: error },
    );
  }
}

function readBlend(text: string): Blend {
  const [, path, share] = text.match(/^(.+):([\d.]+)$/) ?? [];
  if (path === undefined) {
    throw new InvalidArgumentError(`Cannot mix in "${text}": write file.onnx:share`);
  }
  try {
    return { onnx: Deno.readFileSync(path), share: Number(share) };
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot mix in ${path} as ${(error as Error).message}: give an ONNX file`,
      { cause: error },
    );
  }
}

function workersOf(args: Arguments): number | undefined {
  const workers = args.number("workers");
  if (workers === undefined || (Number.isInteger(workers) && workers >= 1)) return workers;
  throw new InvalidArgumentError(`Option --workers is ${workers}: give a whole number from 1 on`);
}

function deviceOf(args: Arguments): TrainingDevice | undefined {
  const device = args.text("device");
  if (device === undefined || device === "wasm" || device === "webgpu") return device;
  throw new InvalidArgumentError(`There is no device "${device}" to train on: use wasm or webgpu`);
}
