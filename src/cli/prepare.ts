// `prepare faces --out shards`: aligned crops, or photos, to shards that `distill` trains on; can be stopped and run again.
// Ends with the index of what is used, for training and for validation, and what was dropped and why.

import type { DataIndex } from "../distill/data/index_file.ts";
import { indexShards } from "../distill/data/index_shards.ts";
import { prepareShards } from "../distill/data/prepare.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { FAMILIES } from "../model/families.ts";
import {
  type Arguments,
  type Command,
  JSON_OPTION,
  MODELS_OPTION,
  THREADS_OPTION,
} from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const prepareCommand: Command = {
  name: "prepare",
  takes: {
    usage: "<folder of crops with index.tsv, or of photos>",
    what: ["photo folder", "photo folders"],
    min: 1,
    max: 1,
  },
  options: [
    {
      kind: "folder",
      name: "out",
      short: "o",
      value: "shards",
      required: true,
      help: "folder of the shards; what is there is kept",
    },
    MODELS_OPTION,
    {
      kind: "text",
      name: "teacher",
      value: "name|file",
      help: "the teacher in the manifest, or an .onnx file (teacher, else student)",
    },
    {
      kind: "choice",
      name: "like",
      value: "family",
      of: FAMILIES.map(({ name }) => name),
      help: "form of a teacher from a file (arcface_torch)",
    },
    {
      kind: "whole",
      name: "validation",
      min: 1,
      help: "people kept for validation, of photos (an eighth)",
    },
    {
      kind: "text",
      name: "part",
      value: "i/n",
      help: "do the i-th of n parts, and no index, beside other processes",
    },
    THREADS_OPTION,
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const out = args.text("out")!, [folder] = args.operands;
  const part = readPart(args.text("part"));
  const settings = await prepareShards(folder, out, {
    models: args.text("models"),
    teacher: args.text("teacher"),
    like: args.text("like"),
    threads: args.number("threads"),
    part,
    progress: progressTo(terminal),
  });
  if (part) {
    terminal.progress("");
    terminal.out(`part ${args.text("part")} of ${out} is done: run without --part at the end`);
    return 0;
  }
  const index = indexShards(out, settings, { validationIdentities: args.number("validation") });
  terminal.progress("");
  const { training, validation, counts } = index;
  terminal.out(
    args.flag("json")
      ? JSON.stringify({
        out,
        training: training.length,
        validation: validation.length,
        meshes: meshesOf(index),
        dropped: counts,
      })
      : describe(out, index),
  );
  return training.length > 0 ? 0 : 1;
}

/** Milliseconds between lines of progress where stderr is a file, in which nothing can be overwritten. */
const BETWEEN_LINES = 30_000;

function progressTo(terminal: Terminal): (done: number, of: number) => void {
  const start = performance.now(), inFile = !Deno.stderr.isTerminal();
  let lastLine = start;
  return (done, of) => {
    const now = performance.now(), rate = done / (now - start) * 1000;
    const left = Math.ceil((of - done) / rate / 60);
    const line = `${done}/${of} photos, ${rate.toFixed(1)} a second, ${left} min left`;
    terminal.progress(line);
    if (!inFile || now - lastLine < BETWEEN_LINES) return;
    lastLine = now;
    terminal.err(line);
  };
}

/** How many photos have a mesh to fit masks to. */
function meshesOf({ training, validation }: DataIndex): number {
  return [...training, ...validation].filter(({ mesh }) => mesh).length;
}

function describe(out: string, index: DataIndex): string {
  const { training, validation, counts } = index;
  const dropped = Object.entries(counts).map(([reason, count]) =>
    `\n  dropped ${count}: ${reason}`
  );
  return `${out}: ${training.length} photos to train on, ${validation.length} to validate; ` +
    `${meshesOf(index)} have a mesh to fit masks to${dropped.join("")}`;
}

function readPart(text: string | undefined): { index: number; of: number } | undefined {
  if (text === undefined) return undefined;
  const [, index, of] = text.match(/^(\d+)\/(\d+)$/)?.map(Number) ?? [];
  if (index >= 1 && index <= of) return { index: index - 1, of };
  throw new InvalidArgumentError(`Cannot do part "${text}": give one such as 1/2 or 2/2`);
}
