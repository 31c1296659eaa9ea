// Reads what torch.save wrote: its zip format (torch 1.6 and later) or the legacy one, a row of pickles and storages.
// Only the pickles are read here; tensors know where their numbers lie.

import { CheckpointError } from "../../base/errors.ts";
import { type ByteSource, memorySource } from "../../pickle/source.ts";
import { unpickle, unpickleOne } from "../../pickle/unpickle.ts";
import type { Pickled } from "../../pickle/values.ts";
import { ELEMENT_BYTES, type ElementType } from "./elements.ts";
import { textOf, torchOptions } from "./names.ts";
import type { Storage } from "./stored_tensor.ts";
import { readZip } from "./zip.ts";

/** The number that begins a legacy file. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
/** A pickle of more bytes is no checkpoint's: it names tensors and holds none. */
const MAX_PICKLE = 64 << 20;

/**
 * The value that was saved; its tensors are {@linkcode StoredTensor}s that read the source when asked.
 *
 * @throws {CheckpointError} If the file is neither format, cut short or corrupt, or has anything but data and tensors.
 */
export function readTorch(source: ByteSource, label: string): Pickled {
  const [a, b, c, d] = source.length >= 4 ? source.read(0, 4) : [];
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4) return readZipFormat(source, label);
  if (a === 0x80) return readLegacy(source, label);
  throw new CheckpointError(
    `Cannot read ${label} as its ${source.length} bytes do not begin as a file of torch.save ` +
      `or safetensors: give a .pth, .pt or .ckpt of PyTorch, a .safetensors, or MXNet's .params`,
  );
}

function refuse(label: string, why: string): CheckpointError {
  return new CheckpointError(`Cannot read ${label} as ${why}: check that it was copied as a whole`);
}

function readZipFormat(source: ByteSource, label: string): Pickled {
  const records = readZip(source, label);
  const pickles = [...records.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw refuse(label, `its zip has ${pickles.length} records */data.pkl and not one`);
  }
  const folder = pickles[0].slice(0, -"data.pkl".length);
  if (records.has(`${folder}constants.pkl`)) {
    throw new CheckpointError(
      `Cannot read ${label} as it is a TorchScript program, and code is never run: save its state_dict()`,
    );
  }
  const order = records.get(`${folder}byteorder`);
  if (
    order &&
    new TextDecoder().decode(source.read(order.start, Math.min(order.length, 9))) !== "little"
  ) {
    throw refuse(label, "its numbers are not little-endian");
  }
  const storageOf = (key: string, type: ElementType, length: number): Storage => {
    const record = records.get(`${folder}data/${key}`);
    const bytes = length * ELEMENT_BYTES[type];
    if (record?.length !== bytes) {
      throw refuse(
        label,
        `storage ${key} is said to have ${bytes} bytes and has ${record?.length ?? "none"}`,
      );
    }
    return { kind: "object", type, length, start: () => record.start };
  };
  const known = new Map<string, Storage>();
  const options = torchOptions(source, label, (key, type, length) => {
    const storage = known.get(key) ?? storageOf(key, type, length);
    checkSame(storage, type, length, label, key);
    known.set(key, storage);
    return storage;
  });
  const record = records.get(pickles[0])!;
  if (record.length > MAX_PICKLE) throw refuse(label, `its pickle has ${record.length} bytes`);
  return unpickle(memorySource(source.read(record.start, record.length)), options);
}

function readLegacy(source: ByteSource, label: string): Pickled {
  const storages = new Map<string, Storage>(), starts = new Map<string, number>();
  const options = torchOptions(source, label, (key, type, length) => {
    const storage = storages.get(key) ?? {
      kind: "object",
      type,
      length,
      start: () => starts.get(key)!,
    };
    checkSame(storage, type, length, label, key);
    storages.set(key, storage);
    return storage;
  });
  const magic = unpickleOne(source, options);
  if (magic.value !== LEGACY_MAGIC) {
    throw refuse(label, "it is a pickle of something else than a checkpoint");
  }
  const protocol = unpickleOne(source, { ...options, start: magic.end });
  if (protocol.value !== 1001) throw refuse(label, "it is not of torch's protocol 1001");
  const system = unpickleOne(source, { ...options, start: protocol.end });
  if (system.value instanceof Map) {
    for (const [key, value] of system.value) {
      if (textOf(key) === "little_endian" && value !== true) {
        throw refuse(label, "its numbers are not little-endian");
      }
    }
  }
  const saved = unpickleOne(source, { ...options, start: system.end });
  const keys = unpickleOne(source, { ...options, start: saved.end });
  let at = keys.end;
  for (const value of Array.isArray(keys.value) ? keys.value : []) {
    const key = textOf(value), storage = key === undefined ? undefined : storages.get(key);
    if (!storage || starts.has(key!)) {
      throw refuse(label, `it lists a storage ${key} that it lacks`);
    }
    if (at + 8 > source.length) throw refuse(label, `it is cut short at byte ${source.length}`);
    const head = source.read(at, 8);
    const length = Number(
      new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true),
    );
    if (length !== storage.length) {
      throw refuse(
        label,
        `storage ${key} is said to have ${storage.length} numbers and has ${length}`,
      );
    }
    starts.set(key!, at + 8);
    at += 8 + length * ELEMENT_BYTES[storage.type];
    if (at > source.length) throw refuse(label, `it is cut short at byte ${source.length}`);
  }
  if (starts.size !== storages.size) {
    throw refuse(label, `it has ${starts.size} of the ${storages.size} storages that it refers to`);
  }
  return saved.value;
}

function checkSame(
  storage: Storage,
  type: ElementType,
  length: number,
  label: string,
  key: string,
): void {
  if (storage.type !== type || storage.length !== length) {
    throw refuse(
      label,
      `it calls storage ${key} both ${storage.type}[${storage.length}] and ${type}[${length}]`,
    );
  }
}
