// Writes the mask-state network as ONNX: from the crop as the embedding network gets it to three probabilities.
// The averaging that training does beforehand is the network's first step here.

import proto from "onnx-proto";
import { CHANNELS, CLASSES, NAMES, SHAPES, type Weights } from "./state_network.ts";

/** Smaller weights become zero: denormal numbers slow wasm down. */
const LEAST_WEIGHT = 1e-8;

/** The bytes of the network for any number of crops. */
export function stateModel(weights: Weights): Uint8Array<ArrayBuffer> {
  const { onnx } = proto as unknown as { onnx: typeof import("onnx-proto").onnx };
  const { FLOAT } = onnx.TensorProto.DataType;
  const { INT, INTS } = onnx.AttributeProto.AttributeType;
  const tensors = Object.entries(toOnnx(weights)).map(([name, { dims, values }]) => ({
    name,
    dims,
    dataType: FLOAT,
    rawData: new Uint8Array(values.buffer),
  }));
  const ints = (name: string, ...values: number[]) => ({ name, type: INTS, ints: values });
  const int = (name: string, value: number) => ({ name, type: INT, i: value });
  const conv = (
    input: string,
    name: string,
    size: number,
    step: number,
    pad: number,
    group = 1,
  ) => [
    {
      opType: "Conv",
      input: [input, `${name}Weight`, `${name}Bias`],
      output: [`${name}Sum`],
      attribute: [
        ints("kernel_shape", size, size),
        ints("strides", step, step),
        ints("pads", pad, pad, pad, pad),
        int("group", group),
      ],
    },
    { opType: "Relu", input: [`${name}Sum`], output: [name] },
  ];
  const info = (name: string, ...sizes: number[]) => ({
    name,
    type: {
      tensorType: {
        elemType: FLOAT,
        shape: { dim: [{ dimParam: "batch" }, ...sizes.map((dimValue) => ({ dimValue }))] },
      },
    },
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: "maskinv",
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: "mask-state",
      node: [
        {
          opType: "Transpose",
          input: ["input"],
          output: ["planes"],
          attribute: [ints("perm", 0, 3, 1, 2)],
        },
        {
          opType: "AveragePool",
          input: ["planes"],
          output: ["small"],
          attribute: [ints("kernel_shape", 4, 4), ints("strides", 4, 4)],
        },
        ...conv("small", "patch", 4, 2, 1),
        ...conv("patch", "merge", 2, 2, 0),
        ...conv("merge", "depth", 3, 1, 1, CHANNELS[2]),
        ...conv("depth", "mix", 1, 1, 0),
        { opType: "Flatten", input: ["mix"], output: ["features"], attribute: [int("axis", 1)] },
        { opType: "Gemm", input: ["features", "headWeight", "headBias"], output: ["logits"] },
        { opType: "Softmax", input: ["logits"], output: ["state"], attribute: [int("axis", 1)] },
      ],
      initializer: tensors,
      input: [info("input", 112, 112, 3)],
      output: [info("state", CLASSES)],
    },
  });
  return new Uint8Array(onnx.ModelProto.encode(model).finish());
}

/** The weights in ONNX's order: `[out, in, row, column]`, and the head's rows by channel before place. */
function toOnnx(weights: Weights): Record<string, { dims: number[]; values: Float32Array }> {
  const [patch, merge, depth, mix] = CHANNELS;
  const orders: Partial<Record<string, { sizes: number[]; order: number[]; dims: number[] }>> = {
    // Rows of a product run over row, column, channel of the patch.
    patchWeight: { sizes: [4, 4, 3, patch], order: [3, 2, 0, 1], dims: [patch, 3, 4, 4] },
    mergeWeight: { sizes: [2, 2, patch, merge], order: [3, 2, 0, 1], dims: [merge, patch, 2, 2] },
    depthWeight: { sizes: [3, 3, depth], order: [2, 0, 1], dims: [depth, 1, 3, 3] },
    mixWeight: { sizes: [depth, mix], order: [1, 0], dims: [mix, depth, 1, 1] },
    headWeight: { sizes: [49, mix, CLASSES], order: [1, 0, 2], dims: [49 * mix, CLASSES] },
  };
  return Object.fromEntries(NAMES.map((name) => {
    const values = weights[name].map((value) => Math.abs(value) < LEAST_WEIGHT ? 0 : value);
    const order = orders[name];
    if (!order) return [name, { dims: [...SHAPES[name]], values }];
    return [name, { dims: order.dims, values: permuted(values, order.sizes, order.order) }];
  }));
}

/** A tensor of `sizes` with its axes in another order. */
function permuted(
  values: Float32Array,
  sizes: readonly number[],
  order: readonly number[],
): Float32Array<ArrayBuffer> {
  const steps = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
  const out = new Float32Array(values.length);
  for (let to = 0; to < out.length; to++) {
    let rest = to, from = 0;
    for (let k = order.length - 1; k >= 0; k--) {
      const size = sizes[order[k]];
      from += rest % size * steps[order[k]];
      rest = Math.floor(rest / size);
    }
    out[to] = values[from];
  }
  return out;
}
