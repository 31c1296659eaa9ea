// EdgeNeXt on a tape: its blocks by the names of its weights, as src/convert/network/edgenext.ts writes them.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { channelAttention } from "./channel_attention.ts";
import { filtered } from "./depthwise.ts";
import * as operations from "./edgenext_operations.ts";
import type { ParameterNodes } from "./forward.ts";
import { add, addBias } from "./operations.ts";
import type { Parameters } from "./onnx_read.ts";
import type { Node, Tape } from "./tape.ts";

/** What a walk over the network needs besides the map. */
export interface EdgeNextNodes {
  readonly tape: Tape;
  /** The parameters. */
  readonly weights: ParameterNodes;
  /** The positional encodings `[channels, rows, columns]`. */
  readonly constants: Parameters;
  /** What norms add to the variance. */
  readonly epsilon: number;
}

/** Templates, not normalised, of patches `[batch, 28, 28, 48]`: the places of the stem's 4x4 convolution. */
export function runEdgeNext(nodes: EdgeNextNodes, patches: Node): Node {
  const { tape, weights } = nodes;
  let x = norm(nodes, "stem.1", convolved(nodes, "stem.0", patches));
  for (let stage = 0; weights[`stages.${stage}.blocks.0.norm.weight`]; stage++) {
    const sampling = `stages.${stage}.downsample`;
    if (weights[`${sampling}.1.weight`]) {
      const quarters = operations.quarters(tape, norm(nodes, `${sampling}.0`, x));
      x = convolved(nodes, `${sampling}.1`, quarters);
    }
    for (let i = 0; weights[`stages.${stage}.blocks.${i}.norm.weight`]; i++) {
      const name = `stages.${stage}.blocks.${i}`;
      x = weights[`${name}.xca.temperature`]
        ? attentionBlock(nodes, name, x)
        : perceptron(nodes, name, depthwise(nodes, `${name}.conv_dw`, x), x);
    }
  }
  const pooled = norm(nodes, "head.norm", operations.placeMean(tape, x));
  return linear(nodes, "head.fc", pooled);
}

/** Norm, expansion, GELU and projection, added to `shortcut`. */
function perceptron(nodes: EdgeNextNodes, name: string, x: Node, shortcut: Node): Node {
  const { tape, weights } = nodes;
  const wide = product(nodes, `${name}.mlp.fc1`, norm(nodes, `${name}.norm`, x));
  const active = operations.gelu(tape, wide, weights[`${name}.mlp.fc1.bias`]);
  const sum = add(tape, shortcut, linear(nodes, `${name}.mlp.fc2`, active));
  tape.store(sum.value);
  return sum;
}

/** Convolutions at several scales, attention, perceptron. */
function attentionBlock(nodes: EdgeNextNodes, name: string, x: Node): Node {
  const { tape, weights, constants } = nodes;
  const [batch, rows, columns, channels] = x.value.shape;
  let sum = scales(nodes, name, x);
  const position = constants[`${name}.pos_embd`];
  if (position) {
    const planes = np.array(position).reshape([1, channels, rows, columns]);
    sum = operations.shifted(tape, sum, planes.transpose([0, 2, 3, 1]));
  }
  const flat = (node: Node, shape: number[]): Node =>
    operations.rearranged(
      tape,
      node,
      (values) => values.reshape(shape),
      (gradient) => gradient.reshape(node.value.shape),
    );
  const places = flat(norm(nodes, `${name}.norm_xca`, sum), [batch, rows * columns, channels]);
  const qkv = linear(nodes, `${name}.xca.qkv`, places);
  const seen = channelAttention(tape, qkv, weights[`${name}.xca.temperature`]);
  const attended = flat(linear(nodes, `${name}.xca.proj`, seen), [batch, rows, columns, channels]);
  return perceptron(nodes, name, add(tape, sum, attended), x);
}

/** Parts of the channels, each filtered after the part before was added; the last stays as it is. */
function scales(nodes: EdgeNextNodes, name: string, x: Node): Node {
  const { tape, weights } = nodes, channels = x.value.shape[3], parts: Node[] = [];
  let at = 0;
  for (let i = 0; weights[`${name}.convs.${i}.weight`]; i++) {
    const width = weights[`${name}.convs.${i}.weight`].value.shape[0];
    const part = operations.channels(tape, x, at, at + width);
    const input = i === 0 ? part : add(tape, part, parts[i - 1]);
    parts.push(depthwise(nodes, `${name}.convs.${i}`, input));
    at += width;
  }
  return operations.joined(tape, [...parts, operations.channels(tape, x, at, channels)]);
}

function norm({ tape, weights, epsilon }: EdgeNextNodes, name: string, x: Node): Node {
  return operations.layerNorm(
    tape,
    x,
    weights[`${name}.weight`],
    weights[`${name}.bias`],
    epsilon,
  );
}

function depthwise(nodes: EdgeNextNodes, name: string, x: Node): Node {
  return biased(nodes, name, filtered(nodes.tape, x, nodes.weights[`${name}.weight`]));
}

function linear(nodes: EdgeNextNodes, name: string, x: Node): Node {
  return biased(nodes, name, product(nodes, name, x));
}

/** Applies a linear layer without its bias; its weights may be those of a 1x1 convolution. */
function product({ tape, weights }: EdgeNextNodes, name: string, x: Node): Node {
  const weight = weights[`${name}.weight`], { shape } = weight.value;
  const flat = operations.rearranged(
    tape,
    weight,
    (values) => values.reshape([shape[0], shape[1]]),
    (gradient) => gradient.reshape(shape),
  );
  return operations.linear(tape, x, flat);
}

/** Applies a convolution whose patches do not overlap, of patches ordered row, column, channel. */
function convolved(nodes: EdgeNextNodes, name: string, x: Node): Node {
  const { tape, weights } = nodes;
  const weight = weights[`${name}.weight`], [outputs, inputs, rows, columns] = weight.value.shape;
  const flat = operations.rearranged(
    tape,
    weight,
    (values) => values.transpose([0, 2, 3, 1]).reshape([outputs, rows * columns * inputs]),
    (gradient) => gradient.reshape([outputs, rows, columns, inputs]).transpose([0, 3, 1, 2]),
  );
  return biased(nodes, name, operations.linear(tape, x, flat));
}

function biased({ tape, weights }: EdgeNextNodes, name: string, x: Node): Node {
  const bias = weights[`${name}.bias`];
  return bias ? addBias(tape, x, bias) : x;
}
