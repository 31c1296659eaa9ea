// An ONNX graph while it is put together: nodes, and tensors whose numbers are made only when they are written.
// The counterpart of src/distill/network/onnx_write.ts for networks too large to be held twice.

import proto from "onnx-proto";
import type { onnx as Types } from "onnx-proto";

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
      { name: "epsilon", type: onnx.AttributeProto.AttributeType.FLOAT, f: 0 },
    ]);
  }

  #add(tensor: Tensor): string {
    this.tensors.push(tensor);
    return tensor.name;
  }
}

/** An attribute of whole numbers. */
export function ints(name: string, ...values: number[]): Types.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INTS, ints: values };
}

/** An attribute of a whole number. */
export function int(name: string, value: number): Types.IAttributeProto {
  return { name, type: onnx.AttributeProto.AttributeType.INT, i: value };
}
