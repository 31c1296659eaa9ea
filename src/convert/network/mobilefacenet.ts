// MobileFaceNet (Chen et al. 2018, arXiv 1804.07573) by the names of insightface's arcface_torch (`mbf`, `mbf_large`):
// a list of layers, each a convolution, a depthwise block or a row of residual blocks, told apart by their names.

import { CheckpointError } from "../../base/errors.ts";
import { Graph } from "../onnx/graph.ts";
import { batchNorm, foldBehind } from "./batch_norm.ts";
import type { BuiltNetwork } from "./network.ts";
import type { Weights } from "./weights.ts";

/** `mbf_large` has 512. */
const MAX_CHANNELS = 8192;
const KERNELS = [1, 3, 7];

/** Whether the names are insightface's MobileFaceNet's. */
export function isMobileFaceNet(weights: Weights): boolean {
  return ["layers.0.layers.0.weight", "conv_sep.layers.0.weight", "features.layers.2.weight"]
    .every((name) => weights.has(name));
}

/** The network of these weights. */
export function buildMobileFaceNet(weights: Weights, epsilon: number, input: string): BuiltNetwork {
  const graph = new Graph();
  const layers = new Layers(graph, weights, epsilon);
  let { x, channels } = layers.convolution(input, "layers.0", 3, 2);
  for (
    let i = 1;
    weights.has(`layers.${i}.layers.0.weight`) || layers.isNested(`layers.${i}`);
    i++
  ) {
    ({ x, channels } = layers.layer(x, `layers.${i}`, channels));
  }
  ({ x, channels } = layers.convolution(x, "conv_sep", channels, 1));
  ({ x, channels } = layers.convolution(x, "features.layers.0", channels, 1, 0));
  const [templateSize] = weights.sizes("features.layers.2.weight");
  const full = weights.take("features.layers.2.weight", templateSize, channels);
  const norm = batchNorm(weights, "features.layers.3", templateSize, epsilon);
  const { weight, bias } = foldBehind("template", full, norm);
  // A fully connected layer over a map of one place is a convolution of that size.
  const output = graph.convolution(x, "template", {
    weight: { ...weight, sizes: [templateSize, channels, 1, 1] },
    bias,
  });
  return { network: "mobilefacenet", templateSize, graph, output };
}

interface Flow {
  readonly x: string;
  readonly channels: number;
}

class Layers {
  constructor(
    readonly graph: Graph,
    readonly weights: Weights,
    readonly epsilon: number,
  ) {}

  /** Whether a layer is made of layers. */
  isNested(name: string): boolean {
    return this.weights.has(`${name}.layers.0.layers.0.weight`) || this.#isRow(name);
  }

  /** A layer of the list: what halves the size is the first convolution and every depthwise block by itself. */
  layer(x: string, name: string, channels: number): Flow {
    if (this.#isRow(name)) {
      const count = this.weights.count(`${name}.layers`, "layers.0.layers.0.weight");
      for (let i = 0; i < count; i++) {
        const block = `${name}.layers.${i}`;
        const inner = this.#depthwise(x, block, channels, 1);
        x = this.graph.node("Add", [x, inner.x], `${block}:sum`);
      }
      return { x, channels };
    }
    return this.isNested(name)
      ? this.#depthwise(x, name, channels, 2)
      : this.convolution(x, name, channels, 1);
  }

  #isRow(name: string): boolean {
    return this.weights.has(`${name}.layers.0.layers.0.layers.0.weight`);
  }

  #depthwise(x: string, name: string, channels: number, stride: number): Flow {
    let flow = this.convolution(x, `${name}.layers.0`, channels, 1);
    flow = this.convolution(flow.x, `${name}.layers.1`, flow.channels, stride);
    return this.convolution(flow.x, `${name}.layers.2`, flow.channels, 1);
  }

  /** Convolution, batch norm and, where there is one, an activation; in groups, if the weights are of fewer inputs. */
  convolution(
    x: string,
    name: string,
    inputs: number,
    stride: number,
    padding?: number,
  ): Flow {
    const [outputs, each, size] = this.weights.sizes(`${name}.layers.0.weight`);
    const groups = inputs / each;
    const fits = outputs <= MAX_CHANNELS && Number.isInteger(groups) && outputs % groups === 0;
    if (!fits || !KERNELS.includes(size)) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as its ${name} has weights [${
          this.weights.sizes(`${name}.layers.0.weight`)
        }] for ${inputs} inputs: ` +
          `give one of a network that maskinv knows`,
      );
    }
    const weight = this.weights.take(`${name}.layers.0.weight`, outputs, each, size, size);
    const norm = batchNorm(this.weights, `${name}.layers.1`, outputs, this.epsilon);
    let y = this.graph.convolution(x, `${name}:conv`, foldBehind(name, weight, norm), {
      stride,
      padding: padding ?? Math.floor(size / 2),
      groups,
    });
    const slopes = `${name}.layers.2.weight`;
    if (this.weights.has(slopes)) {
      const slope = this.weights.take(slopes, outputs);
      y = this.graph.slopes(y, `${name}:out`, {
        name: `${name}.slope`,
        sizes: [outputs, 1, 1],
        values: () => slope.values(),
      });
    }
    return { x: y, channels: outputs };
  }
}
