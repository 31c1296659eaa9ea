// `quantize student --to uint8 --calibrate photos`: a smaller form of a model, and what it costs; with --write into the
// model folder, where `--variant` finds it.

import { InvalidArgumentError } from "../base/errors.ts";
import { changeFolder, DEFAULT_FOLDER, entryJson, readFolder } from "../model/add/folder.ts";
import { VARIANTS } from "../model/manifest.ts";
import { quantizeModel } from "../quantize/quantize.ts";
import { writeWhole, writing } from "../base/write_error.ts";
import { type Arguments, type Command, JSON_OPTION, THREADS_OPTION } from "./command.ts";
import { ProgressLine } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const quantizeCommand: Command = {
  name: "quantize",
  takes: { usage: "(--write | -o <out.onnx>) <model>", what: ["model", "models"], min: 1, max: 1 },
  options: [
    {
      kind: "choice",
      name: "to",
      of: VARIANTS,
      required: true,
      help: "integers of 8 bits, or weights of 16 bits",
    },
    {
      kind: "folder",
      name: "calibrate",
      required: true,
      help: "photos of faces, half to calibrate, half to measure on; never a test set's",
    },
    { kind: "whole", name: "count", min: 2, help: "how many photos to take (200)" },
    { kind: "file", name: "out", short: "o", value: "out.onnx", help: "write the file there" },
    { kind: "flag", name: "write", help: "write it into the user's model folder, for --variant" },
    {
      kind: "folder",
      name: "models",
      help: `the user's model folder (${DEFAULT_FOLDER}); what it lacks is the package's`,
    },
    THREADS_OPTION,
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const variant = args.choice("to", VARIANTS)!;
  const photos = args.text("calibrate")!, out = args.text("out");
  if ((out === undefined) === !args.flag("write")) {
    throw new InvalidArgumentError(
      "Cannot quantize without knowing where to: give either --write or -o out.onnx",
    );
  }
  const given = args.text("models"), folder = given ?? DEFAULT_FOLDER;
  // A folder that is only about to be made has the package's models.
  const isNew = (given === undefined || args.flag("write")) &&
    Object.keys(await readFolder(folder)).length === 0;
  const line = new ProgressLine(terminal);
  const { bytes, entry, cohortBytes, floatBytes, nearness } = await quantizeModel(
    args.operands[0],
    {
      variant,
      photos,
      models: isNew ? undefined : folder,
      count: args.number("count"),
      threads: args.number("threads"),
      progress: (text) => line.say(text),
    },
  );
  terminal.progress("");
  const path = out ?? `${folder}/${entry.file}`;
  if (out === undefined) writing(folder, () => Deno.mkdirSync(folder, { recursive: true }));
  writeWhole(path, bytes);
  if (args.flag("write") && cohortBytes) writeWhole(`${folder}/${entry.cohort!.file}`, cohortBytes);
  if (args.flag("write")) await changeFolder(folder, entry.name, entryJson(entry));
  const { crops, min, median, mean, score } = nearness;
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
      `least ${min.toFixed(5)}, median ${median.toFixed(5)}, mean ${mean.toFixed(5)}; ` +
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
