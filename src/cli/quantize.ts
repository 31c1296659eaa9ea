// `quantize student --to uint8 --calibrate photos`: a smaller form of a model, and what it costs; with --write into the
// model folder, where `--variant` finds it.

import { InvalidArgumentError } from "../errors.ts";
import { changeFolder, entryJson } from "../model/add/folder.ts";
import { type Variant, VARIANTS } from "../model/manifest.ts";
import { packagedModels } from "../model/model.ts";
import { quantizeModel } from "../quantize/quantize.ts";
import { writeWhole } from "../write_error.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const quantizeCommand: Command = {
  name: "quantize",
  summary: "make a smaller form of a model",
  usage: "quantize --to <uint8|fp16> --calibrate <photo folder> [--write | -o out.onnx] <model>",
  takes: ["models", 1, 1],
  options: [
    { name: "to", value: VARIANTS.join("|"), help: "integers of 8 bits, or weights of 16 bits" },
    {
      name: "calibrate",
      value: "folder",
      help: "photos of faces, half to calibrate, half to measure on; never a test set's",
    },
    { name: "count", value: "n", help: "how many photos to take (200)" },
    { name: "out", short: "o", value: "out.onnx", help: "write the file there" },
    { name: "write", help: "write it into the model folder and its manifest, for --variant" },
    { name: "models", value: "folder", help: "model folder (the package's)" },
    { name: "threads", value: "n", help: "threads of the wasm provider (cores, at most 4)" },
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const variant = VARIANTS.find((known) => known === args.text("to")) as Variant | undefined;
  const photos = args.text("calibrate"), out = args.text("out");
  if (!variant || !photos || (out === undefined) === !args.flag("write")) {
    throw new InvalidArgumentError(`Cannot quantize as told: usage is ${quantizeCommand.usage}`);
  }
  const { bytes, entry, floatBytes, nearness } = await quantizeModel(args.operands[0], {
    variant,
    photos,
    models: args.text("models"),
    count: args.number("count"),
    threads: args.number("threads"),
    progress: (text) => terminal.progress(text),
  });
  terminal.progress("");
  const folder = args.text("models") ?? decodeURIComponent(packagedModels().pathname);
  const path = out ?? `${folder}/${entry.file}`;
  writeWhole(path, bytes);
  if (args.flag("write")) await changeFolder(folder, entry.name, entryJson(entry));
  const { crops, least, median, mean } = nearness;
  if (args.flag("json")) {
    terminal.out(
      JSON.stringify({ path, bytes: bytes.length, floatBytes, sha256: entry.sha256, nearness }),
    );
    return 0;
  }
  terminal.out(
    `${path}: ${bytes.length} bytes, ${
      (100 * bytes.length / floatBytes).toFixed(1)
    }% of the float model's, ` +
      `SHA-256 ${entry.sha256}`,
  );
  terminal.out(
    `cosine of its templates with the float model's on ${crops} crops that it was not calibrated on: ` +
      `least ${least.toFixed(5)}, median ${median.toFixed(5)}, mean ${mean.toFixed(5)}`,
  );
  return 0;
}
