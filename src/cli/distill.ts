// `distill config.json`: trains a student; `distill --export checkpoint --out student.onnx`: its ONNX file.
// The trainer and jax-js are imported only when the command runs.

import { InvalidArgumentError } from "../base/errors.ts";
import type { Blend } from "../distill/train/export.ts";
import { writeWhole, writing } from "../base/write_error.ts";
import type { DistillConfig } from "../distill/train/config.ts";
import type { TrainingDevice } from "../distill/train/gradient.ts";
import type { TrainOptions, TrainResult } from "../distill/train/trainer.ts";
import type { Validation } from "../distill/train/validate.ts";
import { type Arguments, type Command, MODELS_OPTION } from "./command.ts";
import { stopOnSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";

const ENGINES = ["jax", "torch"] as const;

/** The options that are for this engine alone. */
const ON_TORCH = ["engine", "torch"] as const;

const JAX_DEVICES: readonly TrainingDevice[] = ["wasm", "webgpu"];

/** The command. */
export const distillCommand: Command = {
  name: "distill",
  takes: {
    usage: "<config.json>",
    what: ["configuration", "configurations"],
    min: 1,
    max: 1,
  },
  options: [
    {
      kind: "text",
      name: "model",
      value: "name",
      help: "the model to start from, in place of the configuration's start",
    },
    { ...MODELS_OPTION, with: ["model"], help: "its model folder (the package's)" },
    {
      kind: "flag",
      name: "resume",
      help: "go on from the last checkpoint of the configuration's out folder",
    },
    {
      kind: "choice",
      name: "engine",
      of: ENGINES,
      help: "jax-js, or PyTorch of a Python that has it (jax)",
    },
    {
      kind: "whole",
      name: "workers",
      min: 1,
      help:
        "workers: of jax each with its share of every batch (cores), of torch to draw samples (cores - 1)",
    },
    {
      kind: "text",
      name: "device",
      value: "name",
      help: "jax: wasm or webgpu (wasm); torch: cpu or cuda (cpu)",
    },
    {
      kind: "file",
      name: "python",
      value: "path",
      with: ON_TORCH,
      help: "torch: the interpreter (python3)",
    },
    {
      kind: "whole",
      name: "processes",
      min: 1,
      with: ON_TORCH,
      help: "torch: processes that share each batch, by torchrun (1)",
    },
    {
      kind: "whole",
      name: "threads",
      min: 1,
      help: "torch: threads of each process (cores / processes); --head: of onnxruntime",
    },
    {
      kind: "text",
      name: "listen",
      with: ON_TORCH,
      value: "host:port",
      help: "torch: start no process, wait for those of torchrun on other machines",
    },
    {
      kind: "flag",
      name: "head",
      help: "train the condition head of a student, by a configuration of its own",
    },
    {
      kind: "flag",
      name: "write",
      with: ["head"],
      help: "--head: put the student with its head into the model folder",
    },
    {
      kind: "flag",
      name: "detector",
      with: ON_TORCH,
      help: "train the detector in place of a student (configs/detector.json)",
    },
    {
      kind: "file",
      name: "export",
      value: "checkpoint",
      with: ["out"],
      help: "train nothing: write a checkpoint as ONNX",
    },
    {
      kind: "file",
      name: "out",
      short: "o",
      value: "student.onnx",
      with: ["export"],
      help: "where --export writes",
    },
    {
      kind: "file",
      name: "fit",
      value: "network.onnx",
      help:
        "train nothing: write the configuration's start, this network with its last layer fitted to the teacher",
    },
    {
      kind: "text",
      name: "blend",
      value: "a.onnx:0.2,...",
      with: ["export"],
      help: "mix in networks with the same beginning",
    },
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [path] = args.operands;
  if (args.flag("head")) {
    const { trainHeadCommand } = await import("./distill_head.ts");
    return await trainHeadCommand(args, readConfig(path), path, terminal);
  }
  if (args.flag("detector")) {
    const { distillDetector } = await import("./distill_detector.ts");
    return await distillDetector(args, terminal, readConfig(path), path);
  }
  const { checkConfig } = await import("../distill/train/config.ts");
  const config = checkConfig(startingFrom(args, readConfig(path)), path);
  const checkpoint = args.text("export"), out = args.text("out");
  if (checkpoint !== undefined && out !== undefined) {
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
  const fit = args.text("fit");
  if (fit !== undefined) {
    terminal.out(`wrote ${await writeStart(args, fit, config, terminal)}`);
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
  const workers = args.number("workers");
  if (args.choice("engine", ENGINES) === "torch") {
    const { trainOnTorch } = await import("../distill/torch/trainer.ts");
    return await trainOnTorch(config, {
      ...common,
      samplers: workers,
      device: args.text("device"),
      python: args.text("python"),
      processes: args.number("processes"),
      threads: args.number("threads"),
      listen: args.text("listen"),
      waiting: (text) => terminal.err(text),
    });
  }
  const { train } = await import("../distill/train/trainer.ts");
  return await train(config, { ...common, workers, device: deviceOf(args) });
}

/** Writes the start of a configuration: a network brought into the space of the teacher that the data was prepared with. */
async function writeStart(
  args: Arguments,
  from: string,
  { network, start, data, samples }: DistillConfig,
  terminal: Terminal,
): Promise<string> {
  if (network !== "edgenext" || start === undefined || !start.endsWith(".onnx") || start === from) {
    throw new InvalidArgumentError(
      `Cannot fit ${from} as "start" of the configuration is ${
        start ?? "missing"
      }, of a ${network}: ` +
        `name the ONNX file to be written as "start" of an edgenext`,
    );
  }
  const { readStart } = await import("../distill/train/first_weights.ts");
  const { openTrainingData } = await import("../distill/data/data.ts");
  const { fitTemplates } = await import("../distill/head/fit_templates.ts");
  const { bytes } = await readStart(from);
  using clean = await openTrainingData(data, { ...samples, maskProbability: 0 });
  const fitted = await fitTemplates(bytes, from, clean, {
    threads: args.number("threads"),
    progress: (text) => terminal.progress(text),
  });
  terminal.progress("");
  writeWhole(start, fitted);
  return start;
}

/** The configuration with the start that the options name, if they do. */
function startingFrom(args: Arguments, config: unknown): unknown {
  const model = args.text("model"), folder = args.text("models");
  if (model === undefined) return config;
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

/** PyTorch has more devices than can be listed, such as `cuda:1`, so that the option is a text. */
function deviceOf(args: Arguments): TrainingDevice | undefined {
  const given = args.text("device"), device = JAX_DEVICES.find((known) => known === given);
  if (given === undefined || device !== undefined) return device;
  throw new InvalidArgumentError(`There is no device "${given}" to train on: use wasm or webgpu`);
}
