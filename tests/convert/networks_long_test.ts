// The other networks that are known, in every form of checkpoint, converted and run beside torch on the same inputs.
import { type Case, check } from "./check_networks.ts";
import { type Job, testWithTorch } from "./torch_fixtures.ts";

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
