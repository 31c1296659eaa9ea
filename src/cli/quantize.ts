// `quantize student --to uint8 --calibrate photos`: a smaller form of a model, and what it costs; with --write into the
// model folder, where `--variant` finds it.

import { InvalidArgumentError } from "../base/errors.ts";
import { changeFolder, DEFAULT_FOLDER, entryJson, readFolder } from "../model/add/folder.ts";
import { type Variant, VARIANTS } from "../model/manifest.ts";
import { quantizeModel } from "../quantize/quantize.ts";
import { writeWhole, writing } from "../base/write_error.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import { ProgressLine } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const quantizeCommand: Command = {
  name: "quantize",
  usage: "quantize --to <uint8|fp16> --calibrate <photo folder> [--write | -o out.onnx] <model>",
  takes: [["model", "models"], 1, 1],
  options: [
    { name: "to", value: VARIANTS.join("|"), help: "integers of 8 bits, or weights of 16 bits" },
    {
      name: "calibrate",
      value: "folder",
      help: "photos of faces, half to calibrate, half to measure on; never a test set's",
    },
    { name: "count", value: "n", help: "how many photos to take (200)" },
    { name: "out", short: "o", value: "out.onnx", help: "write the file there" },
    { name: "write", help: "write it into the user's model folder, for --variant" },
    {
      name: "models",
      value: "folder",
      help: `the user's model folder (${DEFAULT_FOLDER}); what it lacks is the package's`,
    },
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
  const given = args.text("models"), folder = given ?? DEFAULT_FOLDER;
  // A folder that is only about to be made has the package's models.
  const isNew = (given === undefined || args.flag("write")) &&
    Object.keys(await readFolder(folder)).length === 0;
  const line = new ProgressLine(terminal);
  const { bytes, entry, floatBytes, nearness } = await quantizeModel(args.operands[0], {
    variant,
    photos,
    models: isNew ? undefined : folder,
    count: args.number("count"),
    threads: args.number("threads"),
    progress: (text) => line.say(text),
  });
  terminal.progress("");
  const path = out ?? `${folder}/${entry.file}`;
  if (out === undefined) writing(folder, () => Deno.mkdirSync(folder, { recursive: true }));
  writeWhole(path, bytes);
  if (args.flag("write")) await changeFolder(folder, entry.name, entryJson(entry));
  const { crops, least, median, mean, score } = nearness;
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
      `least ${least.toFixed(5)}, median ${median.toFixed(5)}, mean ${mean.toFixed(5)}; ` +
      `their scores differ by ${score.toExponential(1)} at most`,
  );
  if (args.flag("write")) {
    terminal.out(
      `Use it with --models ${folder} --model ${entry.variantOf!.model} --variant ${variant}, ` +
        (entry.calibration
          ? "with the float model's thresholds"
          : `once calibrate --models ${folder} --model ${entry.name} --write gave it thresholds`),
    );
  }
  return 0;
}
