// Walks over the layers of a student and computes them on a tape, choosing the operation that fits each layer.

import { numpy as np } from "npm:@jax-js/jax@0.1.25";
import { InvalidArgumentError } from "../../base/errors.ts";
import { insideMask, sizes } from "./grid.ts";
import type { Convolution, Layer } from "./layers.ts";
import {
  activate,
  add,
  addBias,
  addBorder,
  convolution,
  depthwise,
  halve,
  halvingDepthwise,
  product,
  scale,
  wholeConvolution,
  wholeDepthwise,
} from "./operations.ts";
import { PATCH } from "./patches.ts";
import type { Node, Tape } from "./tape.ts";

/** Parameters on a tape. */
export type ParameterNodes = Readonly<Record<string, Node>>;

/** Computes the layers for patches of `patchesOf`; the result is `[batch, templateSize]`. */
export function runLayers(
  tape: Tape,
  layers: readonly Layer[],
  parameters: ParameterNodes,
  patches: Node,
): Node {
  let x = patches;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i];
    if (layer.kind === "residual") {
      const body = runLayers(tape, layer.body, parameters, x);
      x = add(tape, body, runLayers(tape, layer.shortcut, parameters, x));
      continue;
    }
    if (layer.kind === "scale") {
      const mask = readsNeighbours(layers[i + 1]) ? maskOf(x.value) : undefined;
      const weight = parameters[`${layer.name}.weight`];
      x = scale(tape, x, weight, parameters[`${layer.name}.bias`], mask);
      continue;
    }
    if (layer.kind !== "convolution") {
      throw unsupported(layer.name, "an activation of no convolution");
    }
    const sum = convolve(tape, layer, parameters, x);
    const bias = parameters[`${layer.name}.bias`];
    const next = layers[i + 1];
    if (next?.kind === "activation") {
      i++;
      const mask = readsNeighbours(layers[i + 1]) ? maskOf(sum.value) : undefined;
      x = activate(tape, sum, bias, parameters[`${next.name}.slope`], mask);
    } else x = addBias(tape, sum, bias);
    // Between a halving convolution and the next one that needs a border there is always a product, which is narrow.
    if (hasNoBorder(layers, i) && layer.size === 1) x = addBorder(tape, x);
  }
  return x;
}

function convolve(tape: Tape, layer: Convolution, parameters: ParameterNodes, x: Node): Node {
  const weight = parameters[`${layer.name}.weight`];
  if (!layer.depthwise && layer.size === 1) {
    return product(tape, layer.stride === 2 ? halve(tape, x) : x, weight);
  }
  if (!layer.depthwise && layer.size === 3 && layer.inputs === 3) {
    const padding = np.zeros([PATCH - 27, layer.outputs]);
    const padded = tape.record(
      np.concatenate([weight.value.ref, padding]),
      (gradient) => weight.gradient = gradient.ref.slice([0, 27], []),
    );
    return product(tape, x, padded);
  }
  if (!layer.depthwise && layer.size === 3 && layer.padding[0] === 1) {
    const sum = convolution(tape, x, weight);
    return layer.stride === 2 ? halve(tape, sum) : sum;
  }
  if (!layer.depthwise && layer.size === sizes(x.value)[1] - 1) {
    return wholeConvolution(tape, x, weight);
  }
  if (layer.depthwise && layer.size === 3 && layer.stride === 1) return depthwise(tape, x, weight);
  if (layer.depthwise && layer.size === 3 && layer.stride === 2) {
    return halvingDepthwise(tape, x, weight);
  }
  if (layer.depthwise && layer.size === sizes(x.value)[1] - 1) {
    return wholeDepthwise(tape, x, weight);
  }
  throw unsupported(layer.name, `${layer.size}x${layer.size} by steps of ${layer.stride}`);
}

/** Returns whether a layer looks at more than one place, so that the border before it must be zero. */
function readsNeighbours(layer: Layer | undefined): boolean {
  return layer?.kind === "convolution" && layer.size > 1;
}

/** Returns whether the map has no border as the last convolution but this product halved it. */
function hasNoBorder(layers: readonly Layer[], at: number): boolean {
  for (let i = at - 1; i >= 0; i--) {
    const layer = layers[i];
    if (layer.kind === "convolution") return layer.depthwise && layer.stride === 2;
    if (layer.kind === "residual") return false;
  }
  return false;
}

function maskOf(x: np.Array): np.Array {
  const [, rows, columns] = sizes(x);
  return insideMask(rows, columns);
}

function unsupported(name: string, what: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot compute layer ${name} as ${what} is not among the operations of src/distill/network: add it there`,
  );
}
