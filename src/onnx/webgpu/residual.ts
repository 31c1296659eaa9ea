// Perceptrons that are added to what went into their block: convolution 1x1, Gelu, convolution 1x1, Add. onnxruntime's
// WebGPU provider takes the first two as one kernel; a Gemm, whose third operand is any matrix, takes the other two.

import { type GraphEdit, type GraphNode, graphNode, integerOf, integersOf } from "../edit.ts";
import { attribute } from "../model_proto.ts";

/** As the third operand is taken, a bias comes in by a hidden number that is always this: what Gelu, as it computes it, leaves of it. */
const CONSTANT = 8;
/** The kernels read four numbers at a time. */
const ADDED = 4;

/** Rewrites all of them. */
export function joinResiduals(edit: GraphEdit): void {
  for (const add of edit.nodes.filter(({ opType }) => opType === "Add")) {
    for (const i of [0, 1]) {
      const second = edit.only("Conv", add.input[i]);
      const gelu = edit.only("Gelu", second?.input[0]);
      const first = edit.only("Conv", gelu?.input[0]);
      if (!second || !gelu || !first || !isPointwise(edit, first) || !isPointwise(edit, second)) {
        continue;
      }
      if (!isExact(gelu) || edit.sizes(add.input[1 - i])) continue;
      join(edit, { first, gelu, second, add, shortcut: add.input[1 - i] });
      break;
    }
  }
}

interface Perceptron {
  readonly first: GraphNode;
  readonly gelu: GraphNode;
  readonly second: GraphNode;
  readonly add: GraphNode;
  readonly shortcut: string;
}

function join(edit: GraphEdit, { first, gelu, second, add, shortcut }: Perceptron): void {
  const [hidden, inputs] = edit.sizes(first.input[1])!, [outputs] = edit.sizes(second.input[1])!;
  const wide = hidden + ADDED, name = second.output[0], [output] = add.output;
  const widen = new Float32Array(wide * inputs), widenBias = new Float32Array(wide);
  widen.set(edit.floats(first.input[1])!);
  widenBias.set(edit.floats(first.input[2])!);
  widenBias[hidden] = CONSTANT;
  // `[hidden, outputs]`: neighbouring threads, which make neighbouring outputs, read neighbouring numbers.
  const weights = edit.floats(second.input[1])!, narrow = new Float32Array(wide * outputs);
  for (let o = 0; o < outputs; o++) {
    for (let h = 0; h < hidden; h++) narrow[h * outputs + o] = weights[o * hidden + h];
  }
  // A power of two, so that the product is the bias to the last bit.
  edit.floats(second.input[2])!.forEach((bias, o) =>
    narrow[hidden * outputs + o] = bias / CONSTANT
  );
  const last = attribute.ints("perm", 0, 2, 3, 1);
  edit.replace([first, gelu, second, add], [
    {
      ...first,
      input: [
        first.input[0],
        edit.addFloats(`${name}.widen`, [wide, inputs, 1, 1], widen),
        edit.addFloats(`${name}.widen.bias`, [wide], widenBias),
      ],
    },
    gelu,
    graphNode("Transpose", [gelu.output[0]], [`${name}:hidden`], last),
    graphNode(
      "Reshape",
      [`${name}:hidden`, edit.addWholeNumbers(`${name}:hidden.sizes`, -1, wide)],
      [`${name}:rows`],
    ),
    graphNode("Transpose", [shortcut], [`${name}:shortcut`], last),
    graphNode("Shape", [`${name}:shortcut`], [`${name}:sizes`]),
    graphNode(
      "Reshape",
      [`${name}:shortcut`, edit.addWholeNumbers(`${name}:shortcut.sizes`, -1, outputs)],
      [`${name}:shortcut.rows`],
    ),
    graphNode(
      "Gemm",
      [
        `${name}:rows`,
        edit.addFloats(`${name}.narrow`, [wide, outputs], narrow),
        `${name}:shortcut.rows`,
      ],
      [`${name}:sum`],
    ),
    graphNode("Reshape", [`${name}:sum`, `${name}:sizes`], [`${name}:sum.last`]),
    graphNode("Transpose", [`${name}:sum.last`], [output], attribute.ints("perm", 0, 3, 1, 2)),
  ]);
}

/** Whether a convolution has kernels of 1x1 on every pixel, and weights and bias that are constants. */
function isPointwise(edit: GraphEdit, convolution: GraphNode): boolean {
  const [, weight, bias] = convolution.input, sizes = edit.sizes(weight);
  return sizes?.length === 4 && sizes[2] === 1 && sizes[3] === 1 &&
    edit.floats(weight) !== undefined && edit.floats(bias) !== undefined &&
    integerOf(convolution, "group", 1) === 1 &&
    (integersOf(convolution, "strides") ?? []).every((stride) => stride === 1) &&
    (integersOf(convolution, "pads") ?? []).every((pad) => pad === 0);
}

/** Whether a Gelu is the one by the error function, not an approximation. */
function isExact({ attribute: given }: GraphNode): boolean {
  return !given.some(({ name }) => name === "approximate");
}
