// Python's pickles: .bin files of benchmarks, cut, changed and grown.

import fc from "fast-check";
import { openBin } from "../../src/evaluate/dataset/bin.ts";
import { memorySource } from "../../src/pickle/source.ts";
import { unpickle } from "../../src/pickle/unpickle.ts";
import { breakFile, broken } from "./mutate.ts";
import { fuzzTarget } from "./target.ts";

/** What Python 3 wrote: (pictures, answers) in protocols 2 to 5, values of all kinds, and an object. */
const CORPUS = [
  "gAJdcQAoY19jb2RlY3MKZW5jb2RlCnEBWAMAAAABAgNxAlgGAAAAbGF0aW4xcQOGcQRScQVoAVgMAAAAYWJjZGFiY2RhYmNkcQZoA4ZxB1JxCGgFaAhlXXEJKIiJZYZxCi4=",
  "gANdcQAoQwMBAgNxAUMMYWJjZGFiY2RhYmNkcQJoAWgCZV1xAyiIiWWGcQQu",
  "gASVJgAAAAAAAABdlChDAwECA5RDDGFiY2RhYmNkYWJjZJRoAWgCZV2UKIiJZYaULg==",
  "gAWVJgAAAAAAAABdlChDAwECA5RDDGFiY2RhYmNkYWJjZJRoAWgCZV2UKIiJZYaULg==",
  "gASVcgEAAAAAAABdlChLAUr7////R0AMAAAAAAAAigkAABBjLV7HawVOfZQojAFhlChLAUsCSwNLBHSUjAFilI+UKEsBSwKQdVgsAQAAeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4lGUu",
  "gASVMQAAAAAAAABdlIwIYnVpbHRpbnOUjAdjb21wbGV4lJOURz/wAAAAAAAAR0AAAAAAAAAAhpRSlGEu",
].map((text) => Uint8Array.fromBase64(text));

const pickles = fuzzTarget("pickle", 1000, () => {
  return Promise.resolve({ arbitrary: broken(CORPUS.length), state: CORPUS });
}, (input, corpus) => {
  unpickle(memorySource(breakFile(corpus, input)), { label: "fuzz.bin", maxValues: 100_000 });
});

/** Opcodes in any order, which mutations of honest files seldom give. */
const opcodes = fuzzTarget("opcodes", 500, () => {
  const code = fc.oneof(
    fc.constantFrom(...OPCODES).map((byte) => [byte]),
    fc.tuple(fc.constantFrom(0x4b, 0x43, 0x8c, 0x71, 0x68), fc.nat(4)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
  );
  return Promise.resolve({ arbitrary: fc.array(code, { maxLength: 60 }), state: undefined });
}, (codes) => {
  const bytes = new Uint8Array([0x80, 4, ...codes.flat(), 0x2e]);
  unpickle(memorySource(bytes), { label: "fuzz.bin", maxValues: 100_000 });
});

const OPCODES = [
  ...[0x28, 0x29, 0x30, 0x31, 0x32, 0x4e, 0x5d, 0x61, 0x65, 0x73, 0x74, 0x75, 0x7d, 0x85, 0x86],
  ...[0x87, 0x88, 0x8f, 0x90, 0x93, 0x94, 0x52, 0x63, 0x64, 0x6c],
];

const files = fuzzTarget("bin", 100, async () => {
  const path = await Deno.makeTempFile({ suffix: ".bin" });
  return { arbitrary: broken(4), state: path };
}, async (input, path) => {
  await Deno.writeFile(path, breakFile(CORPUS, input));
  using dataset = await openBin(path);
  for (const image of dataset.images) await image.load();
});

/** The targets of this file. */
export const pickleTargets = [pickles, opcodes, files];
