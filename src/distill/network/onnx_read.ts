// Reads the weights of a student from an ONNX file: by the order of its nodes, checked by shape.
// So files of other exporters can be read as long as batch norms are folded and nodes stand in the order of the layers.

import proto from "onnx-proto";
import { ModelError } from "../../errors.ts";
import { type Convolution, flatLayers, type Layer } from "./layers.ts";

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

interface Tensor {
  readonly sizes: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/**
 * The parameters that an ONNX file has for some layers.
 *
 * @throws {ModelError} If the file is not ONNX, or its weights are not those of the layers.
 */
export function readParameters(layers: readonly Layer[], bytes: Uint8Array): Parameters {
  const graph = decode(bytes);
  const tensors = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensorOf(tensor)]));
  const operations = { convolution: "Conv", activation: "PRelu", scale: "BatchNormalization" };
  const nodes = graph.node!.filter(({ opType }) => Object.values(operations).includes(opType!));
  const wanted = flatLayers(layers);
  if (nodes.length !== wanted.length) {
    throw new ModelError(
      `Cannot read weights as the ONNX file has ${nodes.length} layers with weights and the network ${wanted.length}: ` +
        `give a file of the same network, with batch norms folded`,
    );
  }
  const parameters: Record<string, Float32Array<ArrayBuffer>> = {};
  wanted.forEach((layer, i) => {
    const { opType, input } = nodes[i];
    const [weight, bias, means, variances] = input!.slice(1).map((name) => tensors.get(name));
    const ok = opType === operations[layer.kind] && weight && fits(layer, weight, bias);
    if (!ok) {
      throw new ModelError(
        `Cannot read ${layer.name} as node ${i} of the ONNX file is ${opType} [${weight?.sizes}]: ` +
          `give a file of the same network`,
      );
    }
    if (layer.kind === "activation") {
      parameters[`${layer.name}.slope`] = weight.values;
    } else if (layer.kind === "convolution") {
      parameters[`${layer.name}.weight`] = fromOnnx(layer, weight.values);
      parameters[`${layer.name}.bias`] = bias!.values;
    } else {
      const epsilon = nodes[i].attribute?.find(({ name }) => name === "epsilon")?.f ?? 1e-5;
      const factors = weight.values.map((value, c) =>
        value / Math.sqrt(variances!.values[c] + epsilon)
      );
      parameters[`${layer.name}.weight`] = factors;
      parameters[`${layer.name}.bias`] = bias!.values.map((value, c) =>
        value - means!.values[c] * factors[c]
      );
    }
  });
  return parameters;
}

function decode(bytes: Uint8Array): import("onnx-proto").onnx.IGraphProto {
  const { onnx } = proto as unknown as { onnx: typeof import("onnx-proto").onnx };
  try {
    const { graph } = onnx.ModelProto.decode(bytes);
    if (graph?.node?.length && graph.initializer) return graph;
  } catch (error) {
    throw new ModelError(
      `Cannot read weights as ${bytes.length} bytes are not an ONNX file: check the path`,
      { cause: error },
    );
  }
  throw new ModelError(
    `Cannot read weights as the ONNX file of ${bytes.length} bytes is empty: check the path`,
  );
}

function tensorOf(tensor: import("onnx-proto").onnx.ITensorProto): Tensor {
  const raw = tensor.rawData;
  const values = raw?.length
    ? new Float32Array(new Uint8Array(raw).buffer)
    : Float32Array.from(tensor.floatData ?? []);
  return { sizes: (tensor.dims ?? []).map(Number), values };
}

function fits(layer: Exclude<Layer, { kind: "residual" }>, weight: Tensor, bias?: Tensor): boolean {
  if (layer.kind === "activation") return weight.values.length === layer.channels;
  if (layer.kind === "scale") return weight.values.length === layer.channels && bias !== undefined;
  const { inputs, outputs, size, depthwise } = layer;
  const sizes = [outputs, depthwise ? 1 : inputs, size, size];
  return sizes.every((length, i) => weight.sizes[i] === length) && bias?.values.length === outputs;
}

/** From `[out, in, row, column]` to rows of places (and inputs) by columns of outputs. */
export function fromOnnx(layer: Convolution, weight: Float32Array): Float32Array<ArrayBuffer> {
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
