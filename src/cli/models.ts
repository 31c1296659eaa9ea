// `models add|list|verify|remove`: other people's networks in a folder of the user's, where `--models` finds them.
// `models cohort`: what a network's scores are normalised against.
// Only `add` with a URL uses the network.

import { InvalidArgumentError } from "../base/errors.ts";
import { addModel } from "../model/add/add.ts";
import { checkFolder, DEFAULT_FOLDER, readFolder, removeModel } from "../model/add/folder.ts";
import { FAMILIES } from "../model/families.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import type { Terminal } from "./terminal.ts";

type Action = (folder: string, args: Arguments, terminal: Terminal) => Promise<number>;

/** The actions with how many operands they take. */
const ACTIONS: Readonly<Record<string, readonly [count: number, act: Action]>> = {
  add: [1, add],
  list: [0, list],
  verify: [0, verify],
  remove: [1, remove],
  cohort: [1, cohort],
};

/** The command. */
export const modelsCommand: Command = {
  name: "models",
  usage: "models [options] add <file.onnx|https://...> | list | verify | remove <name> | " +
    "cohort <folder of aligned crops>",
  takes: [
    ["operand (an action and what it takes)", "operands (an action and what it takes)"],
    1,
    2,
  ],
  options: [
    {
      name: "like",
      value: "family",
      help: `what an added model is like: ${FAMILIES.map(({ name }) => name).join(", ")}`,
    },
    {
      name: "name",
      value: "name",
      help: "what to call it (the file's name); of cohort, the network (student)",
    },
    { name: "sha256", value: "hex", help: "SHA-256 that the file must have" },
    { name: "models", value: "folder", help: `the user's model folder (${DEFAULT_FOLDER})` },
    { name: "template-size", value: "n", help: "numbers of a template (the family's)" },
    { name: "license", value: "text", help: "the licence of the weights, for the manifest" },
    { name: "people", value: "n", help: "of cohort: most people of each origin (1400)" },
    { name: "centres", value: "n", help: "of cohort: centres, bare and again masked (1000)" },
    {
      name: "real-masks",
      value: "folder",
      help: "of cohort: photos of people with real masks (those with even numbers)",
    },
    { name: "nearest", value: "n", help: "of cohort: highest scores that count (50)" },
    { name: "threads", value: "n", help: "of cohort: threads of the wasm provider" },
    { name: "max-bytes", value: "n", help: "largest file to take (1000000000)" },
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [action, ...rest] = args.operands;
  const [count, act] = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : [];
  if (!act) {
    throw new InvalidArgumentError(
      `There is no action "${action}": use one of ${Object.keys(ACTIONS).join(", ")}`,
    );
  }
  if (rest.length !== count) {
    throw new InvalidArgumentError(
      `Cannot ${action} ${rest.length} operands: usage is ${modelsCommand.usage}`,
    );
  }
  return await act(args.text("models") ?? DEFAULT_FOLDER, args, terminal);
}

async function add(folder: string, args: Arguments, terminal: Terminal): Promise<number> {
  const like = args.text("like");
  if (!like) {
    throw new InvalidArgumentError(
      `Cannot add a model without knowing what it is like: give --like with one of ${
        FAMILIES.map(({ name, models }) => `${name} (${models})`).join(", ")
      }`,
    );
  }
  const { entry, bytes, rebatched } = await addModel(args.operands[1], folder, {
    like,
    name: args.text("name"),
    sha256: args.text("sha256"),
    templateSize: args.number("template-size"),
    license: args.text("license"),
    maxBytes: args.number("max-bytes"),
    progress: (done, of) =>
      terminal.progress(`${megabytes(done)}${of ? ` of ${megabytes(of)}` : ""}`),
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
  const built = await buildCohort(args.operands[1], {
    models: folder,
    model,
    most: args.number("people"),
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
  const [, name] = args.operands;
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
