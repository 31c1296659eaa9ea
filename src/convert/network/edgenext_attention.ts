// EdgeNeXt's split depth-wise transpose attention (Maaz et al. 2022, section 3.1; cross-covariance attention: El-Nouby
// et al. 2021, arXiv 2106.09681): channels attend to channels, so that the cost grows with the places, not their square.

import { CheckpointError } from "../../base/errors.ts";
import { int } from "../onnx/graph.ts";
import { type EdgeNextLayers, type FeatureMap, tensorOf } from "./edgenext_layers.ts";
import { positionalEncoding } from "./fourier_position.ts";

const MAX_SCALES = 16, MAX_POSITIONS = 512;

/** The block: convolutions at several scales, attention, perceptron. */
export function channelAttention(
  layers: EdgeNextLayers,
  map: FeatureMap,
  block: string,
): string {
  const { graph, weights } = layers, { channels } = map;
  let x = scales(layers, map, block);
  if (weights.has(`${block}.pos_embd.token_projection.weight`)) {
    x = graph.node("Add", [x, position(layers, map, block)], `${block}.pos_embd:sum`);
  }
  const normed = layers.channelNorm(x, `${block}.norm_xca`, channels);
  const attended = attention(layers, { ...map, x: normed }, block);
  const sum = graph.node("Add", [x, attended], `${block}.xca:sum`);
  return layers.perceptron(sum, map.x, block, channels);
}

/** Parts of the channels, each convolved with the sum of itself and the part before; the last stays as it is. */
function scales(layers: EdgeNextLayers, { x, channels }: FeatureMap, block: string): string {
  const { graph, weights } = layers;
  const count = weights.count(`${block}.convs`, "weight"),
    width = Math.ceil(channels / (count + 1));
  if (count < 1 || count > MAX_SCALES || count * width >= channels) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its ${block} has ${count} convolutions for ${channels} channels: ` +
        `give one of a network that maskinv knows`,
    );
  }
  const names = Array.from({ length: count + 1 }, (_, i) => `${block}.convs:part${i}`);
  const parts = graph.split(x, names, 1), convolved: string[] = [];
  for (let i = 0; i < count; i++) {
    const input = i === 0
      ? parts[0]
      : graph.node("Add", [convolved[i - 1], parts[i]], `${block}.convs.${i}:sum`);
    convolved.push(layers.depthwise(input, `${block}.convs.${i}`, width));
  }
  return graph.node("Concat", [...convolved, parts[count]], `${block}.convs`, [int("axis", 1)]);
}

function position(layers: EdgeNextLayers, { channels, size }: FeatureMap, block: string): string {
  const { graph, weights } = layers, name = `${block}.pos_embd.token_projection`;
  const inputs = weights.sizes(`${name}.weight`)[1] ?? 0;
  if (inputs % 4 !== 0 || inputs > MAX_POSITIONS) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its ${name} is of ${inputs} inputs, and pairs of rows' and columns' sines and ` +
        `cosines, ${MAX_POSITIONS} at most, are expected: give one of a network that maskinv knows`,
    );
  }
  const weight = weights.take(`${name}.weight`, channels, inputs, 1, 1);
  const bias = weights.has(`${name}.bias`) ? weights.take(`${name}.bias`, channels) : undefined;
  return graph.tensor(
    tensorOf(
      `${block}.pos_embd`,
      [1, channels, size, size],
      () => positionalEncoding(weight.values(), bias?.values(), channels, size),
    ),
  );
}

/**
 * Softmax of the cosines of every two channels of a head, times its temperature, applied to the values. The rows of
 * `qkv` are all heads' queries, then keys, then values, as timm has them.
 */
function attention(
  layers: EdgeNextLayers,
  { x, channels, size }: FeatureMap,
  block: string,
): string {
  const { graph, weights } = layers, name = `${block}.xca`, places = size * size;
  const [heads = 0] = weights.sizes(`${name}.temperature`), width = channels / heads;
  if (!Number.isInteger(width)) {
    throw new CheckpointError(
      `Cannot convert the checkpoint as its ${name} has ${heads} heads for ${channels} channels: ` +
        `give one of a network that maskinv knows`,
    );
  }
  const qkv = layers.pointwise(x, `${name}.qkv`, 3 * channels, channels);
  const rows = graph.reshape(qkv, `${name}.qkv:heads`, 0, 3 * heads, width, places);
  const parts = [`${name}:qk`, `${name}:v`];
  const [both, values] = graph.split(rows, parts, 1, [2 * heads, heads]);
  // Rows of zeros stay zeros: in the published XS network, queries of whole heads are.
  const unit = graph.node("LpNormalization", [both], `${name}:unit`, [
    int("axis", -1),
    int("p", 2),
  ]);
  const [queries, keys] = graph.split(unit, [`${name}:q`, `${name}:k`], 1);
  const turned = graph.transpose(keys, `${name}:k^T`, 0, 1, 3, 2);
  const cosines = graph.node("MatMul", [queries, turned], `${name}:cosines`);
  const temperature = weights.take(`${name}.temperature`, heads, 1, 1);
  const scaled = graph.node("Mul", [
    cosines,
    graph.tensor(
      tensorOf(`${name}.temperature`, temperature.sizes, () => temperature.values()),
    ),
  ], `${name}:logits`);
  const shares = graph.node("Softmax", [scaled], `${name}:shares`, [int("axis", -1)]);
  const mixed = graph.node("MatMul", [shares, values], `${name}:mixed`);
  const back = graph.reshape(mixed, `${name}:map`, 0, channels, size, size);
  return layers.pointwise(back, `${name}.proj`, channels, channels, `${block}.gamma_xca`);
}
