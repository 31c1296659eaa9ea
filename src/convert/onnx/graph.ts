// An ONNX graph while it is put together: nodes, and tensors whose numbers are made only when they are written.
// The counterpart of src/distill/network/onnx_write.ts for networks too large to be held twice.

import proto from "npm:onnx-proto@8.0.1";
import type { onnx as Types } from "npm:onnx-proto@8.0.1";

/** The messages of ONNX. */
export const onnx = (proto as unknown as { onnx: typeof Types }).onnx;

/** A tensor of weights. */
export interface Tensor {
  readonly name: string;
  readonly sizes: readonly number[];
  /** Its numbers in row-major order; made anew at every call. */
  values(): Float32Array<ArrayBuffer>;
}

/** How a convolution moves. */
export interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

/** Nodes and tensors, in order. Every method adds a node and gives the name of its output. */
export class Graph {
  readonly nodes: Types.INodeProto[] = [];
  readonly tensors: Tensor[] = [];

  /**
   * @param opset Version of ONNX's operators; 13 is what old runtimes know, 17 has LayerNormalization, 20 has Gelu.
   */
  constructor(readonly opset = 13) {}

  node(
    opType: string,
    input: readonly string[],
    output: string,
    attribute: readonly Types.IAttributeProto[] = [],
  ): string {
    this.nodes.push({ opType, input: [...input], output: [output], attribute: [...attribute] });
    return output;
  }

  convolution(
    x: string,
    output: string,
    { weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor },
    { stride = 1, padding = 0, groups = 1 }: ConvolutionOptions = {},
  ): string {
    const inputs = [weight, ...bias ? [bias] : []].map((tensor) => this.#add(tensor));
    return this.node("Conv", [x, ...inputs], output, [
      ints("kernel_shape", weight.sizes[2], weight.sizes[3]),
      ints("strides", stride, stride),
      ints("pads", padding, padding, padding, padding),
      int("group", groups),
    ]);
  }

  /** A slope per channel for what is below zero. */
  slopes(x: string, output: string, tensor: Tensor): string {
    return this.node("PRelu", [x, this.#add(tensor)], output);
  }

  /** `x * factor + shift`, per channel, as a batch norm of mean 0 and variance 1. */
  affine(
    x: string,
    output: string,
    channels: number,
    make: () => {
      readonly factor: Float64Array;
      readonly shift: Float64Array;
    },
  ): string {
    const sizes = [channels];
    const inputs = [
      { name: `${output}.weight`, sizes, values: () => Float32Array.from(make().factor) },
      { name: `${output}.bias`, sizes, values: () => Float32Array.from(make().shift) },
      { name: `${output}.mean`, sizes, values: () => new Float32Array(channels) },
      { name: `${output}.variance`, sizes, values: () => new Float32Array(channels).fill(1) },
    ].map((tensor) => this.#add(tensor));
    // The default epsilon of 1e-5 would not leave weight and bias as they are.
    return this.node("BatchNormalization", [x, ...inputs], output, [
      float("epsilon", 0),
    ]);
  }

  /** Normalisation over the last dimension, with a factor and a shift for each place of it. */
  layerNorm(
    x: string,
    output: string,
    { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
    epsilon: number,
  ): string {
    return this.node("LayerNormalization", [x, this.#add(weight), this.#add(bias)], output, [
      int("axis", -1),
      float("epsilon", epsilon),
    ]);
  }

  /** `x weight^T + bias` for `x` `[N, inputs]` and weights `[outputs, inputs]`. */
  linear(
    x: string,
    output: string,
    { weight, bias }: { readonly weight: Tensor; readonly bias?: Tensor },
  ): string {
    const inputs = [weight, ...bias ? [bias] : []].map((tensor) => this.#add(tensor));
    return this.node("Gemm", [x, ...inputs], output, [int("transB", 1)]);
  }

  /** The dimensions in another order. */
  transpose(x: string, output: string, ...order: number[]): string {
    return this.node("Transpose", [x], output, [ints("perm", ...order)]);
  }

  /** Other sizes for the same numbers; the first, 0, stays as it is. */
  reshape(x: string, output: string, ...sizes: number[]): string {
    return this.node("Reshape", [x, this.wholeNumbers(`${output}:sizes`, ...sizes)], output);
  }

  /** Parts along a dimension: of these sizes, or equal ones, of which the last may be smaller; opset 18. */
  split(
    x: string,
    outputs: readonly string[],
    axis: number,
    sizes?: readonly number[],
  ): readonly string[] {
    const input = sizes ? [x, this.wholeNumbers(`${outputs[0]}:sizes`, ...sizes)] : [x];
    const attribute = [int("axis", axis), ...sizes ? [] : [int("num_outputs", outputs.length)]];
    this.nodes.push({ opType: "Split", input, output: [...outputs], attribute });
    return outputs;
  }

  /** A constant of whole numbers, as the sizes that an operator takes as an input. */
  wholeNumbers(output: string, ...values: number[]): string {
    return this.node("Constant", [], output, [ints("value_ints", ...values)]);
  }

  /** A tensor by itself, for any node. */
  tensor(tensor: Tensor): string {
    return this.#add(tensor);
  }

  #add(tensor: Tensor): string {
    this.tensors.push(tensor);
    return tensor.name;
  }
}

/** An attribute of a number. */
export function float(name: string, value: number): Types.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.FLOAT, f: value };
}

/** An attribute of whole numbers. */
export function ints(name: string, ...values: number[]): Types.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INTS, ints: values };
}

/** An attribute of a whole number. */
export function int(name: string, value: number): Types.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INT, i: value };
}
