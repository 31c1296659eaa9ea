// `calibrate <dataset>`: what a model's scores are worth, without masks, with one and with two; with --write into the
// manifest, where `verify` finds it.

import { DATASET_KINDS } from "../evaluate/dataset/dataset.ts";
import { openDataset } from "../evaluate/dataset/open.ts";
import { describeLeftOut } from "../evaluate/dataset/left_out.ts";
import {
  calibrateModel,
  type GroupSource,
  type ModelCalibrations,
} from "../evaluate/run/calibrate_model.ts";
import type { ModelChoice } from "../evaluate/run/models.ts";
import type { TemplateKind } from "../evaluate/run/embedder.ts";
import { writeCalibration, writeChildFmr } from "../evaluate/write_calibration.ts";
import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import type { Calibration } from "../model/calibration.ts";
import { packagedModels } from "../model/model.ts";
import { asWriteError, writeWhole } from "../base/write_error.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import {
  DATASET,
  keptBy,
  MODEL_OPTIONS,
  modelChoices,
  readRunOptions,
  RUN_OPTIONS,
  stoppable,
} from "./evaluate_options.ts";
import type { Terminal } from "./terminal.ts";

const TEMPLATE_KINDS: readonly TemplateKind[] = ["single", "mirrored"];

/** The command. */
export const calibrateCommand: Command = {
  name: "calibrate",
  takes: DATASET,
  options: [
    ...MODEL_OPTIONS,
    {
      kind: "rates",
      name: "fmr",
      value: "0.01,0.001",
      help: "false match rates (0.01,0.001,0.0001)",
    },
    {
      kind: "choices",
      name: "templates",
      of: TEMPLATE_KINDS,
      help: "how templates are made (both)",
    },
    { kind: "whole", name: "limit", min: 1, help: "about how many photos to use (all)" },
    {
      kind: "folder",
      name: "groups",
      help: "aligned crops whose adults of one origin are groups; the worst then decides",
    },
    {
      kind: "folder",
      name: "real-masks",
      with: ["groups"],
      help: "photos of different people with real masks, one more group (those with odd numbers)",
    },
    { kind: "flag", name: "write", help: "write the result into the model folder's manifest.json" },
    ...RUN_OPTIONS,
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [path] = args.operands;
  const [model, ...others] = modelChoices(args);
  if (others.length > 0) {
    throw new InvalidArgumentError(
      `Cannot calibrate ${others.length + 1} models at once: name one`,
    );
  }
  const rates = args.numbers("fmr"), limit = args.number("limit");
  const kinds = args.choices("templates", TEMPLATE_KINDS) ?? TEMPLATE_KINDS;
  using dataset = await openDataset(path, {
    kind: args.choice("kind", DATASET_KINDS),
    seed: args.number("seed"),
  });
  for (const line of describeLeftOut(dataset.leftOut ?? [])) terminal.err(line);
  const options = await readRunOptions(args, terminal, dataset);
  return await stoppable(terminal, keptBy(options), async (signal) => {
    const groups = await readGroups(args, model, terminal, signal);
    terminal.progress("loading models ...");
    const { sha256, calibrations, normalized, childFmr, failures, run } = await calibrateModel(
      dataset,
      model,
      {
        ...options,
        ...(groups && { groups }),
        signal,
        kinds,
        ...(rates && { rates }),
        ...(limit !== undefined && { limit }),
      },
    );
    terminal.progress("");
    if (args.flag("json")) {
      terminal.out(
        JSON.stringify({ sha256, calibrations, normalized, childFmr, failures, run }),
      );
    } else {
      const measured = [["cosine", calibrations], [
        "normalised",
        normalized?.calibrations,
      ]] as const;
      for (const [scores, kinds] of measured) {
        for (const [kind, situations] of Object.entries(kinds ?? {})) {
          for (const [situation, calibration] of Object.entries(situations)) {
            const label = `${scores}, ${kind}`;
            for (const line of describe(label, situation, calibration)) terminal.out(line);
          }
        }
      }
      if (childFmr !== undefined) {
        terminal.out(`${percent(childFmr)} of pairs of different children match at FMR 0.1%`);
      }
      const lost = failures.filter(({ kind }) => kind !== "bare").length;
      terminal.out(
        `${lost} failures to acquire and ${
          failures.length - lost
        } photos that could not wear a mask, ` +
          `of ${run.samples} samples`,
      );
    }
    if (args.flag("write")) {
      const folder = model.source === undefined ? packagedModels() : String(model.source);
      await writeManifest(folder, model.name, {
        sha256,
        calibrations,
        normalized,
        childFmr,
      });
      terminal.err(`Written into the manifest of ${folder}`);
    }
    return 0;
  });
}

/** The groups of `--groups`, whose networks are loaded only then. */
async function readGroups(
  args: Arguments,
  { source, name }: ModelChoice,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<GroupSource | undefined> {
  const folder = args.text("groups"), realMasks = args.text("real-masks");
  if (folder === undefined) return undefined;
  const { openGroups } = await import("../cohort/groups.ts");
  return openGroups(folder, {
    models: source,
    model: name,
    realMasks,
    threads: args.number("threads"),
    signal,
    progress: (done, of) => terminal.progress(`groups: ${done} of ${of} crops`),
  });
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(3))}%`;
}

function describe(kind: string, situation: string, calibration: Calibration): string[] {
  return [
    `${kind}, masks ${situation}: ${calibration.impostors} impostor and ${calibration.genuine} genuine pairs`,
    ...calibration.points.map(({ fmr, threshold, measuredFmr, interval: [low, high], fnmr }) =>
      `  FMR ${percent(fmr)}: threshold ${threshold}, measured ${percent(measuredFmr)} ` +
      `(95% ${percent(low)} to ${percent(high)}), FNMR ${percent(fnmr)}`
    ),
    ...calibration.worst?.points.map(({ fmr, threshold, worst, fnmr }) =>
      `  FMR ${percent(fmr)} in each of ${
        calibration.worst!.groups.length
      } groups: threshold ${threshold} ` +
      `(worst: ${worst}), FNMR ${percent(fnmr)}`
    ) ?? [],
  ];
}

/** Puts the calibrations into a manifest, by way of a file beside it, so that it is never half-written. */
async function writeManifest(
  folder: string | URL,
  name: string,
  { sha256, calibrations, normalized, childFmr }: Pick<
    ModelCalibrations,
    "sha256" | "calibrations" | "normalized" | "childFmr"
  >,
): Promise<void> {
  const base = folder instanceof URL ? decodeURIComponent(folder.pathname) : `${folder}/`;
  const path = `${base}manifest.json`;
  try {
    let text = await Deno.readTextFile(path);
    const { sha256: network, cohort } = JSON.parse(text).models?.[name] ?? {};
    if (network !== sha256 || (normalized && cohort?.sha256 !== normalized.cohort)) {
      throw new ModelError(
        `Cannot write the calibration of ${name} as the manifest changed meanwhile: run the command again`,
      );
    }
    for (const kind of ["single", "mirrored"] as const) {
      const situations = calibrations[kind];
      if (situations) text = writeCalibration(text, name, kind, situations);
      const others = normalized?.calibrations[kind];
      if (others) text = writeCalibration(text, name, kind, others, "normalized");
    }
    if (childFmr !== undefined) text = writeChildFmr(text, name, childFmr);
    writeWhole(path, text);
  } catch (error) {
    throw asWriteError(path, error);
  }
}
