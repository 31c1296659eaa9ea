// The variants: what the quantised graphs compute, and that they are models of their own.

import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { CpuRuntime } from "../../src/runtime/cpu/runtime.ts";
import { InvalidArgumentError, ModelError } from "../../src/base/errors.ts";
import { modelName } from "../../src/model/manifest.ts";
import { openModels } from "../../src/model/model.ts";
import { decodeModel, FLOAT16, UINT8 } from "../../src/onnx/model_proto.ts";
import { halveWeights } from "../../src/quantize/half.ts";
import { quantizeModel } from "../../src/quantize/quantize.ts";
import { bestRange } from "../../src/quantize/ranges.ts";
import { activationNames, quantizeGraph } from "../../src/quantize/uint8.ts";
import { run, WASM } from "../cli/run.ts";
import { photo } from "../hosts.ts";
import { tinyModel } from "../model/tiny_models.ts";

/**
 * The runtime starts with the first test that asks, so all of this file ask for one thread: where cores are busy, the
 * threads of a small uint8 graph wait for each other for minutes, and once they did without end.
 */
const ONE_THREAD = { threads: 1 };

Deno.test("a range cuts a lone outlier off, keeps an even spread whole and always has zero", () => {
  const even = new Float64Array(1024).fill(1);
  assertEquals(bestRange(even, [-2, 2]), [-2, 2]);
  const peaked = new Float64Array(1024);
  peaked.fill(1e6, 0, 64);
  peaked[1023] = 1;
  const [low, high] = bestRange(peaked, [0, 16]);
  assertEquals(low, 0);
  assertEquals(high < 8, true, `${high}`);
});

Deno.test("fp16: half the bytes, templates equal to three digits, on a graph of any family", async () => {
  const bytes = tinyModel("magface", 4);
  const half = halveWeights(decodeModel(bytes, "a"));
  assertEquals(half.length < 0.52 * bytes.length, true, `${half.length} of ${bytes.length}`);
  const { graph } = decodeModel(half, "b");
  assertEquals(graph.initializer!.map(({ dataType }) => dataType), [FLOAT16]);
  await using backend = new CpuRuntime(ONE_THREAD);
  const entry = {
    ...(await openModels()).manifest.student,
    inputName: "data",
    outputs: ["template"],
  };
  const rows: Float32Array[] = [];
  for (const file of [bytes, half]) {
    await using network = await backend.load({ entry, bytes: file });
    const input = Float32Array.from({ length: 3 * 112 * 112 }, (_, i) => Math.sin(i / 7) / 2 + 0.5);
    const [row] = await backend.run(network, backend.write(input, [1, 3, 112, 112]));
    rows.push((await backend.read(row))[0]);
  }
  const most = Math.max(...rows[0].map(Math.abs));
  const worst = Math.max(...rows[0].map((value, i) => Math.abs(value - rows[1][i])));
  assertEquals(worst > 0 && worst < 1e-3 * most, true, `off by ${worst} of ${most}`);
});

Deno.test("uint8: dense convolutions get steps per channel, the others and the template stay float", async () => {
  const store = await openModels();
  const model = decodeModel((await store.load("student")).bytes, "student");
  const names = activationNames(model.graph);
  assertEquals(names.includes(model.graph.output![0].name!), false);
  const ranges = new Map(names.map((name) => [name, [-3, 5] as const]));
  const { graph } = decodeModel(quantizeGraph(model, ranges), "uint8");
  const count = (type: string): number =>
    graph.node!.filter(({ opType }) => opType === type).length;
  const all = model.graph.node!.filter(({ opType }) => opType === "Conv");
  const dense = all.filter(({ attribute }) =>
    Number(attribute!.find(({ name }) => name === "group")!.i) === 1
  );
  assertEquals(count("Conv"), all.length);
  assertEquals(dense.length > 30 && dense.length < all.length, true);
  assertEquals(count("QuantizeLinear"), names.length);
  assertEquals(count("DequantizeLinear"), names.length + 2 * dense.length); // weights and biases
  const tensors = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensor]));
  const originals = new Map(model.graph.initializer!.map((tensor) => [tensor.name!, tensor]));
  for (const node of dense) {
    const [, weight] = node.input!, original = originals.get(weight)!;
    const codes = tensors.get(`${weight}:q`)!, scales = tensors.get(`${weight}:scale`)!;
    assertEquals(codes.dataType, UINT8);
    const steps = new Float32Array(new Uint8Array(scales.rawData!).buffer);
    const floats = new Float32Array(new Uint8Array(original.rawData!).buffer);
    assertEquals(steps.length, Number(original.dims![0]));
    const length = floats.length / steps.length;
    for (let i = 0; i < floats.length; i++) {
      const step = steps[Math.floor(i / length)];
      const off = Math.abs((codes.rawData![i] - 128) * step - floats[i]);
      if (off > 0.501 * step) throw new Error(`${weight}[${i}] is off by ${off / step} steps`);
    }
  }
  const old = { ...model, opsetImport: [{ domain: "", version: 11 }] };
  assertThrows(() => quantizeGraph(old, ranges), ModelError, "opset 11");
});

Deno.test("quantize --write: variants in a folder of the user's, with thresholds where scores are the same", async () => {
  const folder = `${await Deno.makeTempDir()}/new`;
  const alone = ["--threads", "1"];
  const photographed = ["--calibrate", "tests/photos", "--count", "4"];
  const command = ["quantize", "--models", folder, ...photographed, ...alone];
  const lost = await run(...command, "--to", "uint8", "--write", "student");
  assertEquals(lost.code, 2);
  assertMatch(
    lost.err,
    /to uint8 as a template of 4 has a cosine of only 0\.\d\d to the float model's/,
  );
  const args = [...WASM, ...alone, "--models", folder, "--variant"];
  const photos = [photo("collins"), photo("collins_crop")];
  const half = await run(...command, "--to", "fp16", "--write", "student");
  assertEquals(half.code, 0, half.err);
  assertStringIncludes(half.out, "with the float model's thresholds");
  const verified = await run("verify", ...args, "fp16", "--json", ...photos);
  assertEquals(verified.code, 0, verified.err);
  const float = await run("verify", ...WASM, ...alone, "--json", ...photos);
  const [one, other] = [verified, float].map(({ out }) => JSON.parse(out));
  assertEquals(one.threshold, other.threshold);
  assertEquals(Math.abs(one.cosine - other.cosine) < 2e-3, true, `${one.cosine}, ${other.cosine}`);
  // A normalised score differs by more: the gains of the two templates, at most about 2 each, are factors of the cosine's error.
  assertEquals(Math.abs(one.score - other.score) < 1e-2, true, `${one.score}, ${other.score}`);
  const none = await run("verify", ...args, "uint8", ...photos);
  assertEquals(none.code, 2);
  assertStringIncludes(none.err, "has only fp16");
  const { manifest } = await openModels(folder);
  assertEquals(modelName(manifest, "student", "fp16"), "student-fp16");
  const source = manifest["student-fp16"].calibration?.single?.none?.source ?? "";
  assertStringIncludes(source, "measured with the float model");
  await assertRejects(
    () =>
      quantizeModel("student-fp16", { variant: "uint8", models: folder, photos: "tests/photos" }),
    ModelError,
    "a variant itself",
  );
  await assertRejects(
    () => quantizeModel("student", { variant: "fp16", photos: "tests/photos", count: 1 }),
    InvalidArgumentError,
    "Cannot use 1 photos",
  );
  await Deno.remove(folder, { recursive: true });
});
