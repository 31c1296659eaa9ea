// What `evaluate` and `calibrate` have in common: options of data sets, masks and the template cache, the line of
// progress, and a Ctrl-C that leaves nothing half-written.

import { homedir } from "node:os";
import { type Dataset, DATASET_KINDS } from "../evaluate/dataset/dataset.ts";
import { pathKind, readText } from "../evaluate/dataset/files.ts";
import { type ModelChoice, parseModelChoice } from "../evaluate/run/models.ts";
import { type ColorList, type MaskStyle, parseColorList } from "../evaluate/run/masks.ts";
import type { RunOptions, RunProgress } from "../evaluate/run/run_options.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { MASK_KINDS } from "../mask/kinds.ts";
import { loadMaskTemplate } from "../mask/template.ts";
import {
  type Arguments,
  FACE_OPTION,
  MODELS_OPTION,
  type Operands,
  VERIFIER_OPTIONS,
  verifierOptions,
} from "./command.ts";
import { permitted, readVariable } from "./environment.ts";
import type { Option } from "./option.ts";
import type { Terminal } from "./terminal.ts";

/** What they take. */
export const DATASET: Operands = {
  usage: "<dataset>",
  what: ["data set", "data sets"],
  min: 1,
  max: 1,
};

/** The options. */
export const RUN_OPTIONS: readonly Option[] = [
  {
    kind: "choice",
    name: "kind",
    of: DATASET_KINDS,
    help: "what the data set is, if it cannot be told",
  },
  {
    kind: "text",
    name: "masks",
    value: "ours|kind|file.png",
    help: "ours, one kind of ours, or a picture of the paper's mask (ours)",
  },
  {
    kind: "folder",
    name: "colors",
    help: "the paper's colour lists, <set>_both_True.txt (by seed)",
  },
  { kind: "whole", name: "seed", help: "chooses masks, colours and drawn pairs (0)" },
  { ...FACE_OPTION, help: "which face of a photo is meant (centred)" },
  {
    kind: "folder",
    name: "cache",
    value: "folder|none",
    help: "keeps templates (~/.cache/maskinv/templates)",
  },
  ...VERIFIER_OPTIONS.filter((option) => option !== MODELS_OPTION),
];

/** Which models: as in the other commands, or several of several folders. */
export const MODEL_OPTIONS: readonly Option[] = [
  {
    kind: "text",
    name: "models",
    value: "folder|a,b",
    help: "with --model its folder; else names, folder#name or folder/ (student)",
  },
  {
    kind: "text",
    name: "model",
    value: "name",
    help: "embedding model in the manifest of --models",
  },
];

/** Reads {@linkcode MODEL_OPTIONS}. */
export function modelChoices(args: Arguments): ModelChoice[] {
  const models = args.text("models"), name = args.text("model");
  if (name === undefined) return (models ?? "student").split(",").map(parseModelChoice);
  return [parseModelChoice(models === undefined ? name : `${models}#${name}`)];
}

/** Reads the options. */
export async function readRunOptions(
  args: Arguments,
  terminal: Terminal,
  dataset: Dataset,
): Promise<RunOptions> {
  const { models: _models, ...verifying } = verifierOptions(args);
  const cache = args.text("cache") ?? defaultCache();
  return {
    ...verifying,
    masks: await readMasks(args, dataset),
    ...(cache !== "none" && { cache }),
    onProgress: (progress) => terminal.progress(progressLine(progress)),
  };
}

/** In the place that the system has for such files; templates are for their owner alone. */
function defaultCache(): string {
  const variable = "XDG_CACHE_HOME", instead = "give --cache folder or --cache none";
  const folder = readVariable(variable, instead) ||
    permitted(() => `${homedir()}/.cache`, "ask for the home", "--allow-sys=homedir", instead);
  return `${folder}/maskinv/templates`;
}

async function readMasks(args: Arguments, dataset: Dataset): Promise<MaskStyle> {
  const masks = args.text("masks") ?? "ours", folder = args.text("colors");
  const seed = args.number("seed") ?? 0;
  const kind = MASK_KINDS.find((kind) => kind === masks);
  if (masks === "ours" || kind) {
    if (folder === undefined) return { style: "ours", seed, kind };
    throw new InvalidArgumentError(
      "Cannot use --colors with our masks as the lists are for the paper's: give --masks maskinv.png",
    );
  }
  const { texture } = await loadMaskTemplate(masks, []);
  if (folder === undefined) return { style: "maskinv", texture, seed };
  const list = async (both: "True" | "False"): Promise<ColorList | undefined> => {
    const path = `${folder}/${dataset.name}_both_${both}.txt`;
    return await pathKind(path) === "file" ? parseColorList(await readText(path), path) : undefined;
  };
  const colors = { one: await list("False"), both: await list("True") };
  if (!colors.one && !colors.both) {
    throw new InvalidArgumentError(
      `Cannot use --colors ${folder} as it has no ${dataset.name}_both_True.txt or _both_False.txt`,
    );
  }
  return { style: "maskinv", texture, seed, colors };
}

function progressLine({ done, total, rate, secondsLeft }: RunProgress): string {
  const width = 24, full = Math.round(width * done / total);
  const bar = "#".repeat(full) + ".".repeat(width - full);
  const left = secondsLeft === undefined ? "" : `, ${duration(secondsLeft)} left`;
  return `[${bar}] ${done}/${total}${rate > 0 ? `, ${rate.toFixed(1)} a second${left}` : ""}`;
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.ceil(seconds)} s`;
}

/** The exit code of a run that Ctrl-C stopped, as shells give it. */
export const INTERRUPTED = 130;

/** Runs a task that Ctrl-C stops at its next batch. */
export async function stoppable(
  terminal: Terminal,
  { cache }: RunOptions,
  task: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  Deno.addSignalListener("SIGINT", stop);
  try {
    return await task(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    terminal.progress("");
    terminal.err(
      cache === undefined
        ? "Stopped. Nothing was kept, as --cache none says."
        : `Stopped. The templates made so far are in ${cache}: the same command goes on from there.`,
    );
    return INTERRUPTED;
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
  }
}
