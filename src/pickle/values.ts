// What an unpickler makes: plain data. Long texts and bytes stay in the source until they are asked for.
// No value of these is ever code: a Python class or function is a `PickledName`, and only listed ones are called.

import type { ByteSource } from "./source.ts";

/** Bytes of a pickle, read when asked for. */
export interface PickledBytes {
  readonly kind: "bytes";
  /** Number of bytes, where it is known without reading them. */
  readonly length?: number;
  /** The bytes; valid while the source is open. */
  read(): Uint8Array;
}

/** A long text of a pickle, read when asked for. */
export interface PickledText {
  readonly kind: "text";
  /** The text. */
  read(): string;
}

/** A Python class or function that a pickle names, and what stands for its call. */
export interface PickledName {
  readonly kind: "name";
  /** Module and name, as `_codecs.encode`. */
  readonly name: string;
  /** What a call gives. */
  call(args: readonly Pickled[]): Pickled;
}

/** What a caller's own names and persistent ids stand for, as the tensors of a checkpoint. */
export interface PickledObject {
  readonly kind: "object";
}

/** Lists and tuples are arrays, dictionaries are maps. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledText
  | PickledBytes
  | PickledName
  | PickledObject
  | readonly Pickled[]
  | Map<Pickled, Pickled>
  | Set<Pickled>;

/** Texts of more bytes stay in the source. */
const LONG_TEXT = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Bytes in the source. */
export function bytesAt(source: ByteSource, offset: number, length: number): PickledBytes {
  return { kind: "bytes", length, read: () => source.read(offset, length).slice() };
}

/** UTF-8 in the source. */
export function textAt(source: ByteSource, offset: number, length: number): string | PickledText {
  const read = (): string => utf8.decode(source.read(offset, length));
  return length > LONG_TEXT ? { kind: "text", read } : read();
}

/** Whether a value is bytes. */
export function isBytes(value: Pickled): value is PickledBytes {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "bytes";
}

/** Whether a value is a name. */
export function isName(value: Pickled): value is PickledName {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "name";
}

/**
 * Python 3 writes bytes in protocols below 3 as `_codecs.encode(text, "latin1")`: the one call that every pickle may
 * make. Each character below 256 is a byte.
 */
export function encodeLatin1(args: readonly Pickled[]): PickledBytes | undefined {
  const [text, encoding] = args;
  const isText = typeof text === "string" ||
    (typeof text === "object" && text !== null && "kind" in text && text.kind === "text");
  if (!isText || args.length !== 2 || encoding !== "latin1") return undefined;
  return {
    kind: "bytes",
    read: () => {
      const all = typeof text === "string" ? text : text.read();
      return Uint8Array.from(all, (character) => character.charCodeAt(0));
    },
  };
}
