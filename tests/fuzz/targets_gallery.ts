// Galleries that a disk or somebody else has changed: logs, their records, exports, and keys.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crc32 } from "node:zlib";
import {
  createMemoryStore,
  createProtection,
  exportStore,
  type GalleryStore,
  importStore,
  openFileStore,
  repairFileStore,
} from "../../src/gallery/mod.ts";
import { HEADER_SIZE } from "../../src/gallery/file_cipher.ts";
import { decodeChange, encodeChange } from "../../src/gallery/file_record.ts";
import { compareTemplates } from "../../src/pipeline/score/mod.ts";
import { KEY, people, randomTemplates } from "../gallery/templates.ts";
import { breakFile, type Broken, broken } from "./mutate.ts";
import { type JsonMutation, jsonMutations, mutateJson } from "./mutate_json.ts";
import { type FuzzTarget, fuzzTarget } from "./target.ts";

const SIZE = 8;
const entries = people(5, 4, SIZE);

/** What a store holds can be searched and read. */
async function use(store: GalleryStore): Promise<void> {
  const { identities } = await store.count();
  const [found] = await store.search(randomTemplates(1, 1, SIZE), 3);
  assertEquals(found.length, Math.min(3, identities));
  assertEquals((await Array.fromAsync(store.entries())).length, identities);
}

function logs(name: string, cases: number, key?: () => Uint8Array): FuzzTarget {
  return fuzzTarget(name, cases, async () => {
    const folder = await Deno.makeTempDir(), path = `${folder}/gallery.log`;
    {
      await using store = await openFileStore(folder, { key, device: "wasm" });
      for (const entry of entries) await store.put([entry], "add");
      await store.remove([entries[0].identity]);
    }
    const arbitrary = fc.record({ broken: broken(1), sums: fc.boolean(), repair: fc.boolean() });
    return { arbitrary, state: { folder, path, corpus: [await Deno.readFile(path)] } };
  }, async ({ broken, sums, repair }, { folder, path, corpus }) => {
    const bytes = breakFile(corpus, broken);
    // Half of the logs get past the checksums of their heads, and of their bodies where there is no key.
    await Deno.writeFile(path, sums ? withRightSums(bytes, key !== undefined) : bytes);
    await using store = await openFileStore(folder, { key, repair, device: "wasm" });
    await use(store);
    await store.put([entries[1]], "replace");
  });
}

/** Whatever was done to the records of a log: what repair leaves can be opened and used. */
function repairs(name: string, cases: number, key?: () => Uint8Array): FuzzTarget {
  return fuzzTarget(name, cases, async () => {
    const folder = await Deno.makeTempDir(), path = `${folder}/gallery.log`;
    {
      await using store = await openFileStore(folder, { key, device: "wasm" });
      for (const entry of entries) await store.put([entry], "add");
      await store.remove([entries[0].identity]);
    }
    const arbitrary = fc.record({ broken: broken(1), sums: fc.boolean(), header: fc.boolean() });
    return { arbitrary, state: { folder, path, corpus: [await Deno.readFile(path)] } };
  }, async ({ broken, sums, header }, { folder, path, corpus }) => {
    const bytes = breakFile(corpus, broken);
    // Without a sound header nothing can be repaired.
    if (!header && bytes.length >= HEADER_SIZE) bytes.set(corpus[0].subarray(0, HEADER_SIZE));
    await Deno.writeFile(path, sums ? withRightSums(bytes, key !== undefined) : bytes);
    const { kept, identities } = await repairFileStore(folder, { key });
    if (kept) await Deno.remove(kept);
    // From here on no refusal is right.
    try {
      await using store = await openFileStore(folder, { key, create: false, device: "wasm" });
      assertEquals((await store.count()).identities, identities);
      await use(store);
    } catch (error) {
      throw new Error("a repaired gallery is of no use", { cause: error });
    }
  });
}

function withRightSums(bytes: Uint8Array<ArrayBuffer>, encrypted: boolean): Uint8Array {
  if (bytes.length < HEADER_SIZE) return bytes;
  const view = new DataView(bytes.buffer);
  view.setUint32(HEADER_SIZE - 4, crc32(bytes.subarray(0, HEADER_SIZE - 4)), true);
  for (let at = HEADER_SIZE; at + 16 <= bytes.length;) {
    const end = at + 16 + view.getUint32(at, true) + (encrypted ? 28 : 4);
    view.setUint32(at + 12, crc32(bytes.subarray(at, at + 12)), true);
    if (end > bytes.length) break;
    if (!encrypted) {
      const sealed = [
        ...bytes.subarray(0, HEADER_SIZE - 4),
        ...bytes.subarray(at, at + 12),
        ...bytes.subarray(at + 20, end),
      ];
      view.setUint32(at + 16, crc32(new Uint8Array(sealed)), true);
    }
    at = end;
  }
  return bytes;
}

/** Records as they are behind the checksums: JSON with wrong values, and bytes that do not fit it. */
const records = fuzzTarget("gallery-record", 400, () => {
  const corpus = [
    encodeChange({ kind: "add", entries }),
    encodeChange({ kind: "remove", identities: ["ann"] }),
  ];
  const arbitrary = fc.oneof(
    broken(corpus.length),
    fc.tuple(fc.nat(1), jsonMutations),
  );
  return Promise.resolve({ arbitrary, state: corpus });
}, async (input: Broken | [number, readonly JsonMutation[]], corpus) => {
  const bytes = Array.isArray(input)
    ? withHead(corpus[input[0]], input[1])
    : breakFile(corpus, input as Broken);
  const change = decodeChange(bytes, "the record");
  await using store = createMemoryStore({ device: "wasm" });
  if (change.kind === "remove") await store.remove(change.identities);
  else await store.put(change.entries, change.kind);
});

function withHead(
  record: Uint8Array,
  mutations: readonly JsonMutation[],
): Uint8Array<ArrayBuffer> {
  const length = new DataView(record.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(record.subarray(4, 4 + length)));
  const json = new TextEncoder().encode(JSON.stringify(mutateJson(head, mutations)) ?? "");
  const whole = new Uint8Array(4 + json.length + record.length - 4 - length);
  new DataView(whole.buffer).setUint32(0, json.length, true);
  whole.set(json, 4);
  whole.set(record.subarray(4 + length), 4 + json.length);
  return whole;
}

/** Exports; half of them with the checksum of their lines, as somebody with intent would write them. */
const exports = fuzzTarget("gallery-export", 300, async () => {
  await using store = createMemoryStore({ device: "wasm" });
  await store.put(entries, "add");
  const lines = await Array.fromAsync(exportStore(store));
  const bytes = new TextEncoder().encode(lines.join("\n"));
  const json = fc.tuple(fc.nat(lines.length - 1), jsonMutations);
  return { arbitrary: fc.oneof(broken(1), json), state: { lines, bytes } };
}, async (input: Broken | [number, readonly JsonMutation[]], { lines, bytes }) => {
  await using store = createMemoryStore({ device: "wasm" });
  const text = Array.isArray(input)
    ? await withLine(lines, input[0], input[1])
    : new TextDecoder().decode(breakFile([bytes], input as Broken)).split("\n");
  try {
    await importStore(store, text, "add");
  } catch (error) {
    assertEquals((await store.count()).identities, 0, "all or nothing");
    throw error;
  }
  await Array.fromAsync(store.entries());
});

async function withLine(
  lines: readonly string[],
  at: number,
  mutations: readonly JsonMutation[],
): Promise<string[]> {
  const changed = lines.map((line, i) =>
    i === at ? JSON.stringify(mutateJson(JSON.parse(line), mutations)) ?? "" : line
  );
  let digest = new Uint8Array(32);
  for (const line of changed.slice(0, -1)) {
    const data = new Uint8Array([...digest, ...new TextEncoder().encode(line)]);
    digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  }
  return changed.map((line) => line.replace(/"sha256":"\w+"/, `"sha256":"${digest.toHex()}"`));
}

/** Keys of cancelable templates: whatever the key, a template keeps its score with itself, or is refused. */
const keys = fuzzTarget("protection-key", 250, () => {
  const arbitrary = fc.record({
    key: fc.oneof(
      fc.uint8Array({ maxLength: 15 }),
      fc.uint8Array({ minLength: 16, maxLength: 48, size: "max" }),
    ),
    size: fc.oneof(fc.constantFrom(16, 16, 2, 0, -1, 24), fc.double()),
  });
  return Promise.resolve({ arbitrary, state: randomTemplates(3, 1, 16)[0] });
}, async ({ key, size }, template) => {
  const { protect } = await createProtection(key, size);
  const hidden = protect(template);
  assertEquals(compareTemplates(hidden, hidden) > 0.9999, true);
});

/** The targets of this file. */
export const galleryTargets = [
  logs("gallery-log", 250),
  logs("gallery-log-encrypted", 150, KEY),
  repairs("gallery-repair", 150),
  repairs("gallery-repair-encrypted", 100, KEY),
  records,
  exports,
  keys,
];
