// The layers with weights of an ONNX file, in their order, whoever exported it: torch, insightface's packs, `convert` or
// this project. What exporters write differently is brought to one form here; onnx_read.ts compares it with a student's.

import { ModelError } from "../../base/errors.ts";
import {
  FLOAT,
  FLOAT16,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../../onnx/model_proto.ts";

/** A tensor of weights. */
export interface WeightTensor {
  readonly sizes: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** A layer that has weights. */
export type WeightLayer =
  | {
    readonly kind: "convolution";
    /** `[outputs, inputs of a group, rows, columns]`, or `[outputs, inputs]` of a fully connected layer. */
    readonly weight: WeightTensor;
    readonly bias: Float32Array<ArrayBuffer>;
  }
  | { readonly kind: "activation"; readonly slope: WeightTensor }
  | { readonly kind: "scale"; readonly factor: Float32Array; readonly shift: Float32Array };

/** Nodes that only pass on what a fully connected layer reads. */
const PASSING = ["Flatten", "Reshape", "Dropout", "Identity"];
/** Nodes with weights that no student has. */
const STRANGE = ["MatMul", "ConvTranspose", "QLinearConv", "DequantizeLinear", "LSTM"];

/**
 * Returns the layers of a graph that have weights. Weights of 16 bits are widened, batch norms behind a convolution or a fully
 * connected layer, and one before the latter, are folded into it.
 *
 * @throws {ModelError} If a layer is of a kind that no student has, or its weights are not in the file.
 */
export function weightLayers(graph: GraphProto): WeightLayer[] {
  return new Reader(graph).layers;
}

class Reader {
  readonly layers: WeightLayer[] = [];
  readonly #tensors: Map<string, TensorProto>;
  readonly #makers: Map<string, NodeProto>;
  /** Which layer gives an output. */
  readonly #layerOf = new Map<string, WeightLayer>();

  constructor({ node, initializer }: GraphProto) {
    this.#tensors = new Map(initializer!.map((tensor) => [tensor.name!, tensor]));
    this.#makers = new Map(node!.flatMap((one) => one.output!.map((name) => [name, one])));
    for (const one of node!) this.#read(one);
  }

  #read(node: NodeProto): void {
    const { opType } = node, [output] = node.output!;
    if (STRANGE.includes(opType!)) {
      throw new ModelError(
        `Cannot read weights as the ONNX file has the operation ${opType}, which no student has: ` +
          `give a float file of a student's network`,
      );
    }
    if (opType === "Conv" || opType === "Gemm") this.#add(output, this.#convolution(node));
    if (opType === "PRelu") {
      this.#add(output, { kind: "activation", slope: this.#tensor(node, 1) });
    }
    if (opType === "BatchNormalization") {
      const norm = this.#norm(node), before = this.#layerOf.get(node.input![0]);
      const follows = before?.kind === "convolution" && before === this.layers.at(-1);
      if (follows && norm.factor.length === before.bias.length) {
        this.layers.pop();
        this.#add(output, foldBehind(before, norm));
      } else this.#add(output, norm);
    }
  }

  #add(output: string, layer: WeightLayer): void {
    this.layers.push(layer);
    this.#layerOf.set(output, layer);
  }

  #convolution(node: NodeProto): WeightLayer & { kind: "convolution" } {
    const weight = this.#tensor(node, 1), [outputs] = weight.sizes;
    const bias = node.input![2] ? this.#tensor(node, 2).values : new Float32Array(outputs);
    const layer = { kind: "convolution", weight, bias } as const;
    if (node.opType === "Conv") return layer;
    const number = (name: string): number | undefined => {
      const found = node.attribute?.find((attribute) => attribute.name === name);
      return found && Number(name.startsWith("trans") ? found.i : found.f);
    };
    const plain = number("transB") === 1 && !number("transA") && (number("alpha") ?? 1) === 1 &&
      (number("beta") ?? 1) === 1;
    if (!plain || weight.sizes.length !== 2 || bias.length !== outputs) {
      throw new ModelError(
        `Cannot read weights as ${node.output} of the ONNX file is no plain fully connected layer: ` +
          `export it as torch does`,
      );
    }
    const before = this.layers.at(-1);
    if (before?.kind !== "scale" || this.#layerOf.get(this.#source(node.input![0])) !== before) {
      return layer;
    }
    this.layers.pop();
    return foldBefore(layer, before);
  }

  /** Returns what a layer reads, before it was made flat. */
  #source(name: string): string {
    let from = name;
    for (let i = 0; i < PASSING.length; i++) {
      const maker = this.#makers.get(from);
      if (!maker || !PASSING.includes(maker.opType!)) return from;
      from = maker.input![0];
    }
    return from;
  }

  #norm(node: NodeProto): WeightLayer & { kind: "scale" } {
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((at) => this.#tensor(node, at).values);
    const epsilon = node.attribute?.find(({ name }) => name === "epsilon")?.f ?? 1e-5;
    const factor = gamma.map((value, c) => value / Math.sqrt(variance[c] + epsilon));
    return { kind: "scale", factor, shift: beta.map((value, c) => value - mean[c] * factor[c]) };
  }

  /** Returns the tensor that a node reads, also by way of a cast: float16 weights are widened when the network is loaded. */
  #tensor(node: NodeProto, at: number): WeightTensor {
    let name = node.input![at] ?? "";
    const maker = this.#makers.get(name);
    if (maker && ["Cast", "Identity"].includes(maker.opType!)) name = maker.input![0];
    const tensor = this.#tensors.get(name);
    if (tensor && (tensor.dataType === FLOAT || tensor.dataType === FLOAT16)) {
      const sizes = (tensor.dims ?? []).map(Number), values = valuesOf(tensor);
      if (sizes.reduce((a, b) => a * b, 1) !== values.length) throw damaged(tensor);
      return { sizes, values };
    }
    throw new ModelError(
      `Cannot read weights as ${name || "an input"} of ${node.opType} is ${
        tensor ? `of element type ${tensor.dataType}` : "no weight of the ONNX file"
      }: give a float file of a student's network`,
    );
  }
}

function valuesOf(tensor: TensorProto): Float32Array<ArrayBuffer> {
  const { rawData, floatData, dataType } = tensor;
  if (!rawData?.length) return Float32Array.from(floatData ?? []);
  const width = dataType === FLOAT16 ? 2 : 4;
  if (rawData.length % width !== 0) throw damaged(tensor);
  const { buffer } = new Uint8Array(rawData);
  return dataType === FLOAT16
    ? Float32Array.from(new Float16Array(buffer))
    : new Float32Array(buffer);
}

function damaged({ name, dims }: TensorProto): ModelError {
  return new ModelError(
    `Cannot read weights as ${name} of the ONNX file has not the numbers of its sizes [${dims}]: get the file anew`,
  );
}

type Convolution = WeightLayer & { kind: "convolution" };
type Scale = WeightLayer & { kind: "scale" };

function foldBehind({ weight, bias }: Convolution, { factor, shift }: Scale): Convolution {
  const each = weight.values.length / bias.length;
  const values = weight.values.map((value, i) => value * factor[Math.floor(i / each)]);
  return {
    kind: "convolution",
    weight: { sizes: weight.sizes, values },
    bias: bias.map((value, o) => value * factor[o] + shift[o]),
  };
}

/** Exact, as a fully connected layer has no border: each channel is a run of columns. */
function foldBefore({ weight, bias }: Convolution, { factor, shift }: Scale): Convolution {
  const [, columns] = weight.sizes, places = columns / factor.length;
  const channel = (i: number): number => Math.floor(i % columns / places);
  const sums = Float64Array.from(bias);
  weight.values.forEach((value, i) => sums[Math.floor(i / columns)] += value * shift[channel(i)]);
  return {
    kind: "convolution",
    weight: {
      sizes: weight.sizes,
      values: weight.values.map((value, i) => value * factor[channel(i)]),
    },
    bias: Float32Array.from(sums),
  };
}
