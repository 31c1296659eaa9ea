// Reads safetensors, in which the Hugging Face hub keeps weights: the length of a JSON header, the header, which names
// each tensor's type, shape and place, and the numbers. Format: the README of github.com/huggingface/safetensors.

import { CheckpointError } from "../../base/errors.ts";
import type { ByteSource } from "../../pickle/source.ts";
import { ELEMENT_BYTES, type ElementType } from "../torch/elements.ts";
import { StoredTensor } from "../torch/stored_tensor.ts";

/** The format's types. */
const TYPES: Readonly<Record<string, ElementType>> = {
  F64: "Double",
  F32: "Float",
  F16: "Half",
  BF16: "BFloat16",
  I64: "Long",
  I32: "Int",
  I16: "Short",
  I8: "Char",
  U8: "Byte",
  BOOL: "Bool",
};

/** The limit of the format's own reader, in bytes of the header. */
const MAX_HEADER = 100e6;

/** Whether a file begins as safetensors: a length that fits, and the header's brace. */
export function isSafetensors(source: ByteSource): boolean {
  if (source.length < 10) return false;
  const length = headerLength(source);
  return length >= 2 && length <= source.length - 8 && source.read(8, 1)[0] === 0x7b;
}

/**
 * The tensors by their names.
 *
 * @throws {CheckpointError} If the header is too long, no JSON, or says of a tensor what cannot be.
 */
export function readSafetensors(
  source: ByteSource,
  label: string,
): ReadonlyMap<string, StoredTensor> {
  const refused = (why: string): CheckpointError =>
    new CheckpointError(`Cannot read ${label} as ${why}: check that it was copied as a whole`);
  const length = headerLength(source);
  if (length > MAX_HEADER) throw refused(`its header has ${length} bytes`);
  const first = 8 + length;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, about] of Object.entries(parseHeader(source, length, refused))) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = Object(about) as Record<string, unknown>;
    const type = typeof dtype === "string" && Object.hasOwn(TYPES, dtype)
      ? TYPES[dtype]
      : undefined;
    if (!type) {
      throw refused(`its tensor ${name} is of type ${JSON.stringify(dtype)?.slice(0, 20)}`);
    }
    if (!areSizes(shape) || !areSizes(offsets) || offsets.length !== 2) {
      throw refused(`its tensor ${name} has no shape or place`);
    }
    const [start, end] = offsets, count = shape.reduce((product, size) => product * size, 1);
    if (end - start !== count * ELEMENT_BYTES[type] || first + end > source.length) {
      throw refused(
        `its tensor ${name} of ${shape.join("x")} ${dtype} is not at ${start} to ${end}`,
      );
    }
    const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const storage = { kind: "object", type, length: count, start: () => first + start } as const;
    tensors.set(name, new StoredTensor(source, storage, { offset: 0, sizes: shape, strides }));
  }
  return tensors;
}

function parseHeader(
  source: ByteSource,
  length: number,
  refused: (why: string) => CheckpointError,
): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(source.read(8, length)));
  } catch (cause) {
    throw refused(`its header is no JSON (${(cause as Error).message.slice(0, 80)})`);
  }
}

function headerLength(source: ByteSource): number {
  const bytes = new Uint8Array(source.read(0, 8));
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}

function areSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
