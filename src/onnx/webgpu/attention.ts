// Cross-covariance attention with its places in front, as channels-last maps have them: products by Einsum, which reads
// its operands in any order, take the transposes with them. The attention is that of src/convert/network.

import { type GraphEdit, type GraphNode, graphNode, integerOf, integersOf } from "../edit.ts";
import { attribute } from "../model_proto.ts";

/** Rewrites each attention that is found by the rows of length 1 in its middle. */
export function turnAttentions(edit: GraphEdit): void {
  for (const unit of edit.nodes.filter(({ opType }) => opType === "LpNormalization")) {
    const found = find(edit, unit);
    if (found) turn(edit, found);
  }
}

interface Attention {
  readonly nodes: readonly GraphNode[];
  /** Queries, keys and values as a map. */
  readonly map: string;
  readonly unit: GraphNode;
  readonly cosines: string;
  readonly scale: GraphNode;
  readonly softmax: GraphNode;
  readonly heads: number;
  readonly width: number;
  readonly places: number;
  /** Sizes of the map that comes out. */
  readonly sizes: readonly number[];
  readonly output: string;
}

function find(edit: GraphEdit, unit: GraphNode): Attention | undefined {
  const split = edit.producer("Split", unit.input[0]);
  const rows = edit.only("Reshape", split?.input[0]);
  const sides = edit.user(unit.output[0], "Split");
  const [queries, keys] = sides?.output ?? [];
  const turned = edit.user(keys, "Transpose");
  const product = edit.user(turned?.output[0], "MatMul");
  const scale = edit.user(product?.output[0], "Mul");
  const softmax = edit.user(scale?.output[0], "Softmax");
  const mixed = edit.user(softmax?.output[0], "MatMul");
  const back = edit.user(mixed?.output[0], "Reshape");
  if (!split || !rows || !sides || !turned || !product || !scale || !softmax || !mixed || !back) {
    return undefined;
  }
  const sizes = edit.wholeNumbers(rows.input[1]), to = edit.wholeNumbers(back.input[1]);
  const [both, rest] = edit.wholeNumbers(split.input[1]) ?? [];
  if (sizes?.length !== 4 || to?.length !== 4) return undefined;
  const [, all, width, places] = sizes, heads = all / 3;
  const fits = both === 2 * heads && rest === heads && split.output.length === 2 &&
    split.output[0] === unit.input[0] && sides.output.length === 2 &&
    product.input[0] === queries && mixed.input[1] === split.output[1] &&
    edit.user(split.output[1]) === mixed && to[1] === heads * width &&
    to[2] * to[3] === places && integerOf(split, "axis", 0) === 1 &&
    integerOf(sides, "axis", 0) === 1 && isLast(unit) && isLast(softmax) &&
    integersOf(turned, "perm")?.join() === "0,1,3,2";
  if (!fits) return undefined;
  return {
    nodes: [rows, split, unit, sides, turned, product, scale, softmax, mixed, back],
    map: rows.input[0],
    unit,
    cosines: product.output[0],
    scale,
    softmax,
    heads,
    width,
    places,
    sizes: to,
    output: back.output[0],
  };
}

function turn(edit: GraphEdit, found: Attention): void {
  const { nodes, map, unit, cosines, scale, softmax, heads, width, places, sizes } = found;
  const channels = heads * width, name = unit.output[0];
  const part = (to: string): string => `${name}:${to}`;
  const constant = (to: string, ...values: number[]): string =>
    edit.addWholeNumbers(part(`${to}.sizes`), ...values);
  const axis = attribute.int("axis", 2), perHead = constant("head", 0, places, heads, width);
  edit.replace(nodes, [
    graphNode("Transpose", [map], [part("last")], attribute.ints("perm", 0, 2, 3, 1)),
    graphNode("Reshape", [part("last"), constant("rows", 0, places, 3 * channels)], [part("rows")]),
    graphNode("Split", [part("rows"), constant("qk", 2 * channels, channels)], [
      part("qk"),
      part("v"),
    ], axis),
    graphNode(
      "LpNormalization",
      [part("qk")],
      [part("unit")],
      attribute.int("axis", 1),
      attribute.int("p", 2),
    ),
    graphNode(
      "Split",
      [part("unit"), constant("q", channels, channels)],
      [part("q"), part("k")],
      axis,
    ),
    ...["q", "k", "v"].map((side) =>
      graphNode("Reshape", [part(side), perHead], [part(`${side}.heads`)])
    ),
    graphNode(
      "Einsum",
      [part("q.heads"), part("k.heads")],
      [cosines],
      attribute.text("equation", "nphc,nphd->nhcd"),
    ),
    scale,
    softmax,
    graphNode(
      "Einsum",
      [softmax.output[0], part("v.heads")],
      [part("mixed")],
      attribute.text("equation", "nhcd,nphd->nphc"),
    ),
    graphNode("Reshape", [part("mixed"), constant("map", 0, sizes[2], sizes[3], channels)], [
      part("map"),
    ]),
    graphNode("Transpose", [part("map")], [found.output], attribute.ints("perm", 0, 3, 1, 2)),
  ]);
}

/** Whether a node works along the last of four dimensions, by which of the second norm where it is a norm. */
function isLast(node: GraphNode): boolean {
  return [-1, 3].includes(integerOf(node, "axis", -1)) && integerOf(node, "p", 2) === 2;
}
