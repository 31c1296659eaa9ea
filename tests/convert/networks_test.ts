// EdgeFace's networks in every form of checkpoint, converted and run beside torch on the same inputs; the others are in
// networks_long_test.ts.
import { type Case, check } from "./check_networks.ts";
import { type Job, testWithTorch } from "./torch_fixtures.ts";

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
