// What a checkpoint's pickle may name: the few functions that put tensors together, and torch's storages.
// Each stands for code of this file; everything else is refused by the unpickler, so that nothing of a file is run.

import { CheckpointError } from "../../base/errors.ts";
import type { ByteSource } from "../../pickle/source.ts";
import type { UnpickleOptions } from "../../pickle/unpickle.ts";
import { isBytes, isName, type Pickled } from "../../pickle/values.ts";
import { ELEMENT_BYTES, type ElementType } from "./elements.ts";
import { quantizerOf, SCHEMES } from "./quantizer.ts";
import { type Quantizer, type Storage, StoredTensor } from "./stored_tensor.ts";

/** Values of a pickle; optimizers' states and class centres are few tensors, so that no honest file has as many. */
const MAX_VALUES = 500_000;

const MAX_TEXT = 1000;

const REMEDY =
  "write a file with nothing but tensors, by torch.save(model.state_dict(), ...) where it was trained";

/** How to unpickle a checkpoint whose storages `storageOf` finds by their keys. */
export function torchOptions(
  source: ByteSource,
  label: string,
  storageOf: (key: string, type: ElementType, length: number) => Storage,
): UnpickleOptions {
  const refused = (why: string): CheckpointError =>
    new CheckpointError(`Cannot read ${label} as ${why}: ${REMEDY}`);
  const tensor = (args: readonly Pickled[], quantizer?: Quantizer): StoredTensor => {
    const [storage, offset, sizes, strides] = args;
    if (!isStorage(storage) || !Array.isArray(sizes) || !Array.isArray(strides)) {
      throw refused("it makes a tensor of what is no storage with sizes and strides");
    }
    const view = {
      offset: wholeOf(offset),
      sizes: sizes.map(wholeOf),
      strides: strides.map(wholeOf),
    };
    return new StoredTensor(source, storage, view, quantizer);
  };
  const quantized = (args: readonly Pickled[]): Pickled => {
    const [, , sizes, , parameters] = args;
    const quantizer = quantizerOf(parameters, Array.isArray(sizes) ? sizes.map(wholeOf) : []);
    if (!quantizer) throw refused("it has a quantised tensor without sensible scales");
    return tensor(args, quantizer);
  };
  const first = ([value]: readonly Pickled[]): Pickled => value ?? null;
  const never = (): Pickled => {
    throw refused("it calls a storage");
  };
  const constant = (): Pickled => {
    throw refused("it calls a constant");
  };
  const dictionary = (entries: Pickled): Pickled => {
    if (!Array.isArray(entries)) throw refused("it makes a dictionary of what are no entries");
    return new Map(entries.map((entry) => {
      if (!Array.isArray(entry) || entry.length !== 2) {
        throw refused("it makes a dictionary of what are no entries");
      }
      return [entry[0], entry[1]];
    }));
  };
  const names = new Map<string, (args: readonly Pickled[]) => Pickled>([
    ["collections.OrderedDict", ([entries = []]) => dictionary(entries)],
    ["torch._utils._rebuild_tensor", (args) => tensor(args)],
    ["torch._utils._rebuild_tensor_v2", (args) => tensor(args)],
    ["torch._utils._rebuild_qtensor", quantized],
    ...["torch.qint8", ...SCHEMES].map((name): [string, typeof never] => [name, constant]),
    ["torch._utils._rebuild_parameter", first],
    ["torch.Size", first],
    ...Object.keys(ELEMENT_BYTES).flatMap((type): [string, typeof never][] => [
      [`torch.${type}Storage`, never],
      [`torch.cuda.${type}Storage`, never],
    ]),
  ]);
  const persistent = (id: Pickled): Pickled => {
    const [tag, type, key, , length, view = null] = Array.isArray(id) ? id : [];
    if (textOf(tag) === "module") {
      throw refused("it is a whole model with its Python code, and code is never run");
    }
    const name = isName(type) ? /^torch\.(?:cuda\.)?(\w+)Storage$/.exec(type.name)?.[1] : undefined;
    if (textOf(tag) !== "storage" || !name || view !== null) {
      throw refused("it refers to what is no storage");
    }
    const count = wholeOf(length), storageKey = textOf(key);
    if (storageKey === undefined || !Number.isSafeInteger(count) || count < 0) {
      throw refused("it refers to a storage without a key or with a length that is no number");
    }
    return storageOf(storageKey, name as ElementType, count);
  };
  return {
    label,
    maxValues: MAX_VALUES,
    names,
    persistent,
    Refused: CheckpointError,
    remedy: REMEDY,
  };
}

/** A text of sensible length; Python 2 wrote it as bytes. */
export function textOf(value: Pickled | undefined): string | undefined {
  if (typeof value === "string") return value;
  const isShort = value !== undefined && isBytes(value) && (value.length ?? Infinity) <= MAX_TEXT;
  return isShort ? String.fromCharCode(...value.read()) : undefined;
}

function isStorage(value: Pickled): value is Storage {
  return typeof value === "object" && value !== null && "kind" in value &&
    value.kind === "object" && !(value instanceof StoredTensor);
}

/** A whole number; NaN of anything else, and never through a text, which could be endless. */
function wholeOf(value: Pickled): number {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : NaN;
}
