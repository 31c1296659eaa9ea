// Every network that is known, converted and run beside torch on the same inputs.
import { assert, assertEquals, assertLess } from "@std/assert";
import { convertCheckpoint, type ConvertOptions } from "../../src/convert/mod.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import {
  embed,
  type Job,
  makeCheckpoints,
  numbers,
  relativeError,
  testWithTorch,
} from "./torch_fixtures.ts";

interface Wanted extends ConvertOptions {
  readonly network: string;
  readonly family?: string;
  /** Whether the found epsilon and key are these. */
  readonly foundKey?: string;
  readonly limit?: number;
}

async function check(job: Job, wanted: Wanted): Promise<void> {
  using folder = temporaryFolder();
  makeCheckpoints(folder.path, [job]);
  const path = `${folder.path}/${job.file}`, out = `${folder.path}/model.onnx`;
  const found = await convertCheckpoint(path, out, wanted);
  assertEquals(found.network, wanted.network);
  assertEquals(found.family, wanted.family ?? "insightface");
  assertEquals(found.key, wanted.foundKey ?? "");
  assertEquals(found.templateSize, job.numbers ?? 512);
  const onnx = Deno.readFileSync(out);
  assertEquals(found.bytes, onnx.length);
  const inputs = job.inputs ?? 8;
  const error = relativeError(
    await embed(onnx, numbers(`${path}.in`)),
    numbers(`${path}.out`),
    inputs,
  );
  assertLess(error, wanted.limit ?? 1e-4);
  assert(error > 0, "the same to the last bit: nothing was compared");
}

const NETWORKS: readonly [name: string, job: Omit<Job, "file">, wanted: Wanted][] = [
  ["iResNet-18", { network: "iresnet18" }, { network: "iresnet18" }],
  ["iResNet-34 of 64 numbers", { network: "iresnet34", numbers: 64, inputs: 2 }, {
    network: "iresnet34",
  }],
  ["iResNet-50", { network: "iresnet50" }, { network: "iresnet50" }],
  ["iResNet-100, legacy", { network: "iresnet100", inputs: 2, legacy: true }, {
    network: "iresnet100",
  }],
  ["MagFace's iResNet-18", {
    network: "iresnet18-mag",
    wrap: ["state_dict"],
    prefix: "features.module.",
  }, { network: "iresnet18", family: "magface", foundKey: "state_dict/features.module" }],
  ["squeeze-and-excitation", { network: "iresnet18-se" }, { network: "iresnet18-se" }],
  ["MobileFaceNet", { network: "mbf" }, { network: "mobilefacenet" }],
  ["the large MobileFaceNet", { network: "mbf_large", inputs: 2 }, { network: "mobilefacenet" }],
];

for (const [name, job, wanted] of NETWORKS) {
  testWithTorch(
    `${name}: the ONNX file gives torch's templates`,
    () => check({ file: "a.pth", ...job }, wanted),
  );
}

const FORMS: readonly [name: string, job: Partial<Job>, wanted?: Partial<Wanted>][] = [
  ["legacy format", { legacy: true }],
  ["float16", { dtype: "float16" }],
  ["bfloat16", { dtype: "bfloat16" }],
  ["float64, legacy", { dtype: "float64", legacy: true }],
  ["module. before names", { prefix: "module." }, { foundKey: "module" }],
  ["wrapped twice", { wrap: ["model", "backbone"] }, { foundKey: "model.backbone" }],
  ["wrapped, with a prefix, legacy", { wrap: ["state_dict"], prefix: "module.", legacy: true }, {
    foundKey: "state_dict/module",
  }],
  ["weights that are slices and transposes", { strided: true }],
  ["slices and transposes, legacy", { strided: true, legacy: true }],
];

for (const [name, job, wanted] of FORMS) {
  testWithTorch(
    `checkpoint form: ${name}`,
    () => check({ file: "a.pth", network: "mbf", ...job }, { network: "mobilefacenet", ...wanted }),
  );
}
