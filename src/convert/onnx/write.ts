// Writes a graph as ONNX in pieces: one tensor is in memory at a time, whatever the size of the network.
// In protobuf a message's fields may come in any order, so that what onnx-proto encodes is followed by the tensors.

import { concatBytes } from "../../base/concat.ts";
import { CheckpointError } from "../../base/errors.ts";
import { type Graph, int, onnx, type Tensor } from "./graph.ts";
import type { onnx as Types } from "npm:onnx-proto@8.0.1";

/** Smaller weights become zero: denormal numbers make wasm twice as slow. */
const MIN_WEIGHT = 1e-8;
/** Protobuf's own limit, which onnxruntime has too. */
const MAX_BYTES = 2 ** 31 - 1;
/** Vectors per channel stay float32: they are small, and templates suffer most from their rounding. */
const HALVED_DIMENSIONS = 4;

/** Tags of the fields that are written here: number * 8 + 2, as each has a length before it. */
const GRAPH = 7 * 8 + 2, INITIALIZER = 5 * 8 + 2, RAW_DATA = 9 * 8 + 2;

/** How a graph is written. */
export interface WriteOptions {
  readonly name: string;
  readonly templateSize: number;
  /** Width and height of the pictures. */
  readonly size: number;
  readonly normalized: boolean;
  /** Whether the graph's output has two dimensions already. */
  readonly flat: boolean;
  /** Whether convolutions' weights are stored as float16. */
  readonly fp16: boolean;
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The graph's input; its output is `embedding`. */
export const INPUT = "input";

/**
 * The bytes of an ONNX file: input `[N, 3, size, size]`, output `embedding` `[N, templateSize]`.
 *
 * @throws {CheckpointError} If the file would have more than 2 GB, or a weight is no finite number.
 */
export function* writeOnnx(
  graph: Graph,
  output: string,
  options: WriteOptions,
): Generator<Uint8Array<ArrayBuffer>> {
  const heads = graph.tensors.map((tensor) => {
    const half = options.fp16 && tensor.sizes.length === HALVED_DIMENSIONS;
    const { FLOAT, FLOAT16 } = onnx.TensorProto.DataType;
    const head = onnx.TensorProto.encode({
      name: half ? halfName(tensor) : tensor.name,
      dims: [...tensor.sizes],
      dataType: half ? FLOAT16 : FLOAT,
    }).finish();
    const bytes = tensor.sizes.reduce((product, size) => product * size, half ? 2 : 4);
    const before = concatBytes([head, [RAW_DATA], varint(bytes)]);
    return { tensor, half, before, length: before.length + bytes };
  });
  const casts = heads.filter(({ half }) => half).map(({ tensor }): Types.INodeProto => ({
    opType: "Cast",
    input: [halfName(tensor)],
    output: [tensor.name],
    attribute: [int("to", onnx.TensorProto.DataType.FLOAT)],
  }));
  const body = graphBody(casts, graph, output, options);
  const prefixes = heads.map(({ length }) => concatBytes([[INITIALIZER], varint(length)]));
  const length = heads.reduce(
    (sum, head, i) => sum + prefixes[i].length + head.length,
    body.length,
  );
  if (length > MAX_BYTES - 4096) {
    throw new CheckpointError(
      `Cannot write ${options.name} as it would have ${length} bytes and ONNX's limit is 2 GB: write it with fp16`,
    );
  }
  yield concatBytes([modelHead(graph, options), [GRAPH], varint(length), body]);
  for (const [i, { tensor, half, before }] of heads.entries()) {
    yield concatBytes([prefixes[i], before]);
    yield numbers(tensor, half);
  }
}

function halfName({ name }: Tensor): string {
  return `${name}:half`;
}

function numbers(tensor: Tensor, half: boolean): Uint8Array<ArrayBuffer> {
  const values = tensor.values();
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new CheckpointError(
        `Cannot convert the checkpoint as ${tensor.name} has the number ${values[i]}: ` +
          `give one of a training that did not diverge`,
      );
    }
    if (Math.abs(values[i]) < MIN_WEIGHT) values[i] = 0;
  }
  if (!half) return new Uint8Array(values.buffer);
  const halves = new Float16Array(values);
  const overflow = halves.findIndex((value) => !Number.isFinite(value));
  if (overflow >= 0) {
    throw new CheckpointError(
      `Cannot write ${tensor.name} as float16 as it has the number ${
        values[overflow]
      }: leave fp16 out`,
    );
  }
  return new Uint8Array(halves.buffer);
}

function graphBody(
  casts: readonly Types.INodeProto[],
  graph: Graph,
  output: string,
  { name, size, templateSize, normalized, flat: isFlat }: WriteOptions,
): Uint8Array {
  const last: Types.INodeProto[] = [];
  const flat = isFlat ? output : normalized ? "flat" : "embedding";
  if (!isFlat) {
    last.push({
      opType: "Flatten",
      input: [output],
      output: [flat],
      attribute: [int("axis", 1)],
    });
  }
  if (normalized) {
    last.push({
      opType: "LpNormalization",
      input: [flat],
      output: ["embedding"],
      attribute: [int("axis", 1), int("p", 2)],
    });
  } else if (isFlat) {
    last.push({ opType: "Identity", input: [output], output: ["embedding"] });
  }
  return onnx.GraphProto.encode({
    name,
    node: [...casts, ...graph.nodes, ...last],
    input: [valueInfo(INPUT, 3, size, size)],
    output: [valueInfo("embedding", templateSize)],
  }).finish();
}

function valueInfo(name: string, ...sizes: number[]): Types.IValueInfoProto {
  const dim = [{ dimParam: "N" }, ...sizes.map((dimValue) => ({ dimValue }))];
  return {
    name,
    type: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT, shape: { dim } } },
  };
}

function modelHead({ opset }: Graph, { metadata }: WriteOptions): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: opset < 20 ? 8 : 9,
    producerName: "maskinv",
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}
