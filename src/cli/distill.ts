// `distill config.json`: trains a student; `distill --export checkpoint --out student.onnx`: its ONNX file.
// The trainer and jax-js are imported only when the command runs.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Blend } from "../distill/train/export.ts";
import { writing } from "../base/write_error.ts";
import type { DistillConfig } from "../distill/train/config.ts";
import type { TrainingDevice } from "../distill/train/gradient.ts";
import type { TrainOptions, TrainResult } from "../distill/train/trainer.ts";
import type { Validation } from "../distill/train/validate.ts";
import type { Arguments, Command } from "./command.ts";
import { wholeOf } from "./whole_option.ts";
import { stopOnSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";

const TORCH_OPTIONS = ["python", "processes", "threads", "listen"] as const;

/** The command. */
export const distillCommand: Command = {
  name: "distill",
  usage: "distill [options] <config.json>",
  takes: [["configuration", "configurations"], 1, 1],
  options: [
    {
      name: "model",
      value: "name",
      help: "the model to start from, in place of the configuration's start",
    },
    { name: "models", value: "folder", help: "its model folder (the package's)" },
    { name: "resume", help: "go on from the last checkpoint of the configuration's out folder" },
    {
      name: "engine",
      value: "jax|torch",
      help: "jax-js, or PyTorch of a Python that has it (jax)",
    },
    {
      name: "workers",
      value: "n",
      help:
        "workers: of jax each with its share of every batch (cores), of torch to draw samples (cores - 1)",
    },
    { name: "device", value: "name", help: "jax: wasm or webgpu (wasm); torch: cpu or cuda (cpu)" },
    { name: "python", value: "path", help: "torch: the interpreter (python3)" },
    {
      name: "processes",
      value: "n",
      help: "torch: processes that share each batch, by torchrun (1)",
    },
    { name: "threads", value: "n", help: "torch: threads of each process (cores / processes)" },
    {
      name: "listen",
      value: "host:port",
      help: "torch: start no process, wait for those of torchrun on other machines",
    },
    {
      name: "detector",
      help: "train the detector in place of a student, on torch (configs/detector.json)",
    },
    { name: "export", value: "checkpoint", help: "train nothing: write a checkpoint as ONNX" },
    { name: "out", short: "o", value: "student.onnx", help: "where --export writes" },
    { name: "blend", value: "a.onnx:0.2,...", help: "mix in networks with the same beginning" },
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [path] = args.operands;
  if (args.flag("detector")) {
    const { distillDetector } = await import("./distill_detector.ts");
    return await distillDetector(args, terminal, readConfig(path), path);
  }
  const { checkConfig } = await import("../distill/train/config.ts");
  const config = checkConfig(startingFrom(args, readConfig(path)), path);
  const checkpoint = args.text("export"), out = args.text("out");
  if (checkpoint !== undefined) {
    if (!out) throw new InvalidArgumentError("Cannot export: say where with --out student.onnx");
    const { exportStudent } = await import("../distill/train/export.ts");
    const blends = (args.text("blend")?.split(",") ?? []).map(readBlend);
    const { readStart } = await import("../distill/train/first_weights.ts");
    const graph = config.network === "edgenext" && config.start !== undefined
      ? (await readStart(config.start)).bytes
      : undefined;
    const student = exportStudent(config.network, checkpoint, blends, graph);
    writing(out, () => Deno.writeFileSync(out, student));
    terminal.out(`wrote ${out}`);
    return 0;
  }
  using stop = stopOnSignal(terminal);
  const common = {
    resume: args.flag("resume"),
    progress: (text: string): void => terminal.progress(text),
    found: (step: number, found: Validation): void => {
      terminal.progress("");
      const figures = Object.entries(found).map(([name, value]) =>
        `${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`
      );
      terminal.out(`after ${step} steps: ${figures.join(", ")}`);
    },
    signal: stop.signal,
  };
  const { step, best } = await trained(args, terminal, config, common);
  terminal.progress("");
  terminal.out(
    step < config.steps
      ? `stopped after ${step} of ${config.steps} steps: go on with --resume`
      : `done: the best student is of step ${best.step}, ${config.out}/best.onnx`,
  );
  return 0;
}

/** Trains on the engine that the options name. */
async function trained(
  args: Arguments,
  terminal: Terminal,
  config: DistillConfig,
  common: Omit<TrainOptions, "workers" | "device">,
): Promise<TrainResult> {
  const engine = args.text("engine") ?? "jax", workers = wholeOf(args, "workers");
  if (engine === "torch") {
    const { trainOnTorch } = await import("../distill/torch/trainer.ts");
    return await trainOnTorch(config, {
      ...common,
      samplers: workers,
      device: args.text("device"),
      python: args.text("python"),
      processes: wholeOf(args, "processes"),
      threads: wholeOf(args, "threads"),
      listen: args.text("listen"),
      waiting: (text) => terminal.err(text),
    });
  }
  if (engine !== "jax") {
    throw new InvalidArgumentError(`There is no engine "${engine}": use jax or torch`);
  }
  const other = TORCH_OPTIONS.find((name) => args.text(name) !== undefined);
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `Option --${other} is for --engine torch: give that, or neither`,
    );
  }
  const { train } = await import("../distill/train/trainer.ts");
  return await train(config, { ...common, workers, device: deviceOf(args) });
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

function deviceOf(args: Arguments): TrainingDevice | undefined {
  const device = args.text("device");
  if (device === undefined || device === "wasm" || device === "webgpu") return device;
  throw new InvalidArgumentError(`There is no device "${device}" to train on: use wasm or webgpu`);
}
