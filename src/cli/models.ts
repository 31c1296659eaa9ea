// `models add|list|verify|remove`: other people's networks in a folder of the user's, where `--models` finds them.
// `models cohort`: what a network's scores are normalised against.
// Only `add` with a URL uses the network.

import { InvalidArgumentError } from "../base/errors.ts";
import { addModel } from "../model/add/add.ts";
import { checkFolder, DEFAULT_FOLDER, readFolder, removeModel } from "../model/add/folder.ts";
import { FAMILIES } from "../model/families.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { type Arguments, type Command, JSON_OPTION, THREADS_OPTION } from "./command.ts";
import { ProgressLine } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

type Action = (folder: string, args: Arguments, terminal: Terminal) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = { add, list, verify, remove, cohort };

const FAMILY_NAMES = FAMILIES.map(({ name }) => name);
const WHAT = ["model", "models"] as const;

/** The command. */
export const modelsCommand: Command = {
  name: "models",
  takes: {
    actions: {
      add: { usage: "<file.onnx|https://...>", what: WHAT, min: 1, max: 1 },
      list: { usage: "", what: WHAT, min: 0, max: 0 },
      verify: { usage: "", what: WHAT, min: 0, max: 0 },
      remove: { usage: "<name>", what: WHAT, min: 1, max: 1 },
      cohort: { usage: "<crops>", what: ["folder", "folders"], min: 1, max: 1 },
    },
  },
  options: [
    {
      kind: "choice",
      name: "like",
      value: "family",
      of: FAMILY_NAMES,
      help: `what an added model is like: ${FAMILY_NAMES.join(", ")}`,
    },
    {
      kind: "text",
      name: "name",
      value: "name",
      help: "what to call it (the file's name); of cohort, the network (student)",
    },
    { kind: "text", name: "sha256", value: "hex", help: "SHA-256 that the file must have" },
    { kind: "folder", name: "models", help: `the user's model folder (${DEFAULT_FOLDER})` },
    {
      kind: "whole",
      name: "template-size",
      min: 1,
      help: "numbers of a template (the family's)",
    },
    {
      kind: "text",
      name: "license",
      value: "text",
      help: "the licence of the weights, for the manifest",
    },
    { kind: "whole", name: "max-bytes", min: 1, help: "largest file to take (1000000000)" },
    { kind: "whole", name: "people", min: 1, help: "cohort: most people of each origin (1400)" },
    {
      kind: "whole",
      name: "centres",
      min: 1,
      help: "cohort: centres, bare and again masked (1000)",
    },
    {
      kind: "folder",
      name: "real-masks",
      help: "cohort: photos of people with real masks (those with even numbers)",
    },
    { kind: "whole", name: "nearest", min: 2, help: "cohort: highest scores that count (50)" },
    { ...THREADS_OPTION, help: `cohort: ${THREADS_OPTION.help}` },
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  return await ACTIONS[args.action](args.text("models") ?? DEFAULT_FOLDER, args, terminal);
}

async function add(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  const like = args.text("like");
  const [file] = args.operands;
  if (!like && /\.(pth|pt|ckpt|safetensors|params)$/i.test(file)) {
    throw new InvalidArgumentError(
      `Cannot add ${file} as it is named as a checkpoint and models are ONNX files: ` +
        `make one of it with maskinv convert -o model.onnx ${file}, and add that`,
    );
  }
  if (!like) {
    throw new InvalidArgumentError(
      `Cannot add a model without knowing what it is like: give --like with one of ${
        FAMILIES.map(({ name, models }) => `${name} (${models})`).join(", ")
      }`,
    );
  }
  const line = new ProgressLine(terminal);
  const { entry, bytes, rebatched } = await addModel(file, folder, {
    like,
    name: args.text("name"),
    sha256: args.text("sha256"),
    templateSize: args.number("template-size"),
    license: args.text("license"),
    maxBytes: args.number("max-bytes"),
    progress: (done, of) =>
      line.show(done, of, `${megabytes(done)}${of ? ` of ${megabytes(of)}` : ""}`),
  });
  terminal.progress("");
  if (args.flag("json")) terminal.out(JSON.stringify(entry));
  else {
    terminal.out(`${describe(entry)}, ${megabytes(bytes)}, SHA-256 ${entry.sha256}`);
    if (rebatched) terminal.out("It took one picture a run; the copy takes any number.");
    terminal.out(`Use it with --models ${folder} --model ${entry.name}`);
  }
  return 0;
}

async function cohort(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  const { buildCohort } = await import("../cohort/build.ts");
  const { writeCohort } = await import("../cohort/write.ts");
  const model = args.text("name") ?? "student";
  const built = await buildCohort(args.operands[0], {
    models: folder,
    model,
    maxPeople: args.number("people"),
    centres: args.number("centres"),
    nearest: args.number("nearest"),
    realMasks: args.text("real-masks"),
    threads: args.number("threads"),
    progress: (done, of) => terminal.progress(`${done} of ${of} crops`),
  });
  terminal.progress("");
  writeCohort(folder, model, built);
  const { entry, bytes } = built;
  if (args.flag("json")) terminal.out(JSON.stringify(entry));
  else {
    const { bare, masked } = entry;
    terminal.out(
      `${folder}/${entry.file}: ${bare.centres} centres of bare and ${masked.centres} of masked faces, ` +
        `${bare.people} people, ${megabytes(bytes.length)}, SHA-256 ${entry.sha256}`,
    );
    terminal.out(
      `Measure its thresholds with calibrate --write; until then ${model} gives no decision`,
    );
  }
  return 0;
}

async function list(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  for (const entry of Object.values(await readFolder(folder))) {
    terminal.out(
      args.flag("json") ? JSON.stringify(entry) : `${describe(entry)}, ` +
        `${entry.calibration ? "calibrated" : "not calibrated"}, ${
          entry.sha256.slice(0, 12)
        }, ${entry.origin}`,
    );
  }
  return 0;
}

async function verify(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  let faults = 0;
  for (const { entry: { name, file }, bytes, fault } of await checkFolder(folder)) {
    if (fault) faults++;
    if (args.flag("json")) terminal.out(JSON.stringify({ name, file, bytes, fault }));
    else if (fault) terminal.err(`maskinv: ${name}: ${folder}/${file} is not usable as ${fault}`);
    else terminal.out(`${name}: ${folder}/${file} is what the manifest says, ${megabytes(bytes)}`);
  }
  return faults === 0 ? 0 : 1;
}

async function remove(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  const [name] = args.operands;
  await removeModel(folder, name);
  terminal.out(`${name}: removed from ${folder}`);
  return 0;
}

function describe({ name, family, input, templateSize, output }: ModelEntry): string {
  const { layout, color, size } = input;
  return `${name}: ${family ?? "no family"}, ${layout} ${color} ${size}x${size}, ` +
    `${templateSize} numbers${output ? `, ${output}` : ""}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
