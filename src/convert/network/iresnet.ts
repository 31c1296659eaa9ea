// iResNet (Duta et al. 2020, arXiv 2004.04989) by the names of insightface's arcface_torch, which ElasticFace, MaskInv
// and MagFace share: stem, four stages of blocks, and a fully connected layer between two batch norms.
// With squeeze-and-excitation (Hu et al., CVPR 2018) where blocks have an `se_block`, as ElasticFace's may.

import { CheckpointError } from "../../base/errors.ts";
import { Graph } from "../onnx/graph.ts";
import { batchNorm, foldAround, foldBehind } from "./batch_norm.ts";
import type { BuiltNetwork } from "./network.ts";
import type { Weights } from "./weights.ts";

const DEPTHS: Readonly<Record<string, number>> = {
  "2,2,2,2": 18,
  "3,4,6,3": 34,
  "3,4,14,3": 50,
  "3,13,30,3": 100,
  "6,26,60,6": 200,
};
const CHANNELS = [64, 128, 256, 512];
/** 112 pixels, halved by each of the four stages. */
const LAST_SIZE = 7;
const MAX_BLOCKS = 200, MAX_NUMBERS = 4096;

/** Whether the names are an iResNet's. */
export function isIresnet(weights: Weights): boolean {
  return ["conv1.weight", "layer1.0.bn1.weight", "layer4.0.conv2.weight", "features.weight"]
    .every((name) => weights.has(name));
}

/** The network of these weights. */
export function buildIresnet(weights: Weights, epsilon: number, input: string): BuiltNetwork {
  const graph = new Graph();
  const block = new Blocks(graph, weights, epsilon);
  const counts = CHANNELS.map((_, i) => weights.count(`layer${i + 1}`, "conv1.weight"));
  if (counts.some((count) => count > MAX_BLOCKS)) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its stages have ${counts} blocks and the limit is ${MAX_BLOCKS}: ` +
        `give one of a network that maskinv knows`,
    );
  }
  const squeeze = weights.has("layer1.0.se_block.fc1.weight");
  let x = block.convolution(input, "conv1", "bn1", [64, 3, 3], 1);
  x = block.slopes(x, "prelu", 64);
  let channels = 64;
  counts.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const name = `layer${stage + 1}.${i}`, outputs = CHANNELS[stage];
      x = block.residual(x, name, channels, outputs, i === 0 ? 2 : 1, squeeze);
      channels = outputs;
    }
  });
  const [outputs] = weights.sizes("features.weight"), inputs = channels * LAST_SIZE ** 2;
  if (!(outputs <= MAX_NUMBERS)) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its templates have ${outputs} numbers and the limit is ${MAX_NUMBERS}: ` +
        `give one of a network that maskinv knows`,
    );
  }
  const full = {
    weight: weights.take("fc.weight", outputs, inputs),
    bias: weights.take("fc.bias", outputs),
    size: LAST_SIZE,
  };
  const before = batchNorm(weights, "bn2", channels, epsilon);
  const behind = batchNorm(weights, "features", outputs, epsilon);
  const output = graph.convolution(x, "template", foldAround("template", full, before, behind));
  const depth = DEPTHS[String(counts)];
  const network = `iresnet${depth ?? ` of ${counts.join("+")} blocks`}${squeeze ? "-se" : ""}`;
  return { network, templateSize: outputs, graph, output };
}

class Blocks {
  constructor(
    readonly graph: Graph,
    readonly weights: Weights,
    readonly epsilon: number,
  ) {}

  convolution(
    x: string,
    name: string,
    norm: string,
    [outputs, inputs, size]: readonly number[],
    stride: number,
  ): string {
    const weight = this.weights.take(`${name}.weight`, outputs, inputs, size, size);
    const folded = foldBehind(
      name,
      weight,
      batchNorm(this.weights, norm, outputs, this.epsilon),
    );
    return this.graph.convolution(x, `${name}:out`, folded, {
      stride,
      padding: Math.floor(size / 2),
    });
  }

  slopes(x: string, name: string, channels: number): string {
    const slope = this.weights.take(`${name}.weight`, channels);
    return this.graph.slopes(x, `${name}:out`, {
      name: `${name}.slope`,
      sizes: [channels, 1, 1],
      values: () => slope.values(),
    });
  }

  residual(
    x: string,
    name: string,
    inputs: number,
    outputs: number,
    stride: number,
    squeeze: boolean,
  ): string {
    const norm = batchNorm(this.weights, `${name}.bn1`, inputs, this.epsilon);
    let y = this.graph.affine(x, `${name}.bn1`, inputs, norm);
    y = this.convolution(y, `${name}.conv1`, `${name}.bn2`, [outputs, inputs, 3], 1);
    y = this.slopes(y, `${name}.prelu`, outputs);
    y = this.convolution(y, `${name}.conv2`, `${name}.bn3`, [outputs, outputs, 3], stride);
    if (squeeze) y = this.excite(y, `${name}.se_block`, outputs);
    const down = `${name}.downsample`;
    const shortcut = this.weights.has(`${down}.0.weight`) || inputs !== outputs || stride !== 1
      ? this.convolution(x, `${down}.0`, `${down}.1`, [outputs, inputs, 1], stride)
      : x;
    return this.graph.node("Add", [y, shortcut], name);
  }

  /** Each channel times a number that the means of all channels give. */
  excite(x: string, name: string, channels: number): string {
    const narrow = this.weights.sizes(`${name}.fc1.weight`)[0] ?? 0;
    const layer = (from: string, end: string, outputs: number, inputs: number): string => {
      const weight = this.weights.take(`${name}.${end}.weight`, outputs, inputs, 1, 1);
      return this.graph.convolution(from, `${name}.${end}:out`, {
        weight: {
          name: `${name}.${end}.weight`,
          sizes: weight.sizes,
          values: () => weight.values(),
        },
      });
    };
    const means = this.graph.node("GlobalAveragePool", [x], `${name}:means`);
    const hidden = this.graph.node("Relu", [layer(means, "fc1", narrow, channels)], `${name}:relu`);
    const wide = layer(hidden, "fc2", channels, narrow);
    const share = this.graph.node("Sigmoid", [wide], `${name}:share`);
    return this.graph.node("Mul", [x, share], `${name}:out`);
  }
}
