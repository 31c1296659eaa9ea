// EdgeNeXt (Maaz et al. 2022, arXiv 2206.10589) by timm's names, which is EdgeFace (George et al. 2023, arXiv
// 2307.01838) with a Linear layer to the template as its head. Widths, depths, kernels, heads and scales are read off the
// weights' shapes, so that the whole family loads.

import { CheckpointError } from "../../base/errors.ts";
import { Graph } from "../onnx/graph.ts";
import { EdgeNextLayers, type FeatureMap } from "./edgenext_layers.ts";
import { channelAttention } from "./edgenext_attention.ts";
import { hasLinear, linearOutputs } from "./linear.ts";
import type { BuiltNetwork } from "./network.ts";
import type { Weights } from "./weights.ts";

/** Gelu is one operator from here on. */
const OPSET = 20;
/** The largest published network has 584 and templates of 512 numbers. */
const MAX_CHANNELS = 2048;
const INPUT_SIZE = 112, STEM_KERNEL = 4, DOWNSAMPLE_KERNEL = 2;

/** A name by which networks in a file are found. */
export const EDGENEXT_MARK = "stages.0.blocks.0.conv_dw.weight";

/** Whether the names are timm's EdgeNeXt's with a head. */
export function isEdgeNext(weights: Weights): boolean {
  return ["stem.0.weight", EDGENEXT_MARK, "stages.1.downsample.1.weight", "head.norm.weight"]
    .every((name) => weights.has(name)) && hasLinear(weights, "head.fc");
}

/** Published networks by the widths of their stages. */
const KNOWN: Readonly<Record<string, string>> = {
  "24,48,88,168": "edgeface-xxs",
  "32,64,100,192": "edgeface-xs",
  "48,96,160,304": "edgeface-s",
  "80,160,288,584": "edgeface-base",
};

/**
 * The network of these weights, for pictures of 112x112.
 *
 * Initialisers have timm's names without a prefix. Linear layers within blocks are convolutions of 1x1, `[outputs,
 * inputs, 1, 1]`; layer scales (`gamma`, `gamma_xca`) are multiplied into the layers before them; `pos_embd` is the
 * constant `[1, channels, height, width]` that the convolution `pos_embd.token_projection` makes.
 *
 * @throws {CheckpointError} If a tensor is missing or of a shape that does not fit the others.
 */
export function buildEdgeNext(weights: Weights, epsilon: number, input: string): BuiltNetwork {
  const graph = new Graph(OPSET);
  const layers = new EdgeNextLayers(graph, weights, epsilon);
  let map = stem(layers, input);
  const widths: number[] = [];
  for (let i = 0; weights.has(`stages.${i}.blocks.0.norm.weight`); i++) {
    map = stage(layers, map, `stages.${i}`);
    widths.push(map.channels);
  }
  const templateSize = channelsOf("head.fc", linearOutputs(weights, "head.fc"));
  const { channels } = map;
  const means = graph.node("GlobalAveragePool", [map.x], "head.pool");
  const flat = graph.reshape(means, "head.flat", 0, channels);
  const normed = layers.norm(flat, "head.norm", channels);
  const output = graph.linear(normed, "head.fc", layers.linear("head.fc", templateSize, channels));
  const network = KNOWN[widths.join()] ?? `edgenext-${widths.join("-")}`;
  return { network, templateSize, graph, output, flat: true };
}

function stem(layers: EdgeNextLayers, input: string): FeatureMap {
  const [outputs] = layers.weights.sizes("stem.0.weight");
  const channels = channelsOf("stem.0", outputs), stride = STEM_KERNEL;
  const x = layers.convolution(input, "stem.0", [channels, 3, STEM_KERNEL], { stride });
  const size = INPUT_SIZE / STEM_KERNEL;
  return { x: layers.channelNorm(x, "stem.1", channels), channels, size };
}

function stage(layers: EdgeNextLayers, map: FeatureMap, name: string): FeatureMap {
  const { weights } = layers;
  const sampling = `${name}.downsample`;
  if (weights.has(`${sampling}.1.weight`)) {
    const [outputs] = weights.sizes(`${sampling}.1.weight`);
    const channels = channelsOf(sampling, outputs), stride = DOWNSAMPLE_KERNEL;
    const normed = layers.channelNorm(map.x, `${sampling}.0`, map.channels);
    const shape = [channels, map.channels, DOWNSAMPLE_KERNEL] as const;
    const x = layers.convolution(normed, `${sampling}.1`, shape, { stride });
    map = { x, channels, size: Math.floor(map.size / DOWNSAMPLE_KERNEL) };
    if (map.size < 1) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as its ${sampling} halves a map of one place: ` +
          `give one for pictures of ${INPUT_SIZE}x${INPUT_SIZE}`,
      );
    }
  }
  const depth = weights.count(`${name}.blocks`, "norm.weight");
  for (let i = 0; i < depth; i++) {
    const block = `${name}.blocks.${i}`;
    const x = weights.has(`${block}.xca.temperature`)
      ? channelAttention(layers, map, block)
      : layers.convolutionBlock(map, block);
    map = { ...map, x };
  }
  return map;
}

function channelsOf(name: string, value: number | undefined): number {
  if (value !== undefined && value >= 1 && value <= MAX_CHANNELS) return value;
  throw new CheckpointError(
    `Cannot convert the checkpoint as its ${name} has ${value} outputs and the limit is ${MAX_CHANNELS}: ` +
      `give one of a network that maskinv knows`,
  );
}
