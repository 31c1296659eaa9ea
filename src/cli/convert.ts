// `convert checkpoint.pth -o model.onnx`: a checkpoint of PyTorch to ONNX, or the published YuNet to the graph that runs.

import { InvalidArgumentError } from "../base/errors.ts";
import { publicName } from "../image/name.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** What says how the network of a checkpoint is written; the published YuNet has one form. */
const CHECKPOINT_FLAGS = ["fp16", "normalize"], CHECKPOINT_VALUES = ["epsilon", "key"];

/** The command. */
export const convertCommand: Command = {
  name: "convert",
  takes: {
    usage: "<checkpoint.pth>",
    what: ["checkpoint", "checkpoints"],
    min: 1,
    max: 1,
  },
  options: [
    {
      kind: "file",
      name: "out",
      short: "o",
      value: "model.onnx",
      required: true,
      help: "where to write",
    },
    { kind: "flag", name: "fp16", help: "store weights as float16: half the size" },
    {
      kind: "flag",
      name: "normalize",
      help: "give templates length 1, as EdgeFace's always are",
    },
    {
      kind: "number",
      name: "epsilon",
      help: "of the norms (1e-5; MagFace's and MXNet's 2e-5; EdgeFace's 1e-6)",
    },
    {
      kind: "text",
      name: "key",
      value: "name",
      help: "which network, if the checkpoint has several",
    },
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const out = args.text("out")!, [path] = args.operands;
  const { convertCheckpoint } = await import("../convert/convert.ts");
  const { isOnnxFile, convertYunet } = await import("../convert/yunet/convert.ts");
  terminal.progress(`converting ${path} ...`);
  if (await isOnnxFile(path)) {
    const given = CHECKPOINT_FLAGS.find(args.flag) ??
      CHECKPOINT_VALUES.find((name) => args.text(name) !== undefined);
    if (given) {
      throw new InvalidArgumentError(
        `Cannot convert ${
          publicName(path)
        } with --${given}: that is for PyTorch checkpoints, and this is an ONNX ` +
          `file; leave --${given} out`,
      );
    }
    const found = await convertYunet(path, out);
    terminal.progress("");
    terminal.out(
      args.flag("json")
        ? JSON.stringify({ out, ...found })
        : `${out}: the detector YuNet, ${found.bytes} bytes
from ${path}, with one map of 16 channels for each of the strides 8, 16 and 32
sha256 ${found.sha256}`,
    );
    return 0;
  }
  const start = performance.now();
  const found = await convertCheckpoint(path, out, {
    fp16: args.flag("fp16"),
    normalized: args.flag("normalize") || undefined,
    epsilon: args.number("epsilon"),
    key: args.text("key"),
  });
  terminal.progress("");
  if (args.flag("json")) {
    terminal.out(JSON.stringify({ out, ...found }));
    return 0;
  }
  const { network, family, key, templateSize, epsilon, input, bytes, sha256 } = found;
  const seconds = (performance.now() - start) / 1000;
  terminal.out(
    `${out}: ${network}, templates of ${templateSize} numbers, ${(bytes / 1e6).toFixed(1)} MB, ${
      seconds.toFixed(1)
    } s
from ${path}${key ? ` at ${key}` : ""}, names as ${family}'s, epsilon ${epsilon}
input ${input.layout} ${input.color} ${input.size}x${input.size}, (x - ${input.mean[0]}) / ${
      input.scale[0]
    }
sha256 ${sha256}`,
  );
  return 0;
}
