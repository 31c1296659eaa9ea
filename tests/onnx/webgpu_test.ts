// Graphs that are rewritten for WebGPU: the same numbers as the file's on every runtime, fewer dispatches, and anything
// that is not known left as it is.

import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { openModels } from "../../src/model/model.ts";
import { attribute, decodeModel, encodeModel, type NodeProto } from "../../src/onnx/model_proto.ts";
import { floatTensor } from "../../src/onnx/tensors.ts";
import { forWebgpu } from "../../src/onnx/webgpu/mod.ts";
import type { NetworkSource } from "../../src/runtime/network.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";
import { GpuCallCounter } from "../gpu_calls.ts";
import { testWithGpu } from "../hosts.ts";
import { startCpu, startWebgpu, texture } from "../kernels/helpers.ts";

const NETWORKS = [
  ["student", 112],
  ["fast", 112],
  ["teacher", 112],
  ["yunet", 256],
  ["yunet", 160],
] as const;

/** The outputs of a network for two crops of a texture, with channels second. */
async function outputsOf(
  runtime: Awaited<ReturnType<typeof startCpu>>,
  source: NetworkSource,
  size: number,
): Promise<number[][]> {
  await using network = await runtime.load(source);
  const { input, maps } = network.model.entry;
  using stack = new DisposableStack();
  const photo = stack.use(runtime.upload(texture(400, 400)));
  const jobs = [0, 40].map((x) => ({
    photo,
    cropToPhoto: [1.1, -0.2, 60 + x, 0.2, 1.1, 20] as const,
  }));
  const crops = stack.use(runtime.warpAffine(jobs, { ...input, size }, false));
  const outputs = (await runtime.run(network, crops)).map((block) => stack.use(block));
  const values = await runtime.read(...outputs);
  return values.map((numbers, i) => {
    const { shape } = outputs[i];
    if (maps !== "NHWC") return [...numbers];
    const [count, height, width, channels] = shape, places = height * width;
    return Array.from({ length: count * channels * places }, (_, at) => {
      const place = at % places, channel = Math.floor(at / places) % channels;
      return numbers[(Math.floor(at / places / channels) * places + place) * channels + channel];
    });
  });
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function assertSame(actual: number[][], expected: number[][], told: string): void {
  assertEquals(actual.map(({ length }) => length), expected.map(({ length }) => length), told);
  expected.forEach((values, i) => {
    assert(values.some((value) => value !== values[0]), told);
    assertGreaterOrEqual(cosine(actual[i], values), 0.99999, `${told}, output ${i}`);
    const most = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const off = values.reduce(
      (max, value, at) => Math.max(max, Math.abs(value - actual[i][at])),
      0,
    );
    assertLess(off, 1e-4 * most, `${told}, output ${i}`);
  });
}

Deno.test("rewritten networks give the same numbers as their files", async () => {
  await using cpu = await startCpu();
  const models = await openModels();
  for (const [name, size] of NETWORKS) {
    const { entry, bytes } = await models.load(name);
    const rewritten = forWebgpu(bytes, entry.inputName);
    assert(rewritten.inputLast, name);
    assertEquals(rewritten.outputsLast, name === "yunet");
    const input = { ...entry.input, layout: "NHWC" } as const;
    const lean = { ...entry, input, ...rewritten.outputsLast && { maps: "NHWC" as const } };
    assertSame(
      await outputsOf(cpu, { entry: lean, bytes: rewritten.bytes }, size),
      await outputsOf(cpu, { entry, bytes }, size),
      `${name}, ${size} pixels`,
    );
    assertLess(rewritten.bytes.length, 1.1 * bytes.length);
  }
});

testWithGpu("rewritten networks give on WebGPU what their files give on wasm", async () => {
  await using cpu = await startCpu();
  await using gpu = await startWebgpu();
  const models = await openModels();
  for (const [name, size] of NETWORKS) {
    const source = await models.load(name);
    assertSame(
      await outputsOf(gpu, source, size),
      await outputsOf(cpu, source, size),
      `${name}, ${size} pixels`,
    );
  }
});

testWithGpu("networks take no more dispatches than were counted", async () => {
  using counter = new GpuCallCounter();
  await using gpu = await startWebgpu();
  const models = await openModels();
  for (const [name, size, most] of [["student", 112, 140], ["yunet", 256, 49]] as const) {
    await using network = await gpu.load(await models.load(name));
    const shape = tensorShape({ ...network.model.entry.input, size }, 2);
    using input = gpu.write(new Float32Array(2 * 3 * size * size), shape);
    const run = async (): Promise<void> => {
      const outputs = await gpu.run(network, input);
      await gpu.read(...outputs);
      for (const output of outputs) output[Symbol.dispose]();
    };
    await run();
    const { dispatches, createBuffer, waits } = await counter.during(run);
    assertLessOrEqual(dispatches, most, name);
    assertGreaterOrEqual(dispatches, 40, name);
    assertLessOrEqual(createBuffer, 10, name);
    assertEquals(waits, 1, name);
  }
});

/** A small graph of `[N, 3, 4, 4]`, with weights of ones. */
function graphOf(
  node: NodeProto[],
  output: string,
  weights: Record<string, number[]>,
): Uint8Array<ArrayBuffer> {
  const info = (name: string): object => ({
    name,
    type: {
      tensorType: {
        elemType: 1,
        shape: { dim: [{ dimParam: "N" }, { dimValue: 3 }, { dimValue: 4 }, { dimValue: 4 }] },
      },
    },
  });
  return encodeModel({
    irVersion: 9,
    opsetImport: [{ domain: "", version: 20 }],
    graph: {
      name: "small",
      node,
      input: [info("x")],
      output: [info(output)],
      initializer: Object.entries(weights).map(([name, dims]) =>
        floatTensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.1))
      ),
    },
  });
}

function operatorsOf(bytes: Uint8Array): string[] {
  return decodeModel(bytes, "test").graph.node!.map(({ opType }) => opType!);
}

Deno.test("what resembles a known part but is none is left as it is", () => {
  const weights = { w1: [6, 3, 1, 1], b1: [6], w2: [3, 6, 1, 1], b2: [3] };
  const part = (gelu: NodeProto["attribute"], stride = 1): NodeProto[] => [
    {
      opType: "Conv",
      input: ["x", "w1", "b1"],
      output: ["wide"],
      attribute: [attribute.ints("strides", stride, stride)],
    },
    { opType: "Gelu", input: ["wide"], output: ["act"], attribute: gelu },
    { opType: "Conv", input: ["act", "w2", "b2"], output: ["narrow"] },
    { opType: "Add", input: ["x", "narrow"], output: ["y"] },
  ];
  const rewrite = (nodes: NodeProto[], output = "y"): string[] =>
    operatorsOf(forWebgpu(graphOf(nodes, output, weights), "x").bytes);
  const known = rewrite(part([]));
  assert(known.includes("Gemm") && !known.includes("Add"));
  // An approximation, a stride, a value that another node needs, and a sum with itself.
  assert(!rewrite(part([attribute.text("approximate", "tanh")])).includes("Gemm"));
  assert(!rewrite(part([], 2)).includes("Gemm"));
  const shared: NodeProto = { opType: "Relu", input: ["narrow"], output: ["z"] };
  assert(!rewrite([...part([]), shared]).includes("Gemm"));
  assert(!rewrite(part([]), "narrow").includes("Gemm"));
});

Deno.test("a joined perceptron gives the same numbers, also with large weights", async () => {
  await using cpu: Runtime = await startCpu();
  const weights = { w1: [6, 3, 1, 1], b1: [6], w2: [3, 6, 1, 1], b2: [3] };
  const bytes = graphOf(
    [
      { opType: "Conv", input: ["x", "w1", "b1"], output: ["wide"] },
      { opType: "Gelu", input: ["wide"], output: ["act"] },
      { opType: "Conv", input: ["act", "w2", "b2"], output: ["narrow"] },
      { opType: "Add", input: ["narrow", "x"], output: ["y"] },
    ],
    "y",
    weights,
  );
  const entry = {
    name: "small",
    file: "small.onnx",
    inputName: "x",
    outputs: ["y"],
    input: { size: 4, layout: "NCHW", color: "RGB", mean: [0, 0, 0], scale: [1, 1, 1] },
  } as const;
  const values = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i) * 10 ** (i % 5 - 2));
  const run = async (source: NetworkSource): Promise<Float32Array> => {
    await using network = await cpu.load(source);
    const [output] = await cpu.run(network, cpu.write(values, [2, 3, 4, 4]));
    return (await cpu.read(output))[0];
  };
  const { bytes: rewritten, inputLast } = forWebgpu(bytes, "x");
  // Something else than a convolution reads the input too, so that it stays as it is.
  assert(!inputLast);
  const [expected, actual] = [await run({ entry, bytes }), await run({ entry, bytes: rewritten })];
  expected.forEach((value, i) =>
    assertLess(Math.abs(actual[i] - value), 1e-5 * (1 + Math.abs(value)))
  );
});

Deno.test("bytes that are no graph are left to onnxruntime", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  assertEquals(forWebgpu(bytes, "x"), { bytes, inputLast: false, outputsLast: false });
});
