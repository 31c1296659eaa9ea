// Reads Python pickles of protocols 2 to 5 as data: the opcodes that build values, and calls of listed names only.
// Own code, as npm's pickleparser decodes Python 2 strings as text, spreads lists of any length over the JavaScript
// stack and lets a pickle set any property of objects. Opcodes: CPython's Lib/pickletools.py.

import { DatasetError, MaskinvError } from "../base/errors.ts";
import type { ByteSource, Refusal } from "./source.ts";
import { bytesAt, encodeLatin1, isName, type Pickled, textAt } from "./values.ts";

/** Options of {@linkcode unpickle}. */
export interface UnpickleOptions {
  /** What messages call the pickle. */
  readonly label: string;
  /** The most values that may be made; 20 million by default. */
  readonly maxValues?: number;
  /** Byte of the source at which the pickle begins; 0 by default. */
  readonly start?: number;
  /** What may be named besides `_codecs.encode`, and what a call of each gives; by default nothing. */
  readonly names?: ReadonlyMap<string, (args: readonly Pickled[]) => Pickled>;
  /** What a persistent id stands for; by default there may be none. */
  readonly persistent?: (id: Pickled) => Pickled;
  /** The error to throw; `DatasetError` by default. */
  readonly Refused?: Refusal;
  /** What to do about a pickle that is refused. */
  readonly remedy?: string;
}

/** Lists within lists within ... end here, as does what waits outside of any list: no honest data goes this deep. */
const MAX_OPEN = 1000;

/**
 * Reads one pickle.
 *
 * @param source The bytes.
 * @param options See {@linkcode UnpickleOptions}.
 * @returns The value; bytes and long texts are read from the source when asked for.
 * @throws {DatasetError} If the pickle is cut short, corrupt, of another protocol, too large, or names a class or
 * function that is not listed; nothing that it names is ever run: what stands for a listed name is code of this project.
 * A reader with an error of its own has that thrown.
 */
export function unpickle(source: ByteSource, options: UnpickleOptions): Pickled {
  return unpickleOne(source, options).value;
}

/** As {@linkcode unpickle}, of a source in which more may follow; `end` is the byte behind the pickle. */
export function unpickleOne(
  source: ByteSource,
  options: UnpickleOptions,
): { readonly value: Pickled; readonly end: number } {
  const machine = new Machine(source, options);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  readonly #source: ByteSource;
  readonly #options: UnpickleOptions;
  readonly #memo = new Map<number, Pickled>();
  readonly #marked: Pickled[][] = [];
  #stack: Pickled[] = [];
  #at: number;
  #made = 0;

  constructor(source: ByteSource, options: UnpickleOptions) {
    this.#source = source;
    this.#options = options;
    this.#at = options.start ?? 0;
  }

  get at(): number {
    return this.#at;
  }

  run(): Pickled {
    if (this.#source.length < this.#at + 2 || this.#byte() !== 0x80) {
      throw this.#refused("it does not begin as a pickle of protocol 2 to 5");
    }
    const protocol = this.#byte();
    if (protocol < 2 || protocol > 5) throw this.#refused(`it is of pickle protocol ${protocol}`);
    for (;;) {
      const start = this.#at, code = this.#byte();
      if (code === STOP) {
        const value = this.#pop();
        if (this.#stack.length === 0 && this.#marked.length === 0) return value;
        throw this.#refused("it ends with values left over");
      }
      const step = STEPS[code];
      if (!step) {
        const hex = code.toString(16).padStart(2, "0");
        throw this.#refused(
          `it has opcode 0x${hex} at byte ${start}, which plain data does not need`,
        );
      }
      step(this.#hands);
    }
  }

  /** What the steps may do: kept apart so that the table below can be read at a glance. */
  readonly #hands: Hands = {
    byte: () => this.#byte(),
    number: (bytes) => this.#number(bytes),
    push: (value) => this.#push(value),
    pop: () => this.#pop(),
    top: () => this.#top(),
    mark: () => this.#mark(),
    sinceMark: () => this.#sinceMark(),
    bytes: (length) => this.#span(length, bytesAt),
    text: (length) => this.#span(length, textAt),
    view: (length) => this.#view(length),
    line: () => this.#line(),
    keep: (index) => this.#memo.set(index, this.#top()),
    keepNext: () => this.#memo.set(this.#memo.size, this.#top()),
    recall: (index) => this.#recall(index),
    name: (module, name) => this.#name(module, name),
    call: () => this.#call(),
    persistent: () => this.#persistent(),
    build: () => this.#build(),
    refused: (why) => this.#refused(why),
  };

  #byte(): number {
    if (this.#at === this.#source.length) {
      throw this.#refused(`it is cut short at byte ${this.#at}`);
    }
    return this.#source.read(this.#at++, 1)[0];
  }

  #view(length: number): Uint8Array {
    if (this.#at + length > this.#source.length) {
      throw this.#refused(`it is cut short at byte ${this.#source.length}`);
    }
    const bytes = this.#source.read(this.#at, length);
    this.#at += length;
    return bytes;
  }

  /** An unsigned number, lowest byte first. */
  #number(bytes: number): number {
    let value = 0;
    this.#view(bytes).forEach((byte, i) => value += byte * 256 ** i);
    return value;
  }

  #push(value: Pickled): void {
    const { maxValues = 20_000_000 } = this.#options;
    if (++this.#made > maxValues) throw this.#refused(`it has more than ${maxValues} values`);
    if (this.#marked.length === 0 && this.#stack.length === MAX_OPEN) {
      throw this.#refused(`it is nested more than ${MAX_OPEN} deep`);
    }
    this.#stack.push(value);
  }

  #pop(): Pickled {
    if (this.#stack.length === 0) throw this.#refused(`it takes a value from an empty stack`);
    return this.#stack.pop()!;
  }

  #top(): Pickled {
    if (this.#stack.length === 0) throw this.#refused(`it takes a value from an empty stack`);
    return this.#stack[this.#stack.length - 1];
  }

  #mark(): void {
    if (this.#marked.length === MAX_OPEN) {
      throw this.#refused(`it is nested more than ${MAX_OPEN} deep`);
    }
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  #sinceMark(): Pickled[] {
    const values = this.#stack, below = this.#marked.pop();
    if (!below) throw this.#refused("it ends a list that was not begun");
    this.#stack = below;
    return values;
  }

  #span<T>(length: number, make: (source: ByteSource, at: number, length: number) => T): T {
    const start = this.#at;
    if (!(start + length <= this.#source.length)) {
      throw this.#refused(`it is cut short at byte ${this.#source.length}`);
    }
    this.#at += length;
    try {
      return make(this.#source, start, length);
    } catch (error) {
      if (error instanceof MaskinvError) throw error;
      throw this.#refused(`the text at byte ${start} is not UTF-8`);
    }
  }

  #line(): string {
    let text = "";
    for (let byte = this.#byte(); byte !== 10; byte = this.#byte()) {
      text += String.fromCharCode(byte);
      if (text.length > 200) throw this.#refused("it names something of more than 200 characters");
    }
    return text;
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) {
      throw this.#refused(`it recalls value ${index}, which it did not keep`);
    }
    this.#push(value);
  }

  #name(module: Pickled, name: Pickled): void {
    // Lists of lists of lists ... would be endless as texts.
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.#refused("it names something by what is no text");
    }
    const full = `${module}.${name}`;
    const call = this.#options.names?.get(full);
    if (call) return this.#push({ kind: "name", name: full, call });
    if (full !== "_codecs.encode") {
      throw this.#refused(
        `it names ${JSON.stringify(full.slice(0, 80))}, and code is never run`,
      );
    }
    this.#push({
      kind: "name",
      name: full,
      call: (args) => {
        const bytes = encodeLatin1(args);
        if (!bytes) throw this.#refused("it calls _codecs.encode with other than a latin1 text");
        return bytes;
      },
    });
  }

  #call(): void {
    const args = this.#pop(), name = this.#pop();
    if (!isName(name) || !Array.isArray(args)) {
      throw this.#refused("it calls what is no function");
    }
    this.#push(name.call(args));
  }

  #persistent(): void {
    const { persistent } = this.#options;
    if (!persistent) throw this.#refused("it has a persistent id, which plain data does not need");
    this.#push(persistent(this.#pop()));
  }

  /** Attributes of a dictionary that a listed name made, as torch's `_metadata`, are dropped; nothing else has any. */
  #build(): void {
    this.#pop();
    if (!this.#options.names || !(this.#top() instanceof Map)) {
      throw this.#refused("it builds the state of an object, which plain data does not need");
    }
  }

  #refused(why: string): MaskinvError {
    const { label, Refused = DatasetError, remedy } = this.#options;
    return new Refused(
      `Cannot read ${label} as ${why}: ${
        remedy ?? "give a file that Python's pickle wrote of plain data"
      }`,
    );
  }
}

interface Hands {
  byte(): number;
  number(bytes: number): number;
  push(value: Pickled): void;
  pop(): Pickled;
  top(): Pickled;
  mark(): void;
  sinceMark(): Pickled[];
  bytes(length: number): Pickled;
  text(length: number): Pickled;
  view(length: number): Uint8Array;
  line(): string;
  keep(index: number): void;
  keepNext(): void;
  recall(index: number): void;
  name(module: Pickled, name: Pickled): void;
  call(): void;
  persistent(): void;
  build(): void;
  refused(why: string): MaskinvError;
}

type Step = (hands: Hands) => void;

const STOP = 0x2e;

/** The opcodes, by their bytes. */
const STEPS: Readonly<Record<number, Step>> = {
  0x95: (h) => void h.view(8), // FRAME
  0x28: (h) => h.mark(),
  0x30: (h) => void h.pop(),
  0x31: (h) => void h.sinceMark(), // POP_MARK
  0x32: (h) => h.push(h.top()), // DUP
  // Values.
  0x4e: (h) => h.push(null),
  0x88: (h) => h.push(true),
  0x89: (h) => h.push(false),
  0x4b: (h) => h.push(h.byte()), // BININT1
  0x4d: (h) => h.push(h.number(2)), // BININT2
  0x4a: (h) => h.push(h.number(4) | 0), // BININT
  0x8a: (h) => h.push(long(h.view(h.byte()))), // LONG1
  0x47: (h) => h.push(float(h.view(8))), // BINFLOAT
  // Bytes and Python 2 strings; texts.
  0x43: (h) => h.push(h.bytes(h.byte())),
  0x42: (h) => h.push(h.bytes(h.number(4))),
  0x8e: (h) => h.push(h.bytes(h.number(8))),
  0x96: (h) => h.push(h.bytes(h.number(8))), // BYTEARRAY8
  0x55: (h) => h.push(h.bytes(h.byte())),
  0x54: (h) => h.push(h.bytes(h.number(4))),
  0x8c: (h) => h.push(h.text(h.byte())),
  0x58: (h) => h.push(h.text(h.number(4))),
  0x8d: (h) => h.push(h.text(h.number(8))),
  // Tuples, lists, dictionaries and sets.
  0x29: (h) => h.push([]),
  0x85: (h) => h.push([h.pop()]),
  0x86: (h) => h.push([h.pop(), h.pop()].reverse()),
  0x87: (h) => h.push([h.pop(), h.pop(), h.pop()].reverse()),
  0x74: (h) => h.push(h.sinceMark()),
  0x5d: (h) => h.push([]),
  0x6c: (h) => h.push(h.sinceMark()),
  0x61: (h) => append(h, [h.pop()]),
  0x65: (h) => append(h, h.sinceMark()),
  0x7d: (h) => h.push(new Map()),
  0x64: (h) => {
    const items = h.sinceMark();
    h.push(new Map());
    set(h, items);
  },
  0x73: (h) => set(h, [h.pop(), h.pop()].reverse()),
  0x75: (h) => set(h, h.sinceMark()),
  0x8f: (h) => h.push(new Set()),
  0x90: (h) => add(h, h.sinceMark()),
  // The memo.
  0x71: (h) => h.keep(h.byte()),
  0x72: (h) => h.keep(h.number(4)),
  0x94: (h) => h.keepNext(),
  0x68: (h) => h.recall(h.byte()),
  0x6a: (h) => h.recall(h.number(4)),
  // Names and calls; only listed names get past `name`.
  0x63: (h) => h.name(h.line(), h.line()),
  0x93: (h) => {
    const name = h.pop();
    h.name(h.pop(), name);
  },
  0x52: (h) => h.call(),
  // What only readers of tensors allow.
  0x51: (h) => h.persistent(), // BINPERSID
  0x62: (h) => h.build(),
};

function append(hands: Hands, values: readonly Pickled[]): void {
  const list = hands.top();
  if (!Array.isArray(list)) throw hands.refused("it appends to what is no list");
  for (const value of values) list.push(value);
}

function set(hands: Hands, items: readonly Pickled[]): void {
  const map = hands.top();
  if (!(map instanceof Map) || items.length % 2 !== 0) {
    throw hands.refused("it sets a key of what is no dictionary");
  }
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
}

function add(hands: Hands, values: readonly Pickled[]): void {
  const target = hands.top();
  if (!(target instanceof Set)) throw hands.refused("it adds to what is no set");
  for (const value of values) target.add(value);
}

function long(bytes: Uint8Array): bigint {
  let value = 0n;
  bytes.forEach((byte, i) => value |= BigInt(byte) << BigInt(8 * i));
  return BigInt.asIntN(8 * bytes.length, value);
}

function float(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
}
