// Rewrites the published YuNet for inference: the four output layers of each stride become one, and the reshapes and
// sigmoids behind them go, as the decoder reads the maps as they come.

import { CheckpointError } from "../../base/errors.ts";
import {
  attribute,
  FLOAT,
  type GraphProto,
  type ModelWithGraph,
  type NodeProto,
  type TensorProto,
} from "../../onnx/model_proto.ts";
import { floatsOf, floatTensor } from "../../onnx/tensors.ts";

/** The heads of a stride, in the order of the channels of the lean graph's maps. */
const HEADS = ["cls", "obj", "bbox", "kps"] as const;
/** Pixels of the input per cell of each map. */
const STRIDES = [8, 16, 32] as const;
/** Score, objectness, four numbers of the box and ten of the five points. */
const CHANNELS = 16;

/** Whether a graph is YuNet as its authors export it. */
export function isYunet({ initializer }: GraphProto): boolean {
  return initializer?.some(({ name }) => name === headName("cls", 0, "conv1.weight")) ?? false;
}

/**
 * The same network with one map per stride, `heads_8`, `heads_16` and `heads_32`, each `[N, 16, H/stride, W/stride]`:
 * logits of class and object, the box, and the five points. A third fewer layers to launch.
 *
 * @throws {CheckpointError} If a layer is missing or has another shape.
 */
export function leanYunet(model: ModelWithGraph, label: string): ModelWithGraph {
  const { graph } = model;
  const tensors = new Map(graph.initializer?.map((tensor) => [tensor.name!, tensor]));
  const tensor = (name: string): TensorProto => {
    const found = tensors.get(name);
    if (found) return found;
    throw new CheckpointError(
      `Cannot convert ${label} as it has no tensor ${name}: give YuNet's yunet_n as its authors export it`,
    );
  };
  const added: TensorProto[] = [], heads: NodeProto[] = [];
  for (const [level, stride] of STRIDES.entries()) {
    const first = consumerOf(graph, headName("cls", level, "conv1.weight"), label);
    for (const layer of ["conv1", "conv2"]) {
      for (const part of ["weight", "bias"]) {
        const parts = HEADS.map((head) => tensor(headName(head, level, `${layer}.${part}`)));
        added.push(stacked(`heads_${stride}.${layer}.${part}`, parts, label));
      }
    }
    const [hidden, out] = [`heads_${stride}.hidden`, `heads_${stride}`];
    heads.push(
      convolution(first.input![0], hidden, `${out}.conv1`, 1, 1),
      convolution(hidden, out, `${out}.conv2`, 3, CHANNELS),
    );
  }
  const kept = neededFor(graph, heads.map(({ input }) => input![0]));
  const used = new Set(kept.flatMap(({ input }) => input ?? []));
  return {
    ...model,
    graph: {
      ...graph,
      node: [...kept, ...heads],
      initializer: [...graph.initializer!.filter(({ name }) => used.has(name!)), ...added],
      input: graph.input!.filter(({ name }) => used.has(name!)),
      output: STRIDES.map((stride) => mapInfo(stride)),
      valueInfo: [],
    },
  };
}

function headName(head: typeof HEADS[number], level: number, part: string): string {
  return `bbox_head.multi_level_${head}.${level}.${part}`;
}

function consumerOf({ node }: GraphProto, tensor: string, label: string): NodeProto {
  const found = node!.find(({ input }) => input?.includes(tensor));
  if (found) return found;
  throw new CheckpointError(
    `Cannot convert ${label} as no layer uses ${tensor}: give YuNet's yunet_n as its authors export it`,
  );
}

/** Tensors one after the other along their first axis: convolutions side by side are one with all their channels. */
function stacked(name: string, parts: readonly TensorProto[], label: string): TensorProto {
  const sizes = parts.map(({ dims }) => dims!.map(Number));
  const channels = sizes.reduce((sum, [count]) => sum + count, 0);
  const rest = sizes[0].slice(1);
  if (channels !== CHANNELS || sizes.some((size) => size.slice(1).join() !== rest.join())) {
    throw new CheckpointError(
      `Cannot convert ${label} as its heads have the shapes ${sizes.map((s) => s.join("x"))}: ` +
        `give YuNet's yunet_n as its authors export it`,
    );
  }
  const values = parts.flatMap((part) => [...floatsOf(part)]);
  return floatTensor(name, [channels, ...rest], Float32Array.from(values));
}

function convolution(
  from: string,
  to: string,
  name: string,
  kernel: number,
  group: number,
): NodeProto {
  const pad = (kernel - 1) / 2;
  return {
    opType: "Conv",
    input: [from, `${name}.weight`, `${name}.bias`],
    output: [to],
    attribute: [
      attribute.ints("kernel_shape", kernel, kernel),
      attribute.ints("pads", pad, pad, pad, pad),
      attribute.int("group", group),
    ],
  };
}

/** The nodes that some values are made by, in their order. */
function neededFor({ node }: GraphProto, wanted: readonly string[]): NodeProto[] {
  const names = new Set(wanted);
  return node!.toReversed().filter(({ input, output }) => {
    if (!output!.some((name) => names.has(name))) return false;
    input?.forEach((name) => names.add(name));
    return true;
  }).reverse();
}

function mapInfo(stride: number): NonNullable<GraphProto["output"]>[number] {
  const dim = [
    { dimParam: "batch" },
    { dimValue: CHANNELS },
    { dimParam: `height_${stride}` },
    { dimParam: `width_${stride}` },
  ];
  return { name: `heads_${stride}`, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
