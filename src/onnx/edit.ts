// Rewriting of graphs: who makes a value, who uses it, and other nodes in the place of some.

import { FLOAT, type GraphProto, INT64, type NodeProto, type TensorProto } from "./model_proto.ts";
import { floatsOf, floatTensor } from "./tensors.ts";

/** A node with its lists, which may be empty. */
export type GraphNode = NodeProto & {
  readonly input: string[];
  readonly output: string[];
  readonly attribute: NonNullable<NodeProto["attribute"]>;
};

/** Makes a node. */
export function graphNode(
  opType: string,
  input: string[],
  output: string[],
  ...attribute: GraphNode["attribute"]
): GraphNode {
  return { opType, input, output, attribute };
}

/** A graph that is being rewritten. What it was made of stays as it is. */
export class GraphEdit {
  readonly #graph: GraphProto;
  readonly #tensors: Map<string, TensorProto>;
  readonly #outputs: ReadonlySet<string>;
  #nodes: readonly GraphNode[];
  #producers = new Map<string, GraphNode>();
  #consumers = new Map<string, GraphNode[]>();

  constructor(graph: GraphProto) {
    this.#graph = graph;
    this.#tensors = new Map(graph.initializer?.map((tensor) => [tensor.name!, tensor]));
    this.#outputs = new Set(graph.output?.map(({ name }) => name!));
    this.#nodes = graph.node!.map((node) => ({
      ...node,
      input: node.input ?? [],
      output: node.output ?? [],
      attribute: node.attribute ?? [],
    }));
    this.#index();
  }

  /** The nodes, each after those that it depends on. */
  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  /** The node of this operator that makes a value, if nothing else uses the value. */
  only(opType: string, value: string | undefined): GraphNode | undefined {
    const node = this.producer(opType, value);
    return node && this.user(value) ? node : undefined;
  }

  /** The node of this operator that makes a value. */
  producer(opType: string, value: string | undefined): GraphNode | undefined {
    const node = value === undefined ? undefined : this.#producers.get(value);
    return node?.opType === opType ? node : undefined;
  }

  /** The only use of a value, if it has one alone and is of this operator. */
  user(value: string | undefined, opType?: string): GraphNode | undefined {
    const users = value === undefined ? undefined : this.#consumers.get(value);
    if (users?.length !== 1 || this.#outputs.has(value!)) return undefined;
    return opType === undefined || users[0].opType === opType ? users[0] : undefined;
  }

  /** The sizes of a constant tensor; none if the value is computed. */
  sizes(value: string | undefined): number[] | undefined {
    return value === undefined ? undefined : this.#tensors.get(value)?.dims?.map(Number);
  }

  /** The numbers of a constant tensor of float32; none if the value is computed, or of another type. */
  floats(value: string | undefined): Float32Array<ArrayBuffer> | undefined {
    const tensor = value === undefined ? undefined : this.#tensors.get(value);
    return tensor?.dataType === FLOAT ? floatsOf(tensor) : undefined;
  }

  /** The numbers of a constant of whole numbers, a tensor's or a node's. */
  wholeNumbers(value: string | undefined): number[] | undefined {
    const node = this.producer("Constant", value);
    if (node) return integersOf(node, "value_ints");
    const tensor = value === undefined ? undefined : this.#tensors.get(value);
    if (tensor?.dataType !== INT64) return undefined;
    const raw = tensor.rawData;
    return raw?.length
      ? Array.from(new BigInt64Array(new Uint8Array(raw).buffer), Number)
      : (tensor.int64Data ?? []).map(Number);
  }

  /** Adds a constant of float32, and returns its name. */
  addFloats(name: string, dims: number[], values: Float32Array): string {
    this.#tensors.set(name, floatTensor(name, dims, values));
    return name;
  }

  /** Adds a constant of whole numbers, such as the sizes of a Reshape, and returns its name. */
  addWholeNumbers(name: string, ...values: number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#tensors.set(name, { name, dims: [values.length], dataType: INT64, rawData });
    return name;
  }

  /** Puts nodes in the place of others: where the last of these stands. */
  replace(nodes: readonly GraphNode[], by: readonly GraphNode[]): void {
    const gone = new Set(nodes);
    const last = this.#nodes.findLastIndex((node) => gone.has(node));
    this.#nodes = this.#nodes.flatMap((node, i) => i === last ? by : gone.has(node) ? [] : [node]);
    this.#index();
  }

  /** The graph as it is now, without constants that are used no more. */
  finish(): GraphProto {
    const used = new Set(this.#nodes.flatMap(({ input }) => input));
    const isUsed = (name: string | null | undefined): boolean =>
      used.has(name!) || this.#outputs.has(name!);
    return {
      ...this.#graph,
      node: this.#nodes.filter(({ opType, output }) => opType !== "Constant" || isUsed(output[0])),
      initializer: [...this.#tensors.values()].filter(({ name }) => isUsed(name)),
      // Sizes that were written down for values may be of values that are no more.
      valueInfo: [],
    };
  }

  #index(): void {
    this.#producers = new Map();
    this.#consumers = new Map();
    for (const node of this.#nodes) {
      for (const name of node.output) this.#producers.set(name, node);
      for (const name of node.input) {
        this.#consumers.set(name, [...this.#consumers.get(name) ?? [], node]);
      }
    }
  }
}

/** An attribute of a whole number; `otherwise` if the node has none of that name. */
export function integerOf(node: GraphNode, name: string, otherwise: number): number {
  const found = node.attribute.find((attribute) => attribute.name === name);
  return found ? Number(found.i ?? 0) : otherwise;
}

/** An attribute of whole numbers; none if the node has none of that name. */
export function integersOf(node: GraphNode, name: string): number[] | undefined {
  return node.attribute.find((attribute) => attribute.name === name)?.ints?.map(Number);
}
