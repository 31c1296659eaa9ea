// EdgeNeXt (Maaz et al. 2022, arXiv 2206.10589) as EdgeFace has it, by the names and shapes of an ONNX file's weights.
// The file is also the form in which a student is written: its own graph, with other numbers in it.

import { ModelError } from "../../base/errors.ts";
import {
  decodeModel,
  encodeModel,
  FLOAT,
  freeInputs,
  type ModelWithGraph,
  sizesOf,
  type TensorProto,
} from "../../onnx/model_proto.ts";
import { removeHead } from "../head/graph.ts";
import type { Parameters } from "./onnx_read.ts";
import { pixelsOf } from "./pixels.ts";

/** Smaller weights become zero: denormal numbers make wasm twice as slow. */
const MIN_WEIGHT = 1e-8;

const PARAMETER = /^(stem|stages\.\d+\.(downsample|blocks\.\d+)|head)\./;
/** The positional encoding, a constant for crops of one size. */
const CONSTANT = /\.pos_embd$/;
/** One of each: what must be there. */
const NEEDED = ["stem.0.weight", "stem.1.weight", "stages.0.blocks.0.conv_dw.weight"];
/** Layers that a layer scale follows. */
const SCALED = /^(.*)\.(?:mlp\.fc2|xca\.proj)\.(?:weight|bias)$/;
/** Least share of the learning rate: layers whose scale is 0 would not learn at all. */
const MIN_RATE = 0.03;
const HEAD = "head.fc.weight";

/** A network of the family, by the ONNX file that it came from. */
export class EdgeNext {
  /** Shapes of the parameters, in the file's order; convolutions `[out, in, rows, columns]`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Shapes of the numbers that are not trained. */
  readonly constants: Readonly<Record<string, readonly number[]>>;
  /** Length of a template. */
  readonly templateSize: number;
  /** What norms add to the variance. */
  readonly epsilon: number;
  readonly #bytes: Uint8Array;
  readonly #label: string;

  /**
   * @param bytes The ONNX file.
   * @param label What the file is called in messages.
   * @throws {ModelError} If it is no ONNX file of this family.
   */
  constructor(bytes: Uint8Array, label: string) {
    this.#bytes = bytes;
    this.#label = label;
    const model = decodeModel(bytes, label), tensors = floats(model);
    const missing = [...NEEDED, HEAD].find((name) => !tensors.has(name));
    if (missing) {
      throw new ModelError(
        `Cannot start an edgenext from ${label} as it has no weight ${missing}: ` +
          `give an ONNX file that "convert" made of EdgeFace's weights`,
      );
    }
    const shapes = (constant: boolean): [string, number[]][] =>
      [...tensors].filter(([name]) => CONSTANT.test(name) === constant)
        .map(([name, { dims }]) => [name, (dims ?? []).map(Number)]);
    this.shapes = Object.fromEntries(shapes(false));
    this.constants = Object.fromEntries(shapes(true));
    [this.templateSize] = this.shapes[HEAD];
    this.epsilon = epsilonOf(model);
    checkPixels(model, label);
  }

  /** Returns the numbers of the parameters and constants. */
  read(): Parameters {
    const shapes = { ...this.shapes, ...this.constants };
    return Object.fromEntries(
      [...floats(decodeModel(this.#bytes, this.#label))].map(([name, tensor]) => {
        const { rawData, floatData } = tensor;
        const values = rawData?.length
          ? new Float32Array(new Uint8Array(rawData).buffer)
          : Float32Array.from(floatData ?? []);
        const count = shapes[name].reduce((a, b) => a * b, 1);
        if (values.length === count) return [name, values];
        throw new ModelError(
          `Cannot read ${name} of ${this.#label} as it has ${values.length} numbers for the sizes ` +
            `[${shapes[name]}]: get the file anew`,
        );
      }),
    );
  }

  /**
   * Shares of the learning rate for the layers into which a layer scale was folded. Before, the scale of 0.05 to 0.4 made
   * every step of their weights that much smaller; without this, AdamW's first steps destroy the network.
   */
  rates(): Readonly<Record<string, number>> {
    const weights = this.read(), rates: Record<string, number> = {};
    for (const name of Object.keys(this.shapes)) {
      const [, block] = name.match(SCALED) ?? [];
      if (block === undefined) continue;
      const weight = name.replace(/bias$/, "weight");
      const share = rootMeanSquare(weights[weight]) /
        rootMeanSquare(weights[`${block}.mlp.fc1.weight`]);
      rates[name] = Math.min(1, Math.max(MIN_RATE, share));
    }
    return rates;
  }

  /**
   * Returns the ONNX file with other numbers: the same graph, all that is not given as it was; but without a condition head,
   * which must be trained anew on what the network is now.
   */
  write(parameters: Parameters): Uint8Array<ArrayBuffer> {
    const model = decodeModel(this.#bytes, this.#label);
    removeHead(model.graph);
    for (const [name, tensor] of floats(model)) {
      const values = parameters[name];
      if (!values) continue;
      const flushed = values.map((value) => Math.abs(value) < MIN_WEIGHT ? 0 : value);
      tensor.rawData = new Uint8Array(flushed.buffer);
      tensor.floatData = [];
    }
    return encodeModel(model);
  }
}

/** Of the graph's first norm, as all have the same; ONNX's own where it does not say. */
function epsilonOf({ graph }: ModelWithGraph): number {
  const norm = graph.node!.find(({ opType }) => opType === "LayerNormalization");
  return norm?.attribute?.find(({ name }) => name === "epsilon")?.f ?? 1e-5;
}

/** Training gives the pixels in one form, EdgeFace's. */
function checkPixels(model: ModelWithGraph, label: string): void {
  const spec = pixelsOf(model);
  const [input] = freeInputs(model.graph), channels = input && sizesOf(input)?.[1];
  const usual = !spec || spec.color === "RGB" && [...spec.mean, ...spec.scale]
        .every((value) => value === 127.5);
  if (usual && channels === 3) return;
  throw new ModelError(
    `Cannot start from ${label} as it does not take planes of RGB, (x - 127.5) / 127.5: ` +
      `give an ONNX file that "convert" made of EdgeFace's weights`,
  );
}

/** Returns the weights of the family by name. */
function floats({ graph }: ModelWithGraph): Map<string, TensorProto> {
  return new Map(
    (graph.initializer ?? []).filter(({ name, dataType }) =>
      PARAMETER.test(name ?? "") && dataType === FLOAT
    ).map((tensor) => [tensor.name!, tensor]),
  );
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
