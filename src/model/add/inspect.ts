// Whether an ONNX file has the form of its family, read from its graph before anything is run.
// A file that takes one picture a run gets a batch of any size here; trial.ts shows whether that holds.

import { tensorShape } from "../../runtime/tensor_spec.ts";
import { ModelError } from "../../base/errors.ts";
import {
  decodeModel,
  encodeModel,
  FLOAT,
  freeInputs,
  sizesOf,
  type ValueInfoProto,
} from "../../onnx/model_proto.ts";
import type { Family } from "../families.ts";

/** A file of the form of its family. */
export interface Inspected {
  /** The file, or the file with a batch of any size. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputName: string;
  readonly output: string;
  /** Whether `bytes` differ from what was given. */
  readonly rebatched: boolean;
}

/** Checks inputs and outputs; throws ModelError with what was seen and which family would fit. */
export function inspectModel(
  bytes: Uint8Array<ArrayBuffer>,
  family: Family,
  label: string,
): Inspected {
  const model = decodeModel(bytes, label), { graph } = model;
  const inputs = freeInputs(graph), outputs = graph.output!;
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new ModelError(
      `Cannot use ${label} as it has ${inputs.length} inputs and ${outputs.length} outputs: ` +
        `give an embedding network, which has one of each`,
    );
  }
  const [input] = inputs, [output] = outputs;
  if (family.name === "insightface" && normalisesItself(graph.node!)) {
    throw new ModelError(
      `Cannot use ${label} as insightface as its first nodes normalise the pixels: ` +
        `add it with --like insightface_mxnet`,
    );
  }
  checkInput(input, family, label);
  checkOutput(output, family, label);
  const names = { inputName: input.name!, output: output.name! };
  if (sizesOf(input)?.[0] === -1) return { bytes, ...names, rebatched: false };
  for (const info of [input, output]) openBatch(info);
  // What was worked out for one picture does not hold for several.
  graph.valueInfo = [];
  return { bytes: encodeModel(model), ...names, rebatched: true };
}

/** Returns whether the graph normalises its input, by insightface's test: Sub and Mul among the first nodes. */
function normalisesItself(nodes: readonly { readonly name?: string | null }[]): boolean {
  const first = nodes.slice(0, 8).map(({ name }) => name ?? "");
  return first.some((name) => /^(Sub|_minus)/.test(name)) &&
    first.some((name) => /^(Mul|_mul)/.test(name));
}

function checkInput(input: ValueInfoProto, family: Family, label: string): void {
  const wanted = tensorShape(family.input, 1), sizes = sizesOf(input);
  const type = input.type?.tensorType?.elemType;
  if (type !== FLOAT) {
    throw new ModelError(
      `Cannot use ${label} as its input ${input.name} has element type ${type} and must have 1 (float32): ` +
        `export it with a float32 input`,
    );
  }
  const fits = !sizes || (sizes.length === 4 &&
    sizes.every((size, i) => size === -1 || i === 0 || size === wanted[i]));
  if (fits && (!sizes || sizes[0] === -1 || sizes[0] === 1)) return;
  throw new ModelError(
    `Cannot use ${label} as ${family.name} as its input ${input.name} is [${
      shown(sizes)
    }] and must be ` +
      `[N, ${wanted.slice(1).join(", ")}] (${family.input.layout}): name the family that it is of`,
  );
}

function checkOutput(output: ValueInfoProto, { name, templateSize }: Family, label: string): void {
  const sizes = sizesOf(output);
  const last = sizes?.at(-1);
  if (!sizes || (sizes.length === 2 && (last === -1 || last === templateSize))) return;
  throw new ModelError(
    `Cannot use ${label} as ${name} as its output ${output.name} is [${
      shown(sizes)
    }] and must be ` +
      `[N, ${templateSize}]: name the family that it is of, or give --template-size`,
  );
}

function openBatch({ type }: ValueInfoProto): void {
  const dims = type?.tensorType?.shape?.dim;
  if (dims?.length) dims[0] = { dimParam: "N" };
}

function shown(sizes: readonly number[] | undefined): string {
  return sizes?.map((size) => size === -1 ? "N" : size).join(", ") ?? "unknown";
}
