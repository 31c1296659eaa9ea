// How files are broken: as disks, networks and attackers do it. Mutations are plain data, so that fast-check can print
// and shrink them, and the same ones break the same file in the same way.

import fc from "fast-check";
import { concatBytes } from "../../src/base/concat.ts";

/** One change; places are shares of the file, so that a mutation fits files of every length. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "cut"; readonly at: number }
  | {
    readonly kind: "number";
    readonly at: number;
    readonly size: 1 | 2 | 4;
    readonly value: number;
    readonly little: boolean;
  }
  | { readonly kind: "drop" | "repeat"; readonly at: number; readonly length: number }
  | {
    readonly kind: "splice";
    readonly at: number;
    readonly from: number;
    readonly other: number;
    readonly length: number;
  };

/** What lengths and sizes are set to. */
const EXTREMES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0xffffffff];

/** Half of the changes hit the first bytes, where files say what they are and how large. */
const place = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 0.05, noNaN: true }),
);
const length = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 2000 }));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({
    kind: fc.constant("number" as const),
    at: place,
    size: fc.constantFrom(1, 2, 4),
    value: fc.oneof(fc.constantFrom(...EXTREMES), fc.nat(0xffff)),
    little: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom("drop" as const, "repeat" as const), at: place, length }),
  fc.record({
    kind: fc.constant("splice" as const),
    at: place,
    from: place,
    other: fc.nat(1000),
    length,
  }),
);

/** A file of a corpus, by its number, and what is done to it. */
export interface Broken {
  readonly file: number;
  readonly mutations: readonly Mutation[];
}

/** Files of a corpus of so many, broken in one to five ways. */
export function broken(files: number): fc.Arbitrary<Broken> {
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 5 });
  return fc.record({ file: fc.nat(files - 1), mutations });
}

/** The bytes of a broken file; pieces of the other files of the corpus are spliced in. */
export function breakFile(
  corpus: readonly Uint8Array[],
  { file, mutations }: Broken,
): Uint8Array<ArrayBuffer> {
  let bytes = Uint8Array.from(corpus[file]);
  for (const mutation of mutations) bytes = mutate(bytes, mutation, corpus);
  return bytes;
}

function mutate(
  bytes: Uint8Array<ArrayBuffer>,
  mutation: Mutation,
  corpus: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const at = Math.floor(mutation.at * Math.max(0, bytes.length - 1));
  switch (mutation.kind) {
    case "flip":
      if (bytes.length > 0) bytes[at] ^= 1 << mutation.bit;
      return bytes;
    case "cut":
      return bytes.slice(0, at);
    case "number":
      return withNumber(bytes, at, mutation);
    case "drop":
      return concatBytes([bytes.subarray(0, at), bytes.subarray(at + mutation.length)]);
    case "repeat":
      return concatBytes([bytes.subarray(0, at + mutation.length), bytes.subarray(at)]);
    case "splice": {
      const other = corpus[mutation.other % corpus.length];
      const from = Math.floor(mutation.from * Math.max(0, other.length - 1));
      const piece = other.subarray(from, from + mutation.length);
      return concatBytes([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    }
  }
}

function withNumber(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  { size, value, little }: Extract<Mutation, { kind: "number" }>,
): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < size && at + i < bytes.length; i++) {
    bytes[at + i] = value >>> (8 * (little ? i : size - 1 - i));
  }
  return bytes;
}
