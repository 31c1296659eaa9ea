// `prepare photos --out shards`: photos of faces to shards that `distill` trains on; can be stopped and run again.
// Ends with the index of what is used, for training and for validation, and what was dropped and why.

import { choosePhotos } from "../distill/data/choose.ts";
import type { DataIndex } from "../distill/data/index_file.ts";
import { prepareShards } from "../distill/data/prepare.ts";
import { InvalidArgumentError } from "../errors.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const prepareCommand: Command = {
  name: "prepare",
  summary: "make photos into shards to train on",
  usage: "prepare [options] --out <shards> <photo folder>",
  takes: ["photo folders", 1, 1],
  options: [
    {
      name: "out",
      short: "o",
      value: "shards",
      help: "folder of the shards; what is there is kept",
    },
    { name: "models", value: "folder", help: "model folder (the package's)" },
    { name: "teacher", value: "name", help: "the teacher in the manifest (teacher, else student)" },
    { name: "border", value: "share", help: "black border around each photo (0.25)" },
    { name: "shift-every", value: "n", help: "mask 1 photo in n to measure misalignment (10)" },
    { name: "exclude", value: "shards", help: "drop photos of people who are in these shards" },
    { name: "exclude-score", value: "score", help: "score from which on they are (0.6)" },
    {
      name: "same-score",
      value: "score",
      help: "score from which on pictures are the same (0.95)",
    },
    { name: "validation", value: "n", help: "people kept for validation (an eighth)" },
    {
      name: "part",
      value: "i/n",
      help: "do the i-th of n parts, and no index, beside other processes",
    },
    { name: "threads", value: "n", help: "threads of the wasm provider (cores, at most 4)" },
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const out = args.text("out");
  if (!out) throw new InvalidArgumentError("Cannot write the shards: give --out folder");
  const [folder] = args.operands;
  const part = readPart(args.text("part"));
  const start = performance.now();
  const settings = await prepareShards(folder, out, {
    models: args.text("models"),
    teacher: args.text("teacher"),
    border: args.number("border"),
    shiftEvery: args.number("shift-every"),
    threads: args.number("threads"),
    part,
    progress: (done, of) => {
      const rate = done / (performance.now() - start) * 1000;
      const left = Math.ceil((of - done) / rate / 60);
      terminal.progress(`${done}/${of} photos, ${rate.toFixed(1)} a second, ${left} min left`);
    },
  });
  terminal.progress("choosing ...");
  if (part) {
    terminal.progress("");
    terminal.out(`part ${args.text("part")} of ${out} is done: run without --part at the end`);
    return 0;
  }
  const index = await choosePhotos(out, settings, {
    models: args.text("models"),
    exclude: args.text("exclude"),
    excludeScore: args.number("exclude-score"),
    sameScore: args.number("same-score"),
    validationIdentities: args.number("validation"),
  });
  terminal.progress("");
  const { training, validation, counts, shifts } = index;
  terminal.out(
    args.flag("json")
      ? JSON.stringify({
        out,
        training: training.length,
        validation: validation.length,
        dropped: counts,
        shifts: shifts.length,
      })
      : describe(out, index),
  );
  return training.length > 0 ? 0 : 1;
}

function describe(out: string, { training, validation, counts }: DataIndex): string {
  const dropped = Object.entries(counts).map(([reason, count]) =>
    `\n  dropped ${count}: ${reason}`
  );
  return `${out}: ${training.length} photos to train on, ${validation.length} to validate${
    dropped.join("")
  }`;
}

function readPart(text: string | undefined): { index: number; of: number } | undefined {
  if (text === undefined) return undefined;
  const [, index, of] = text.match(/^(\d+)\/(\d+)$/)?.map(Number) ?? [];
  if (index >= 1 && index <= of) return { index: index - 1, of };
  throw new InvalidArgumentError(`Cannot do part "${text}": give one such as 1/2 or 2/2`);
}
