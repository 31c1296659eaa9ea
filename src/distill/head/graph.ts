// The condition head in a student's ONNX graph: a second output of the same run. What leads to the template stays node by
// node as it was, so that embeddings do not change by a bit.

import { ModelError } from "../../base/errors.ts";
import { floatTensor } from "../../onnx/tensors.ts";
import {
  attribute,
  decodeModel,
  encodeModel,
  FLOAT,
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
} from "../../onnx/model_proto.ts";
import { CONDITION_OUTPUT } from "../../model/manifest.ts";
import { CONDITION_SIZE } from "../../pipeline/embed/condition.ts";
import { type HeadWeights, HIDDEN } from "./network.ts";

/** The output of the graph that the head is trained on: the features. */
export const FEATURES_OUTPUT = `${CONDITION_OUTPUT}.input`;

/**
 * The band of an earlier map that the head looks at beside the means of the last one, which has forgotten what masks look
 * like, as the student has learned to see through them: the middle columns, in rows from the brow to the chin.
 */
const BAND = { stage: 1, columns: [4, 10], kernel: [2, 6], rows: 7 } as const;

/** A graph that gives features beside templates. */
export interface FeatureGraph {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Numbers of a row of features. */
  readonly features: number;
}

/**
 * The student's graph with the features as its second output: the means of the last map over its positions, the logarithm
 * of the template's length before it is made 1, and a band of an earlier map.
 *
 * @throws {ModelError} If the graph has no such parts: it is not one that `convert` or `distill` made of an EdgeNeXt.
 */
export function withFeatures(student: Uint8Array, label: string): FeatureGraph {
  const model = decodeModel(student, label), { graph } = model;
  removeHead(graph);
  const features = addFeatures(graph, label);
  graph.output!.push(output(graph, FEATURES_OUTPUT, features));
  return { bytes: encodeModel(model), features };
}

/** The student's graph with the head as its second output, in the place of one that it had. */
export function withHead(
  student: Uint8Array,
  weights: HeadWeights,
  label: string,
): Uint8Array<ArrayBuffer> {
  const model = decodeModel(student, label), { graph } = model;
  removeHead(graph);
  const features = addFeatures(graph, label), name = CONDITION_OUTPUT;
  const linear = (layer: 0 | 2, input: string, to: string, sizes: [number, number]): NodeProto => {
    const [weight, bias] = [`${name}.${layer}.weight`, `${name}.${layer}.bias`];
    graph.initializer!.push(
      floatTensor(weight, sizes, weights[`${layer}.weight`]),
      floatTensor(bias, [sizes[0]], weights[`${layer}.bias`]),
    );
    return node("Gemm", [input, weight, bias], to, [attribute.int("transB", 1)]);
  };
  graph.node!.push(
    linear(0, FEATURES_OUTPUT, `${name}.0`, [HIDDEN, features]),
    node("Relu", [`${name}.0`], `${name}.1`),
    linear(2, `${name}.1`, name, [CONDITION_SIZE, HIDDEN]),
  );
  graph.output!.push(output(graph, name, CONDITION_SIZE));
  return encodeModel(model);
}

/** Takes the head out of a graph, if it has one: it is valid only with the weights that it was trained on. */
export function removeHead(graph: GraphProto): void {
  const isHeads = (name: string | null | undefined): boolean =>
    name === CONDITION_OUTPUT || (name ?? "").startsWith(`${CONDITION_OUTPUT}.`);
  graph.node = graph.node!.filter(({ output }) => !output?.some(isHeads));
  graph.initializer = (graph.initializer ?? []).filter(({ name }) => !isHeads(name));
  graph.output = graph.output!.filter(({ name }) => !isHeads(name));
}

/** Adds the nodes that make the features; gives how many numbers they are. */
function addFeatures(graph: GraphProto, label: string): number {
  const nodes = graph.node!,
    made = (name: string): NodeProto | undefined =>
      nodes.find(({ output }) => output?.includes(name));
  const last = made(graph.output![0].name!), means = "head.flat";
  const raw = last?.opType === "LpNormalization" ? last.input![0] : undefined;
  const pooled = made(made(means)?.input?.[0] ?? "")?.opType === "GlobalAveragePool";
  const norm = graph.initializer?.find(({ name }) => name === "head.norm.weight");
  const map = lastOf(nodes, BAND.stage), width = widthOf(graph, map);
  if (raw === undefined || !pooled || !norm || map === undefined || width === undefined) {
    throw new ModelError(
      `Cannot add a condition head to ${label} as its graph has no ${
        raw === undefined ? "LpNormalization at its end" : `means "${means}" of its last map`
      }: give an ONNX file that "convert" or "distill" made of an EdgeNeXt`,
    );
  }
  const name = CONDITION_OUTPUT, band = `${name}.band`, [from, to] = BAND.columns;
  const constant = (key: string, value: number): string => {
    nodes.push(node("Constant", [], `${name}.${key}`, [attribute.ints("value_ints", value)]));
    return `${name}.${key}`;
  };
  nodes.push(
    node("ReduceL2", [raw, constant("axis", 1)], `${name}.length`, [attribute.int("keepdims", 1)]),
    node("Log", [`${name}.length`], `${name}.log`),
    node(
      "Slice",
      [map, constant("from", from), constant("to", to), constant("across", 3)],
      `${band}:columns`,
    ),
    node("AveragePool", [`${band}:columns`], `${band}:rows`, [
      attribute.ints("kernel_shape", ...BAND.kernel),
      attribute.ints("strides", ...BAND.kernel),
    ]),
    node("Flatten", [`${band}:rows`], band, [attribute.int("axis", 1)]),
    node("Concat", [means, `${name}.log`, band], FEATURES_OUTPUT, [attribute.int("axis", 1)]),
  );
  return Number(norm.dims![0]) + 1 + BAND.rows * width;
}

/** The output of a stage: of its last block. */
function lastOf(nodes: readonly NodeProto[], stage: number): string | undefined {
  const block = new RegExp(`^stages\\.${stage}\\.blocks\\.\\d+$`);
  return nodes.flatMap(({ output }) => output ?? []).findLast((name) => block.test(name));
}

/** The channels of a block's output. */
function widthOf({ initializer }: GraphProto, block: string | undefined): number | undefined {
  const bias = initializer?.find(({ name }) => name === `${block}.mlp.fc2.bias`);
  return bias && Number(bias.dims![0]);
}

function node(
  opType: string,
  input: string[],
  output: string,
  attributes: NonNullable<NodeProto["attribute"]> = [],
): NodeProto {
  return { opType, input, output: [output], attribute: attributes };
}

/** An output of as many rows as the template has. */
function output({ output }: GraphProto, name: string, size: number): ValueInfoProto {
  const [rows] = output![0].type!.tensorType!.shape!.dim!;
  const dim = [rows, { dimValue: size }];
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
