// The layers of EdgeNeXt as nodes of a graph, and its block of convolutions. Maps are `[N, channels, size, size]`.
// 1x1 convolutions, not MatMuls: onnxruntime keeps them channels-last on WebGPU, where the transposes around the
// norms then cancel out.

import { CheckpointError } from "../../base/errors.ts";
import type { ConvolutionOptions, Graph, Tensor } from "../onnx/graph.ts";
import { linearOutputs, takeLinear } from "./linear.ts";
import type { Weights } from "./weights.ts";

/** A node's output and its sizes. */
export interface FeatureMap {
  readonly x: string;
  readonly channels: number;
  /** Width and height. */
  readonly size: number;
}

interface Parameters {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

/** EdgeNeXt expands by 4. */
const MAX_EXPANSION = 8;
const MAX_KERNEL = 31;

/** Makes nodes of the layers by their names in the checkpoint. */
export class EdgeNextLayers {
  constructor(
    readonly graph: Graph,
    readonly weights: Weights,
    readonly epsilon: number,
  ) {}

  /** A convolution; `shape` is outputs, inputs of each group, kernel. */
  convolution(
    x: string,
    name: string,
    shape: readonly [outputs: number, inputs: number, kernel: number],
    options: ConvolutionOptions,
  ): string {
    const [outputs, inputs, kernel] = shape;
    const weight = this.weights.take(`${name}.weight`, outputs, inputs, kernel, kernel);
    const parameters = {
      weight: tensorOf(`${name}.weight`, weight.sizes, () => weight.values()),
      ...this.weights.has(`${name}.bias`) && { bias: this.vector(`${name}.bias`, outputs) },
    };
    return this.graph.convolution(x, name, parameters, options);
  }

  /** A convolution of each channel by itself that keeps the map's size. */
  depthwise(x: string, name: string, channels: number): string {
    const kernel = this.weights.sizes(`${name}.weight`)[2] ?? 0;
    if (kernel % 2 === 0 || kernel > MAX_KERNEL) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as its ${name} has kernels of ${kernel}, and odd ones up to ${MAX_KERNEL} ` +
          `keep the map's size: give one of a network that maskinv knows`,
      );
    }
    const padding = Math.floor(kernel / 2);
    return this.convolution(x, name, [channels, 1, kernel], { padding, groups: channels });
  }

  /** A Linear layer's parameters, times the layer scale of that name where there is one. */
  linear(name: string, outputs: number, inputs: number, scaleName?: string): Parameters {
    const { weight, bias } = takeLinear(this.weights, name, outputs, inputs, scaleName);
    return {
      weight: tensorOf(`${name}.weight`, [outputs, inputs], weight),
      ...bias && { bias: tensorOf(`${name}.bias`, [outputs], bias) },
    };
  }

  /** A Linear layer at every place of a map. */
  pointwise(x: string, name: string, outputs: number, inputs: number, scaleName?: string): string {
    const { weight, bias } = this.linear(name, outputs, inputs, scaleName);
    const kernels = { ...weight, sizes: [outputs, inputs, 1, 1] };
    return this.graph.convolution(x, name, { weight: kernels, bias });
  }

  /** Normalisation over the last dimension. */
  norm(x: string, name: string, channels: number): string {
    const weight = this.vector(`${name}.weight`, channels);
    const bias = this.vector(`${name}.bias`, channels);
    return this.graph.layerNorm(x, name, { weight, bias }, this.epsilon);
  }

  /** Normalisation over the channels of a map. */
  channelNorm(x: string, name: string, channels: number): string {
    const last = this.graph.transpose(x, `${name}:last`, 0, 2, 3, 1);
    const normed = this.norm(last, name, channels);
    return this.graph.transpose(normed, `${name}:first`, 0, 3, 1, 2);
  }

  /** Norm, expansion, GELU and projection, added to `shortcut`: how every block ends. */
  perceptron(x: string, shortcut: string, block: string, channels: number): string {
    const normed = this.channelNorm(x, `${block}.norm`, channels);
    const hidden = linearOutputs(this.weights, `${block}.mlp.fc1`) ?? 0;
    if (hidden > MAX_EXPANSION * channels) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as its ${block}.mlp expands ${channels} channels to ${hidden}: ` +
          `give one of a network that maskinv knows`,
      );
    }
    const wide = this.pointwise(normed, `${block}.mlp.fc1`, hidden, channels);
    const active = this.graph.node("Gelu", [wide], `${block}.mlp.act`);
    const narrow = this.pointwise(active, `${block}.mlp.fc2`, channels, hidden, `${block}.gamma`);
    return this.graph.node("Add", [shortcut, narrow], block);
  }

  /** Depthwise convolution and perceptron. */
  convolutionBlock({ x, channels }: FeatureMap, block: string): string {
    const mixed = this.depthwise(x, `${block}.conv_dw`, channels);
    return this.perceptron(mixed, x, block, channels);
  }

  /** A tensor of one dimension. */
  vector(name: string, length: number): Tensor {
    const tensor = this.weights.take(name, length);
    return tensorOf(name, [length], () => tensor.values());
  }
}

/** A tensor of the graph. */
export function tensorOf(
  name: string,
  sizes: readonly number[],
  values: () => Float32Array<ArrayBuffer>,
): Tensor {
  return { name, sizes, values };
}
