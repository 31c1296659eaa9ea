// The uint8 variant: activations and weights of convolutions in 8 bits, as QuantizeLinear and DequantizeLinear around
// the float graph (QDQ), which onnxruntime fuses into integer kernels. Jacob et al., arXiv 1712.05877.

import { ModelError } from "../base/errors.ts";
import {
  attribute,
  encodeModel,
  type GraphProto,
  type ModelWithGraph,
  type NodeProto,
  type TensorProto,
} from "../onnx/model_proto.ts";
import type { Range } from "./ranges.ts";
import { byteTensor, floatsOf, floatTensor, intTensor } from "../onnx/tensors.ts";

/** Operations that are computed, or at least read and written, in 8 bits. */
const QUANTISED = ["Conv", "PRelu", "Add"];
/** Weights are symmetric around this step. */
const ZERO = 128;

/**
 * Returns the activations that need a range: what the operations read and write, but for the graph's output and for depthwise
 * convolutions. Those are a twentieth of the work, and their channels differ so much that sharing 256 steps cost more
 * than everything else together (median cosine 0.977 with the student, 0.996 without).
 */
export function activationNames({ node, initializer, output }: GraphProto): string[] {
  const constants = new Set(initializer?.map(({ name }) => name));
  const last = node!.findLast(({ opType }) => opType === "Conv");
  // The last convolution gives the template itself.
  const fine = new Set([
    ...output!.map(({ name }) => name),
    ...last?.output ?? [],
    ...node!.filter(isDepthwise).flatMap(({ input, output }) => [input![0], output![0]]),
  ]);
  const names = node!.filter(({ opType }) => QUANTISED.includes(opType!)).flatMap((one) => [
    ...(one.opType === "Add" ? one.input! : one.input!.slice(0, 1)),
    ...one.output!,
  ]);
  return [...new Set(names)].filter((name) => !constants.has(name) && !fine.has(name));
}

function isDepthwise({ opType, attribute }: NodeProto): boolean {
  return opType === "Conv" && Number(attribute?.find(({ name }) => name === "group")?.i ?? 1) > 1;
}

/** Returns the bytes of the uint8 variant. */
export function quantizeGraph(
  model: ModelWithGraph,
  ranges: ReadonlyMap<string, Range>,
): Uint8Array<ArrayBuffer> {
  const opset = Number(model.opsetImport?.find(({ domain }) => !domain)?.version ?? 0);
  if (opset < 13) {
    throw new ModelError(
      `Cannot quantise as the model is of opset ${opset} and scales per channel need 13: export it anew`,
    );
  }
  return encodeModel({ ...model, graph: new Writer(model.graph, ranges).graph() });
}

/** Writes the nodes of a graph anew, with its activations and weights in 8 bits. */
class Writer {
  readonly #graph: GraphProto;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #constants: Map<string, TensorProto>;
  readonly #made = new Map<string, TensorProto>();
  readonly #nodes: NodeProto[] = [];
  readonly #sums: ReadonlySet<string>;

  constructor(graph: GraphProto, ranges: ReadonlyMap<string, Range>) {
    this.#graph = graph;
    this.#ranges = ranges;
    const sums = graph.node!.filter(({ opType }) => opType === "Add");
    this.#sums = new Set(sums.map(({ output }) => output![0]));
    this.#constants = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensor]));
  }

  graph(): GraphProto {
    const { input, node } = this.#graph;
    for (const { name } of input!) this.#bracket(name!);
    for (const one of node!) {
      if (QUANTISED.includes(one.opType!)) this.#quantise(one);
      else this.#nodes.push(one);
      one.output!.forEach((name) => this.#bracket(name));
    }
    const used = new Set(this.#nodes.flatMap((one) => one.input!));
    const initializer = [...this.#constants.values(), ...this.#made.values()]
      .filter(({ name }) => used.has(name!));
    const kept = input!.filter(({ name }) => !this.#constants.has(name!));
    return { ...this.#graph, node: this.#nodes, input: kept, initializer, valueInfo: [] };
  }

  /** Puts a Q and a DQ behind an activation that has a range. */
  #bracket(name: string): void {
    const range = this.#ranges.get(name);
    if (!range) return;
    const [scale, zero] = stepOf(range);
    const [scaleName, zeroName] = [`${name}:scale`, `${name}:zero`];
    this.#add(floatTensor(scaleName, [], Float32Array.of(scale)));
    this.#add(byteTensor(zeroName, [], Uint8Array.of(zero)));
    const code = `${name}:q`;
    this.#nodes.push(
      { opType: "QuantizeLinear", input: [name, scaleName, zeroName], output: [code] },
      { opType: "DequantizeLinear", input: [code, scaleName, zeroName], output: [`${name}:dq`] },
    );
  }

  #quantise(node: NodeProto): void {
    // Sums go on to the next sum as they are: rounded each time, they would lose more with every block.
    const input = node.input!.map((name) =>
      this.#ranges.has(name) && !(node.opType === "Add" && this.#sums.has(name))
        ? `${name}:dq`
        : name
    );
    const range = this.#ranges.get(node.input![0]);
    if (node.opType === "Conv" && !isDepthwise(node) && this.#constants.has(node.input![1])) {
      const scales = this.#weights(node.input![1]);
      input[1] = `${node.input![1]}:dq`;
      const bias = node.input![2];
      if (bias && range) {
        this.#bias(bias, stepOf(range)[0], scales);
        input[2] = `${bias}:dq`;
      }
    }
    this.#nodes.push({ ...node, input });
  }

  /** Returns weights with one scale per output channel. */
  #weights(name: string): Float32Array {
    const tensor = this.#constants.get(name)!, values = floatsOf(tensor);
    const dims = tensor.dims!.map(Number), [channels] = dims, length = values.length / channels;
    const scales = Float32Array.from({ length: channels }, (_, c) => {
      const largest = values.subarray(c * length, (c + 1) * length)
        .reduce((so, value) => Math.max(so, Math.abs(value)), 0);
      return largest / 127 || 1;
    });
    const codes = Uint8Array.from(
      values,
      (value, i) =>
        ZERO + Math.max(-127, Math.min(127, Math.round(value / scales[Math.floor(i / length)]))),
    );
    this.#add(byteTensor(`${name}:q`, dims, codes));
    this.#add(floatTensor(`${name}:scale`, [channels], scales));
    this.#add(byteTensor(`${name}:zero`, [channels], new Uint8Array(channels).fill(ZERO)));
    this.#dequantise(name, [`${name}:q`, `${name}:scale`, `${name}:zero`]);
    return scales;
  }

  /** A bias in the steps of the products that it is added to, as integer kernels want it. */
  #bias(name: string, step: number, weightScales: Float32Array): void {
    const values = floatsOf(this.#constants.get(name)!);
    const scales = weightScales.map((scale) => scale * step);
    const codes = Int32Array.from(
      values,
      (value, c) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.round(value / scales[c]))),
    );
    this.#add(intTensor(`${name}:q`, [values.length], codes));
    this.#add(floatTensor(`${name}:scale`, [values.length], scales));
    this.#dequantise(name, [`${name}:q`, `${name}:scale`]);
  }

  #dequantise(name: string, input: string[]): void {
    if (this.#nodes.some(({ output }) => output![0] === `${name}:dq`)) return;
    this.#nodes.push({
      opType: "DequantizeLinear",
      input,
      output: [`${name}:dq`],
      attribute: [attribute.int("axis", 0)],
    });
  }

  #add(tensor: TensorProto): void {
    this.#made.set(tensor.name!, tensor);
  }
}

/** Scale and zero point of a range; zero is exact, as padding adds zeros. */
function stepOf([low, high]: Range): [scale: number, zero: number] {
  const scale = (high - low) / 255 || 1;
  return [scale, Math.max(0, Math.min(255, Math.round(-low / scale)))];
}
