// ONNX files as objects: the door to onnx-proto, with errors that say what is wrong with a file.
// Used where graphs are checked (src/model/add) and rewritten (src/quantize).

import proto from "npm:onnx-proto@8.0.1";
import { ModelError } from "../base/errors.ts";

type Namespace = typeof import("npm:onnx-proto@8.0.1").onnx;
/** A model of onnx-proto. */
export type ModelProto = import("npm:onnx-proto@8.0.1").onnx.IModelProto;
/** A graph of onnx-proto. */
export type GraphProto = import("npm:onnx-proto@8.0.1").onnx.IGraphProto;
/** A node of onnx-proto. */
export type NodeProto = import("npm:onnx-proto@8.0.1").onnx.INodeProto;
/** A tensor of onnx-proto. */
export type TensorProto = import("npm:onnx-proto@8.0.1").onnx.ITensorProto;
/** An input or output of onnx-proto. */
export type ValueInfoProto = import("npm:onnx-proto@8.0.1").onnx.IValueInfoProto;

// The package is CommonJS, whose types do not say that everything hangs on the default export.
const { onnx } = proto as unknown as { onnx: Namespace };

/** Numbers of element types in ONNX files. */
export const { FLOAT, FLOAT16, UINT8, INT8, INT32, INT64 } = onnx.TensorProto.DataType;

/** A model with its graph. */
export type ModelWithGraph = ModelProto & { graph: GraphProto };

/** Reads an ONNX file; throws ModelError if it is none, or keeps its weights in other files. */
export function decodeModel(bytes: Uint8Array, label: string): ModelWithGraph {
  const checkpoint = isTorchCheckpoint(bytes)
    ? "a checkpoint of PyTorch"
    : isSafetensors(bytes)
    ? "a safetensors file"
    : undefined;
  if (checkpoint) {
    throw new ModelError(
      `Cannot read ${label} as it is ${checkpoint} and no ONNX file: ` +
        `make one of it with maskinv convert -o model.onnx ${label}`,
    );
  }
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    throw new ModelError(
      `Cannot read ${label} as it is a zip archive: unpack it and give the .onnx file of the embedding network`,
    );
  }
  let model: ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (error) {
    throw new ModelError(
      `Cannot read ${label} as its ${bytes.length} bytes are not an ONNX model: check the file`,
      { cause: error },
    );
  }
  const { graph } = model;
  if (!graph?.node?.length || !graph.input?.length || !graph.output?.length) {
    throw new ModelError(
      `Cannot read ${label} as its ${bytes.length} bytes hold no ONNX graph with inputs and outputs: check the file`,
    );
  }
  const outside = graph.initializer?.find(({ externalData }) => externalData?.length);
  if (outside) {
    throw new ModelError(
      `Cannot read ${label} as the weights of ${outside.name} are in another file: ` +
        `save the model as one ONNX file`,
    );
  }
  return model as ModelWithGraph;
}

/** The bytes of a model. */
export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return new Uint8Array(onnx.ModelProto.encode(model).finish());
}

/** The inputs that are not weights: old exporters list the weights as inputs too. */
export function freeInputs({ input, initializer }: GraphProto): ValueInfoProto[] {
  const weights = new Set(initializer?.map(({ name }) => name));
  return (input ?? []).filter(({ name }) => !weights.has(name));
}

/** The sizes of an input or output; -1 where any size will do, undefined where nothing is said. */
export function sizesOf(info: ValueInfoProto): number[] | undefined {
  const dims = info.type?.tensorType?.shape?.dim;
  return dims?.map(({ dimValue }) => Number(dimValue ?? 0) || -1);
}

/** Attributes for nodes that are written. */
export const attribute = {
  int: (name: string, i: number): import("npm:onnx-proto@8.0.1").onnx.IAttributeProto => ({
    name,
    type: onnx.AttributeProto.AttributeType.INT,
    i,
  }),
  ints: (name: string, ...ints: number[]): import("npm:onnx-proto@8.0.1").onnx.IAttributeProto => ({
    name,
    type: onnx.AttributeProto.AttributeType.INTS,
    ints,
  }),
  text: (name: string, value: string): import("npm:onnx-proto@8.0.1").onnx.IAttributeProto => ({
    name,
    type: onnx.AttributeProto.AttributeType.STRING,
    s: new TextEncoder().encode(value),
  }),
};

/** Whether bytes begin as safetensors: the length of a header below 4 GB, in 8 bytes, and the header's JSON. */
function isSafetensors(bytes: Uint8Array): boolean {
  return [0, 0, 0, 0, 0x7b, 0x22].every((byte, i) => bytes[4 + i] === byte);
}

/** Whether bytes begin as torch.save's zip, whose first record is `<folder>/data.pkl`, or as its legacy pickles. */
function isTorchCheckpoint(bytes: Uint8Array): boolean {
  const isLegacy = [0x80, 2, 0x8a, 10].every((byte, i) => bytes[i] === byte);
  const isZip = [0x50, 0x4b, 3, 4].every((byte, i) => bytes[i] === byte);
  if (!isZip || bytes.length < 30) return isLegacy;
  const nameLength = bytes[26] + 256 * bytes[27];
  return new TextDecoder().decode(bytes.subarray(30, 30 + nameLength)).endsWith("/data.pkl");
}
