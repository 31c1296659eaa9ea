// YuNet's graph as torch computes it: layers and numbers read from the ONNX file, and trained numbers written back by
// name. Layers, names and shapes stay as they are.

import { ModelError } from "../../base/errors.ts";
import {
  decodeModel,
  encodeModel,
  type ModelWithGraph,
  type NodeProto,
  type TensorProto,
} from "../../onnx/model_proto.ts";
import { floatsOf, floatTensor } from "../../onnx/tensors.ts";
import { STRIDES } from "../../kernels/likeliest_crop/cpu.ts";
import type { FlatLayout, Slot } from "../train/flat.ts";

/** A layer. */
export interface GraphNode {
  /** Its operator. */
  readonly op: string;
  /** Names of what it takes. */
  readonly inputs: readonly string[];
  /** Names of what it makes. */
  readonly outputs: readonly string[];
  /** Its whole numbers by name. */
  readonly attributes: Readonly<Record<string, readonly number[]>>;
}

/** The operators of YuNet. */
const OPERATORS = ["Conv", "Relu", "MaxPool", "Resize", "Add"];

/** A detector's file. */
export class DetectorGraph {
  /** Its layers in their order. */
  readonly nodes: readonly GraphNode[];
  /** Names of its maps, finest first. */
  readonly outputs: readonly string[] = STRIDES.map((stride) => `heads_${stride}`);
  /** Where each weight and bias lies among the parameters. */
  readonly layout: FlatLayout;
  /** Weights and biases, one after the other. */
  readonly parameters: Float32Array<ArrayBuffer>;
  readonly #model: ModelWithGraph;

  /**
   * Reads a detector.
   *
   * @throws {ModelError} If it is not YuNet as `convert` makes it.
   */
  constructor(bytes: Uint8Array, readonly label: string) {
    this.#model = decodeModel(bytes, label);
    const { node, output } = this.#model.graph;
    const made = output!.map(({ name }) => name);
    if (made.join() !== this.outputs.join()) {
      throw this.#foreign(`makes ${made.join(", ")} and not ${this.outputs.join(", ")}`);
    }
    this.nodes = node!.map((one) => this.#node(one));
    const tensors = this.#trained(), slots: Slot[] = [];
    let length = 0;
    for (const [name, { dims }] of tensors) {
      const shape = dims!.map(Number), count = shape.reduce((a, b) => a * b, 1);
      slots.push({ name, shape, start: length, length: count });
      length += count;
    }
    this.layout = { slots, length };
    this.parameters = new Float32Array(length);
    for (const { name, start, length } of slots) {
      const values = floatsOf(tensors.get(name)!);
      if (values.length !== length) {
        throw this.#foreign(`has ${values.length} numbers for the ${length} of ${name}`);
      }
      this.parameters.set(values, start);
    }
  }

  /** The same file with other parameters. */
  write(parameters: Float32Array): Uint8Array<ArrayBuffer> {
    const slots = new Map(this.layout.slots.map((slot) => [slot.name, slot]));
    const { graph } = this.#model;
    const initializer = graph.initializer!.map((tensor) => {
      const slot = slots.get(tensor.name!);
      if (!slot) return tensor;
      const { name, shape, start, length } = slot;
      return floatTensor(name, [...shape], parameters.slice(start, start + length));
    });
    return encodeModel({ ...this.#model, graph: { ...graph, initializer } });
  }

  #node({ opType, input, output, attribute }: NodeProto): GraphNode {
    if (!OPERATORS.includes(opType!)) throw this.#foreign(`has a layer ${opType}`);
    const attributes = Object.fromEntries(
      (attribute ?? []).map((
        { name, ints, i },
      ) => [name, (ints?.length ? ints : [i ?? 0]).map(Number)]),
    );
    return { op: opType!, inputs: input!, outputs: output!, attributes };
  }

  /** Weights and biases of the convolutions by name. */
  #trained(): Map<string, TensorProto> {
    const all = new Map(this.#model.graph.initializer?.map((tensor) => [tensor.name!, tensor]));
    const names = this.nodes.filter(({ op }) => op === "Conv").flatMap(({ inputs }) => {
      if (inputs.length !== 3) throw this.#foreign("has a convolution without a bias");
      return inputs.slice(1);
    });
    return new Map(names.map((name) => {
      const tensor = all.get(name);
      if (!tensor) throw this.#foreign(`has no numbers for ${name}`);
      return [name, tensor];
    }));
  }

  #foreign(seen: string): ModelError {
    return new ModelError(
      `Cannot train ${this.label} as it ${seen}: ` +
        `give the published YuNet as maskinv convert makes it`,
    );
  }
}
