// Reads the weights of a student from an ONNX file: by the order of its layers, checked by shape.
// So files of other exporters can be read, as long as their nodes stand in the order of the layers.

import { ModelError } from "../../base/errors.ts";
import type { ModelWithGraph } from "../../onnx/model_proto.ts";
import { type Convolution, flatLayers, type Layer } from "./layers.ts";
import { type WeightLayer, weightLayers } from "./onnx_weights.ts";

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/**
 * Returns the parameters that an ONNX file has for some layers.
 *
 * @param anySize Whether the last layer may be of other templates: it is left out then.
 * @throws {ModelError} If its weights are not those of the layers.
 */
export function readParameters(
  layers: readonly Layer[],
  { graph }: ModelWithGraph,
  anySize = false,
): Parameters {
  const found = weightLayers(graph), wanted = flatLayers(layers);
  if (found.length !== wanted.length) {
    throw new ModelError(
      `Cannot read weights as the ONNX file has ${found.length} layers with weights and the network ${wanted.length}: ` +
        `give a file of the same network`,
    );
  }
  const parameters: Record<string, Float32Array<ArrayBuffer>> = {};
  wanted.forEach((layer, i) => {
    const theirs = found[i];
    const read = parametersOf(layer, theirs);
    if (read) Object.assign(parameters, read);
    else if (!(anySize && i === wanted.length - 1 && hasOtherOutputs(layer, theirs))) {
      throw new ModelError(
        `Cannot read ${layer.name} as layer ${i + 1} of the ONNX file is ${describe(theirs)}: ` +
          `give a file of the same network`,
      );
    }
  });
  return parameters;
}

type Single = Exclude<Layer, { kind: "residual" }>;

/** Returns the parameters of a layer; undefined if theirs is another. */
function parametersOf(layer: Single, theirs: WeightLayer): Parameters | undefined {
  const { name } = layer;
  if (layer.kind === "convolution" && theirs.kind === "convolution") {
    const { weight, bias } = theirs;
    if (!fits(layer, weight.sizes) || bias.length !== layer.outputs) return undefined;
    return { [`${name}.weight`]: fromOnnx(layer, weight.values), [`${name}.bias`]: bias };
  }
  if (layer.kind === "activation" && theirs.kind === "activation") {
    const { values } = theirs.slope;
    return values.length === layer.channels ? { [`${name}.slope`]: values } : undefined;
  }
  if (layer.kind === "scale" && theirs.kind === "scale") {
    const { factor, shift } = theirs;
    if (factor.length !== layer.channels || shift.length !== layer.channels) return undefined;
    return {
      [`${name}.weight`]: Float32Array.from(factor),
      [`${name}.bias`]: Float32Array.from(shift),
    };
  }
  return undefined;
}

/** Returns the shape of a fully connected layer, which is a convolution as large as the map. */
function fits(
  { inputs, outputs, size, depthwise }: Convolution,
  sizes: readonly number[],
): boolean {
  const wanted = [outputs, depthwise ? 1 : inputs, size, size];
  return sizes.length === 2
    ? !depthwise && sizes[0] === outputs && sizes[1] === inputs * size * size
    : wanted.every((length, i) => sizes[i] === length);
}

/** Returns whether theirs is the same layer with another number of outputs. */
function hasOtherOutputs(layer: Single, theirs: WeightLayer): boolean {
  if (layer.kind !== "convolution" || theirs.kind !== "convolution") return false;
  const outputs = theirs.bias.length;
  return fits({ ...layer, outputs }, theirs.weight.sizes);
}

function describe(layer: WeightLayer): string {
  if (layer.kind === "convolution") return `a convolution [${layer.weight.sizes}]`;
  if (layer.kind === "activation") return `an activation [${layer.slope.sizes}]`;
  return `a batch norm [${layer.factor.length}]`;
}

/** From `[out, in, row, column]` to rows of places (and inputs) by columns of outputs. */
function fromOnnx(layer: Convolution, weight: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(weight.length);
  eachWeight(layer, (ours, theirs) => out[ours] = weight[theirs]);
  return out;
}

/** From rows of places (and inputs) by columns of outputs to `[out, in, row, column]`. */
export function toOnnx(layer: Convolution, weight: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(weight.length);
  eachWeight(layer, (ours, theirs) => out[theirs] = weight[ours]);
  return out;
}

function eachWeight(
  { inputs, outputs, size, depthwise }: Convolution,
  visit: (ours: number, theirs: number) => void,
): void {
  const depth = depthwise ? 1 : inputs, places = size * size;
  for (let place = 0; place < places; place++) {
    for (let i = 0; i < depth; i++) {
      for (let o = 0; o < outputs; o++) {
        visit((place * depth + i) * outputs + o, (o * depth + i) * places + place);
      }
    }
  }
}
