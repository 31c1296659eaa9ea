// Files as torch.save writes them, byte by byte, without torch: honest ones, and ones that lie where a test says so.

import { crc32 } from "../image/crc32.ts";

const utf8 = new TextEncoder();

/** Bytes one after the other. */
export function bytes(...parts: readonly (Uint8Array | readonly number[] | string)[]): Uint8Array {
  const encoded = parts.map((part) => typeof part === "string" ? utf8.encode(part) : part);
  const all = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of encoded) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `value` in `count` bytes, lowest first. */
export function little(value: number | bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(BigInt(value) >> BigInt(8 * i) & 255n));
}

/** Opcodes of a pickle of protocol 2. */
export const pickle = {
  whole: (body: Uint8Array): Uint8Array => bytes([0x80, 2], body, "."),
  text: (text: string): Uint8Array => {
    const encoded = utf8.encode(text);
    return bytes("X", little(encoded.length, 4), encoded);
  },
  number: (value: number | bigint): Uint8Array =>
    BigInt.asIntN(32, BigInt(value)) === BigInt(value)
      ? bytes("J", little(value, 4))
      : bytes([0x8a, 9], little(value, 9)),
  tuple: (...items: readonly Uint8Array[]): Uint8Array => bytes("(", ...items, "t"),
  list: (...items: readonly Uint8Array[]): Uint8Array => bytes("](", ...items, "e"),
  name: (module: string, name: string): Uint8Array => bytes("c", module, "\n", name, "\n"),
  call: (name: Uint8Array, ...args: readonly Uint8Array[]): Uint8Array =>
    bytes(name, pickle.tuple(...args), "R"),
  dictionary: (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
    bytes(
      "}(",
      ...Object.entries(entries).flatMap(([key, value]) => [pickle.text(key), value]),
      "u",
    ),
};

/** A tensor of float32, and what its file says of it. */
export interface TensorOf {
  readonly values: Float32Array;
  readonly sizes: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** Numbers that its storage is said to have. */
  readonly said?: number | bigint;
  readonly type?: string;
}

function tensor(key: string, of: TensorOf, isLegacy: boolean): Uint8Array {
  const { text, number, tuple, name, call } = pickle;
  const { values, sizes, offset = 0, said = values.length, type = "FloatStorage" } = of;
  const strides = of.strides ?? sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
  const storage = tuple(
    ...[text("storage"), name("torch", type), text(key), text("cpu"), number(said)],
    ...isLegacy ? [bytes("N")] : [],
  );
  return call(
    name("torch._utils", "_rebuild_tensor_v2"),
    bytes(storage, "Q"),
    number(offset),
    tuple(...sizes.map(number)),
    tuple(...strides.map(number)),
    bytes([0x89]),
    call(name("collections", "OrderedDict")),
  );
}

/** A state dictionary's pickle. */
export function stateOf(
  tensors: Readonly<Record<string, TensorOf>>,
  isLegacy = false,
): Uint8Array {
  return pickle.dictionary(
    Object.fromEntries(
      Object.entries(tensors).map(([name, of], i) => [name, tensor(String(i), of, isLegacy)]),
    ),
  );
}

/** The zip format. */
export function zipFile(tensors: Readonly<Record<string, TensorOf>>): Uint8Array {
  return zip({
    "archive/data.pkl": pickle.whole(stateOf(tensors)),
    ...storages(tensors),
    "archive/version": bytes("3\n"),
  });
}

/** The records of the storages. */
export function storages(tensors: Readonly<Record<string, TensorOf>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.values(tensors).map(({ values }, i) => [
      `archive/data/${i}`,
      new Uint8Array(values.slice().buffer),
    ]),
  );
}

/** The legacy format. */
export function legacyFile(tensors: Readonly<Record<string, TensorOf>>): Uint8Array {
  const all = Object.values(tensors);
  return bytes(
    pickle.whole(bytes([0x8a, 10], little(0x1950a86a20f9469cfc6cn, 10))),
    pickle.whole(pickle.number(1001)),
    pickle.whole(bytes("}", pickle.text("little_endian"), [0x88], "s")),
    pickle.whole(stateOf(tensors, true)),
    pickle.whole(pickle.list(...all.map((_, i) => pickle.text(String(i))))),
    ...all.flatMap(({ values }) => [
      little(values.length, 8),
      new Uint8Array(values.slice().buffer),
    ]),
  );
}

/** MXNet's .params with one array of float32, of these sizes and storage type. */
export function mxnetFile(
  sizes: readonly (number | bigint)[],
  { sparse = 0, count = 1, names = 1, length = 9 } = {},
): Uint8Array {
  return bytes(
    [...little(0x112, 8), ...little(0, 8), ...little(count, 8), ...little(0xf993fac9, 4)],
    [...little(sparse, 4), ...little(sizes.length, 4), ...sizes.flatMap((size) => little(size, 8))],
    [...little(1, 8), ...little(0, 4)],
    new Uint8Array(16),
    [...little(names, 8), ...little(length, 8)],
    "arg:other",
  );
}

/** What a zip's directory says other than the truth. */
export interface ZipLies {
  readonly method?: number;
  readonly flags?: number;
  readonly size?: number;
  readonly header?: number;
  readonly count?: number;
  /** Sizes and places in zip64 fields. */
  readonly large?: boolean;
}

/** A zip of records stored as they are. */
export function zip(records: Readonly<Record<string, Uint8Array>>, lies: ZipLies = {}): Uint8Array {
  const files: Uint8Array[] = [], directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, data] of Object.entries(records)) {
    const common = [...little(0, 4), ...little(crc32(data), 4)];
    const length = lies.size ?? data.length, header = lies.header ?? at;
    const local = bytes(
      "PK\x03\x04",
      [...little(20, 2), ...little(0, 4), ...common, ...little(data.length, 4)],
      [...little(data.length, 4), ...little(name.length, 2), 0, 0],
      name,
      data,
    );
    const extra = lies.large
      ? [
        ...little(1, 2),
        ...little(24, 2),
        ...little(length, 8),
        ...little(length, 8),
        ...little(header, 8),
      ]
      : [];
    const field = (value: number): number[] => little(lies.large ? 0xffffffff : value, 4);
    directory.push(bytes(
      "PK\x01\x02",
      [
        ...little(20, 2),
        ...little(20, 2),
        ...little(lies.flags ?? 0, 2),
        ...little(lies.method ?? 0, 2),
      ],
      [...common, ...field(length), ...field(length), ...little(name.length, 2)],
      [...little(extra.length, 2), ...little(0, 10), ...field(header)],
      name,
      extra,
    ));
    files.push(local);
    at += local.length;
  }
  const entries = bytes(...directory), count = lies.count ?? files.length;
  const end64 = lies.large
    ? bytes(
      "PK\x06\x06",
      [...little(44, 8), ...little(0, 12), ...little(count, 8), ...little(count, 8)],
      [...little(entries.length, 8), ...little(at, 8)],
      "PK\x06\x07",
      [...little(0, 4), ...little(at + entries.length, 8), ...little(1, 4)],
    )
    : bytes();
  const said = (value: number, size: number): number[] =>
    little(lies.large ? 2 ** (8 * size) - 1 : value, size);
  return bytes(
    ...files,
    entries,
    end64,
    "PK\x05\x06",
    [
      ...little(0, 4),
      ...said(count, 2),
      ...said(count, 2),
      ...said(entries.length, 4),
      ...said(at, 4),
      0,
      0,
    ],
  );
}

/** The weights of the smallest MobileFaceNet: 2 channels, templates of 3 numbers. */
export function smallNetwork(): Record<string, TensorOf> {
  const tensors: Record<string, TensorOf> = {};
  let next = 1;
  const add = (name: string, ...sizes: number[]): void => {
    const values = Float32Array.from(
      { length: sizes.reduce((a, b) => a * b, 1) },
      () => (next = next * 48271 % 2147483647) / 2147483647,
    );
    tensors[name] = { values, sizes };
  };
  const norm = (name: string, channels: number): void => {
    for (const part of ["weight", "bias", "running_mean", "running_var"]) {
      add(`${name}.${part}`, channels);
    }
  };
  const convolution = (name: string, inputs: number, size: number, active = true): void => {
    add(`${name}.layers.0.weight`, 2, inputs, size, size);
    norm(`${name}.layers.1`, 2);
    if (active) add(`${name}.layers.2.weight`, 2);
  };
  convolution("layers.0", 3, 3);
  convolution("layers.1", 1, 3);
  convolution("layers.2.layers.0", 2, 1);
  convolution("layers.2.layers.1", 1, 3);
  convolution("layers.2.layers.2", 2, 1, false);
  convolution("conv_sep", 2, 1);
  convolution("features.layers.0", 1, 7, false);
  add("features.layers.2.weight", 3, 2);
  norm("features.layers.3", 3);
  return tensors;
}
