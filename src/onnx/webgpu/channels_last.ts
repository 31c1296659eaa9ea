// Maps with their channels last, as onnxruntime's WebGPU provider convolves: a transpose is written where one that the
// provider would put in meets it, as both then cancel out. They are those at inputs, outputs and nearest-neighbour Resize.

import { type GraphEdit, type GraphNode, graphNode } from "../edit.ts";
import { attribute, type GraphProto, type NodeProto, type ValueInfoProto } from "../model_proto.ts";

/** Orders of dimensions: the channels from the second place to the last, and back. */
const TO_LAST = [0, 2, 3, 1] as const, TO_SECOND = [0, 3, 1, 2] as const;

/** Which inputs and outputs have their channels last from now on, under the names that they had. */
export interface TurnedEnds {
  readonly graph: GraphProto;
  readonly input: boolean;
  readonly outputs: boolean;
}

/** Has each Resize of maps work on maps with their channels last. */
export function turnResizes(edit: GraphEdit): void {
  for (const resize of edit.nodes.filter(({ opType }) => opType === "Resize")) {
    const [from, region, scales, sizes] = resize.input, [to] = resize.output;
    const factors = edit.floats(scales);
    // By factors alone, and not by sizes or of a region, which would have to be turned as well.
    if (factors?.length !== 4 || sizes || factors[0] !== 1 || factors[1] !== 1) continue;
    if (new TextDecoder().decode(modeOf(resize)) !== "nearest") continue;
    const turned = TO_LAST.map((axis) => factors[axis]);
    const name = `${to}:scales.last`;
    edit.replace([resize], [
      transpose(from, `${to}:from.last`, TO_LAST),
      {
        ...resize,
        input: [`${to}:from.last`, region, edit.addFloats(name, [4], Float32Array.from(turned))],
        output: [`${to}:last`],
      },
      transpose(`${to}:last`, to, TO_SECOND),
    ]);
  }
}

/**
 * The same graph, which takes pictures `[N, size, size, 3]` where it took `[N, 3, size, size]`, and gives maps
 * `[N, height, width, channels]` if all its outputs are maps of any size. Only graphs that convolve their input are turned.
 */
export function turnEnds(graph: GraphProto, inputName: string): TurnedEnds {
  const input = graph.input!.find(({ name }) => name === inputName);
  const users = graph.node!.filter(({ input: given }) => given?.includes(inputName));
  const isTurned = dimsOf(input)?.length === 4 && users.length > 0 &&
    users.every(({ opType }) => opType === "Conv");
  if (!isTurned) return { graph, input: false, outputs: false };
  // Of outputs of one pixel, some are read as `[N, channels]`.
  const outputs = graph.output!.every((info) => {
    const dims = dimsOf(info);
    return dims?.length === 4 && dims.slice(2).every(({ dimParam }) => dimParam);
  });
  const given = new Map([[inputName, `${inputName}:second`]]);
  if (outputs) { for (const { name } of graph.output!) given.set(name!, `${name}:second`); }
  const renamed = (names: NodeProto["input"]): string[] =>
    (names ?? []).map((name) => given.get(name) ?? name);
  const inside = graph.node!.map((node): NodeProto => ({
    ...node,
    input: renamed(node.input),
    output: renamed(node.output),
  }));
  const last = outputs
    ? graph.output!.map(({ name }) => transpose(`${name}:second`, name!, TO_LAST))
    : [];
  return {
    graph: {
      ...graph,
      node: [transpose(inputName, `${inputName}:second`, TO_SECOND), ...inside, ...last],
      input: graph.input!.map((info) => info === input ? turnedInfo(info) : info),
      output: outputs ? graph.output!.map(turnedInfo) : graph.output,
    },
    input: true,
    outputs,
  };
}

function modeOf({ attribute: given }: NodeProto): Uint8Array {
  return given?.find(({ name }) => name === "mode")?.s ?? new TextEncoder().encode("nearest");
}

function transpose(from: string, to: string, order: readonly number[]): GraphNode {
  return graphNode("Transpose", [from], [to], attribute.ints("perm", ...order));
}

function dimsOf(info: ValueInfoProto | undefined): Dims | undefined {
  return info?.type?.tensorType?.shape?.dim ?? undefined;
}

type Dims = NonNullable<
  NonNullable<NonNullable<NonNullable<ValueInfoProto["type"]>["tensorType"]>["shape"]>["dim"]
>;

function turnedInfo(info: ValueInfoProto): ValueInfoProto {
  const tensorType = info.type!.tensorType!, dim = TO_LAST.map((axis) => dimsOf(info)![axis]);
  return { ...info, type: { tensorType: { ...tensorType, shape: { dim } } } };
}
