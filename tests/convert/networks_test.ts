// Every network that is known, in every form of checkpoint, converted and run beside torch on the same inputs.
import { assert, assertEquals, assertLess } from "@std/assert";
import { type Conversion, convertCheckpoint } from "../../src/convert/mod.ts";
import { temporaryFolder } from "../evaluate/dataset_fixtures.ts";
import {
  embed,
  type Job,
  makeCheckpoints,
  numbers,
  relativeError,
  testWithTorch,
} from "./torch_fixtures.ts";

interface Case {
  readonly name: string;
  readonly job: Omit<Job, "file">;
  /** What must be found, besides what `FOUND` has. */
  readonly found?: Partial<Conversion>;
}

const FOUND = { family: "insightface", key: "", templateSize: 512, epsilon: 1e-5 } as const;

/** Makes all checkpoints in one process, as loading torch takes longer than most of them. */
async function check(test: Deno.TestContext, cases: readonly Case[]): Promise<void> {
  using folder = temporaryFolder();
  const file = (i: number): string => `${i}.pth`;
  makeCheckpoints(folder.path, cases.map(({ job }, i) => ({ file: file(i), ...job })));
  for (const [i, { name, job, found }] of cases.entries()) {
    await test.step(name, async () => {
      const path = `${folder.path}/${file(i)}`, out = `${folder.path}/model.onnx`;
      const { bytes, sha256: _, input: __, ...said } = await convertCheckpoint(path, out);
      const network = job.network === "mbf" ? "mobilefacenet" : job.network;
      assertEquals(said, { network, ...FOUND, ...found });
      const onnx = Deno.readFileSync(out), inputs = job.inputs ?? 8;
      assertEquals(bytes, onnx.length);
      const templates = await embed(onnx, numbers(`${path}.in`));
      const error = relativeError(templates, numbers(`${path}.out`), inputs);
      assertLess(error, 1e-4);
      assert(error > 0, "the same to the last bit: nothing was compared");
    });
  }
}

testWithTorch(
  "converted networks give torch's templates: MobileFaceNet and iResNet-18, 34",
  (test) =>
    check(test, [
      { name: "MobileFaceNet", job: { network: "mbf" } },
      {
        name: "the large MobileFaceNet",
        job: { network: "mbf_large", inputs: 2 },
        found: { network: "mobilefacenet" },
      },
      { name: "iResNet-18", job: { network: "iresnet18" } },
      {
        name: "iResNet-34 of 64 numbers",
        job: { network: "iresnet34", numbers: 64, inputs: 2 },
        found: { templateSize: 64 },
      },
      { name: "iResNet-18 with squeeze-and-excitation", job: { network: "iresnet18-se" } },
      {
        name: "MagFace's iResNet-18",
        job: { network: "iresnet18-mag", wrap: ["state_dict"], prefix: "features.module." },
        found: {
          network: "iresnet18",
          family: "magface",
          key: "state_dict/features.module",
          epsilon: 2e-5,
        },
      },
    ]),
);

testWithTorch("converted networks give torch's templates: iResNet-50, 100", (test) =>
  check(test, [
    { name: "iResNet-50", job: { network: "iresnet50" } },
    { name: "iResNet-100, legacy format", job: { network: "iresnet100", inputs: 2, legacy: true } },
  ]));

testWithTorch(
  "the first ArcFace's names and MXNet's .params give torch's templates",
  (test) =>
    check(test, [
      {
        name: "iResNet-18, MXNet",
        job: { network: "iresnet18-mag", mxnet: true, inputs: 2 },
        found: { network: "iresnet18", epsilon: 2e-5 },
      },
    ]),
);

testWithTorch("converted networks give torch's templates: EdgeNeXt", (test) => {
  const form = (name: string, job: Partial<Job>, key = ""): Case => ({
    name,
    job: { network: "edgenext", numbers: 20, ...job },
    found: {
      network: "edgenext-6-10-14-18",
      family: "edgeface",
      epsilon: 1e-6,
      templateSize: 20,
      key,
    },
  });
  return check(test, [
    form("float32", {}),
    form("of low rank", { network: "edgenext-low-rank" }),
    form("quantised, a scale a matrix", { quantized: "per_tensor", prefix: "model." }, "model"),
    form("quantised, a scale a row", { quantized: "per_channel" }),
    form("of low rank, quantised, legacy", {
      network: "edgenext-low-rank",
      quantized: "per_tensor",
      legacy: true,
    }),
    form("slices and transposes, wrapped", { strided: true, wrap: ["state_dict"] }, "state_dict"),
    form("float16", { dtype: "float16" }),
  ]);
});

testWithTorch("every form of checkpoint gives torch's templates", (test) => {
  const form = (name: string, job: Partial<Job>, key = ""): Case => ({
    name,
    job: { network: "mbf", inputs: 2, ...job },
    found: { key },
  });
  return check(test, [
    form("legacy format", { legacy: true }),
    form("float16", { dtype: "float16" }),
    form("bfloat16", { dtype: "bfloat16" }),
    form("float64, legacy", { dtype: "float64", legacy: true }),
    form("module. before names", { prefix: "module." }, "module"),
    form("wrapped twice", { wrap: ["model", "backbone"] }, "model.backbone"),
    form(
      "wrapped, with a prefix, legacy",
      { wrap: ["state_dict"], prefix: "module.", legacy: true },
      "state_dict/module",
    ),
    form("weights that are slices and transposes", { strided: true }),
    form("slices and transposes, legacy", { strided: true, legacy: true }),
  ]);
});
