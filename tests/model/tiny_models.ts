// Small networks with made-up weights in the families' forms: each averages 16x16 blocks and multiplies by a matrix, so
// that the tests can compute what must come out.

import { familyOf } from "../../src/model/families.ts";
import { tensorShape } from "../../src/runtime/tensor_spec.ts";
import { attribute, encodeModel, FLOAT, FLOAT16 } from "../../src/onnx/model_proto.ts";

const BLOCKS = 7;
/** Numbers that the matrix takes. */
export const FEATURES = 3 * BLOCKS * BLOCKS;

/** Numbers of about -1 to 1, the same for a seed. */
export function noise(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed + 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** What is odd about a network. */
export interface Oddity {
  /** Numbers of a template; by default the family's. */
  readonly size?: number;
  /** A batch of one only. */
  readonly fixed?: boolean;
  /** Rows that depend on the batch: their mean is subtracted. */
  readonly mixes?: boolean;
  /** Outputs that are not of length 1, also where the family's are. */
  readonly long?: boolean;
  readonly float16Input?: boolean;
  readonly zero?: boolean;
  readonly infinite?: boolean;
  readonly nodeNames?: readonly string[];
}

/** The matrix, `[FEATURES, size]`, of a seed. */
export function matrixOf(size: number, seed: number): Float32Array<ArrayBuffer> {
  return noise(FEATURES * size, seed);
}

/** The bytes of a network in the form of a family. */
export function tinyModel(like: string, seed = 1, odd: Oddity = {}): Uint8Array<ArrayBuffer> {
  const family = familyOf(like), { layout } = family.input;
  const size = odd.size ?? family.templateSize;
  const matrix = matrixOf(size, seed);
  if (odd.zero) matrix.fill(0);
  if (odd.infinite) matrix.fill(Infinity);
  const info = (name: string, sizes: readonly number[], elemType: number) => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: {
          dim: sizes.map((dimValue, i) =>
            i === 0 && !odd.fixed ? { dimParam: "batch" } : { dimValue }
          ),
        },
      },
    },
  });
  const node = (
    opType: string,
    input: string[],
    output: string,
    attributes: ReturnType<typeof attribute.ints>[] = [],
  ) => ({ opType, input, output: [output], attribute: attributes });
  const nodes = [
    ...(layout === "NHWC"
      ? [node("Transpose", ["data"], "planes", [attribute.ints("perm", 0, 3, 1, 2)])]
      : []),
    node("AveragePool", [layout === "NHWC" ? "planes" : "data"], "blocks", [
      attribute.ints("kernel_shape", 16, 16),
      attribute.ints("strides", 16, 16),
    ]),
    node("Flatten", ["blocks"], "flat"),
    node("MatMul", ["flat", "matrix"], "raw"),
    ...(odd.mixes
      ? [
        node("ReduceMean", ["raw"], "mean", [attribute.ints("axes", 0)]),
        node("Mul", ["mean", "half"], "part"),
        node("Sub", ["raw", "part"], "template"),
      ]
      : family.output === "normalised" && !odd.long
      ? [
        node("LpNormalization", ["raw"], "template", [
          attribute.int("axis", 1),
          attribute.int("p", 2),
        ]),
      ]
      : [node("Identity", ["raw"], "template")]),
  ];
  odd.nodeNames?.forEach((name, i) => Object.assign(nodes[i], { name }));
  const tensor = (name: string, dims: number[], values: Float32Array) => ({
    name,
    dims,
    dataType: FLOAT,
    rawData: new Uint8Array(values.buffer),
  });
  return encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      name: like,
      node: nodes,
      initializer: [
        tensor("matrix", [FEATURES, size], matrix),
        ...(odd.mixes ? [tensor("half", [1], Float32Array.of(0.5))] : []),
      ],
      input: [info("data", tensorShape(family.input, 1), odd.float16Input ? FLOAT16 : FLOAT)],
      output: [info("template", [1, size], FLOAT)],
    },
  });
}
