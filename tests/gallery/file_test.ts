import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type FileStore,
  GalleryCorruptError,
  GalleryKeyError,
  GalleryLockedError,
  GalleryStoreError,
  openFileStore,
} from "../../src/gallery/mod.ts";
import { HEADER_SIZE } from "../../src/gallery/file_cipher.ts";
import { concatBytes } from "../../src/base/concat.ts";
import { lockByFile } from "../../src/gallery/file_lock.ts";
import { DisposedError } from "../../src/base/errors.ts";
import { compareTemplates } from "../../src/pipeline/score/mod.ts";
import { KEY, people } from "./templates.ts";

const KEYS = { plain: undefined, encrypted: KEY };
const entries = people(31, 6, 4);

/** A folder whose log has one record per entry. */
async function folderWithLog(key?: () => Uint8Array): Promise<string> {
  const folder = await Deno.makeTempDir();
  await using store = await openFileStore(folder, { key });
  for (const entry of entries) await store.put([entry], "add");
  return folder;
}

const logOf = (folder: string): string => `${folder}/gallery.log`;

/** Start of every record, and the end of the file. */
function recordStarts(bytes: Uint8Array, encrypted: boolean): number[] {
  const view = new DataView(bytes.buffer), starts = [HEADER_SIZE];
  while (starts.at(-1)! < bytes.length) {
    const start = starts.at(-1)!;
    starts.push(start + 16 + view.getUint32(start, true) + (encrypted ? 28 : 4));
  }
  return starts;
}

for (const [kind, key] of Object.entries(KEYS)) {
  Deno.test(`a log cut at any byte opens with every record before the cut [${kind}]`, async () => {
    const folder = await folderWithLog(key);
    const whole = await Deno.readFile(logOf(folder));
    const starts = recordStarts(whole, kind === "encrypted");
    assertEquals(starts.at(-1), whole.length);
    // Every byte of the last record, and of the head of the first.
    const cuts = [
      ...Array.from({ length: 17 }, (_, i) => HEADER_SIZE + i),
      ...Array.from({ length: whole.length - starts[5] }, (_, i) => starts[5] + i),
    ];
    for (const cut of cuts) {
      await Deno.writeFile(logOf(folder), whole.subarray(0, cut));
      const kept = starts.filter((start) => start <= cut).length - 1;
      {
        await using store = await openFileStore(folder, { key, device: "wasm" });
        assertEquals(await store.count(), { identities: kept, templates: kept });
        assertEquals(store.cutBytes, cut - starts[kept]);
        // The number of the lost record comes again, for another change.
        await store.put([{ ...entries[0], identity: "new" }], "add");
      }
      await using again = await openFileStore(folder, { key, device: "wasm" });
      assertEquals([(await again.count()).identities, again.cutBytes], [kept + 1, 0]);
    }
  });

  Deno.test(`a changed, swapped, dropped, repeated or foreign record is refused [${kind}]`, async () => {
    const folder = await folderWithLog(key), other = await folderWithLog(key);
    const whole = await Deno.readFile(logOf(folder));
    const [, a, b, c] = recordStarts(whole, kind === "encrypted");
    const end = recordStarts(whole, kind === "encrypted").at(-2)!;
    const foreign = await Deno.readFile(logOf(other));
    const cut = (from: number, to?: number): Uint8Array => whole.subarray(from, to);
    const flipped = (at: number): Uint8Array => whole.map((byte, i) => i === at ? byte ^ 4 : byte);
    const damaged: [string, Uint8Array][] = [
      ["head", flipped(a + 2)],
      ["number", flipped(a + 5)],
      ["body", flipped(b - 1)],
      ["last body", flipped(whole.length - 3)],
      ["swapped", concatBytes([cut(0, a), cut(b, c), cut(a, b), cut(c)])],
      ["dropped", concatBytes([cut(0, a), cut(b)])],
      ["repeated", concatBytes([cut(0, b), cut(a)])],
      ["foreign", concatBytes([cut(0, end), foreign.subarray(end)])],
      ["header", flipped(20)],
      ["no gallery", new TextEncoder().encode("hello")],
      ["empty", new Uint8Array()],
    ];
    for (const [what, bytes] of damaged) {
      await Deno.writeFile(logOf(folder), bytes);
      const error = await assertRejects(
        () => openFileStore(folder, { key }),
        GalleryCorruptError,
        "",
        what,
      );
      assertStringIncludes(error.message, "gallery.log");
      assertEquals(await Deno.readFile(logOf(folder)), bytes, `${what}: nothing is written`);
    }
    // A last record that is whole but damaged may be dropped on demand, no other one.
    await Deno.writeFile(logOf(folder), flipped(whole.length - 3));
    {
      await using store = await openFileStore(folder, { key, repair: true });
      assertEquals((await store.count()).identities, 5);
    }
    await Deno.writeFile(logOf(folder), flipped(b - 1));
    await assertRejects(() => openFileStore(folder, { key, repair: true }), GalleryCorruptError);
    // Room that a power failure left empty holds nothing that was acknowledged.
    await Deno.writeFile(logOf(folder), concatBytes([whole, new Uint8Array(5000)]));
    await using store = await openFileStore(folder, { key });
    assertEquals([(await store.count()).identities, store.cutBytes], [6, 5000]);
  });
}

Deno.test("an encrypted log shows neither names nor templates; a plain one would", async () => {
  for (const [kind, key] of Object.entries(KEYS)) {
    const bytes = await Deno.readFile(logOf(await folderWithLog(key)));
    const text = new TextDecoder("latin1").decode(bytes);
    const embedding = entries[0].templates[0].embedding;
    const numbers = new TextDecoder("latin1").decode(new Uint8Array(embedding.buffer));
    for (const secret of ["person 3", numbers]) {
      assertEquals(text.includes(secret), kind === "plain");
    }
  }
});

Deno.test("a wrong, missing or needless key is told apart from damage", async () => {
  const locked = await folderWithLog(KEY), open = await folderWithLog();
  const wrong = (): Uint8Array => new Uint8Array(32).fill(8);
  await assertRejects(() => openFileStore(locked, { key: wrong }), GalleryKeyError, "not the one");
  await assertRejects(() => openFileStore(locked), GalleryKeyError, "is encrypted");
  await assertRejects(() => openFileStore(open, { key: KEY }), GalleryKeyError, "not encrypted");
  const short = (): Uint8Array => new Uint8Array(4);
  await assertRejects(() => openFileStore(locked, { key: short }), GalleryKeyError, "16 or more");
  // A CryptoKey from a key management service serves as well.
  const raw = await crypto.subtle.importKey(
    "raw",
    KEY() as Uint8Array<ArrayBuffer>,
    "HKDF",
    false,
    [
      "deriveKey",
      "deriveBits",
    ],
  );
  await using store = await openFileStore(locked, { key: () => Promise.resolve(raw) });
  assertEquals((await store.count()).identities, 6);
});

Deno.test("compacting forgets what was removed, and may change the key", async () => {
  const folder = await folderWithLog();
  const check = async (store: FileStore): Promise<void> => {
    assertEquals(await store.count(), { identities: 5, templates: 5 });
    const [kept] = await store.templates("person 5");
    assertEquals(compareTemplates(kept, entries[5].templates[0]).toFixed(6), "1.000000");
  };
  {
    await using store = await openFileStore(folder);
    await store.remove(["person 2"]);
    const before = (await Deno.stat(logOf(folder))).size;
    await store.compact({ key: KEY });
    assertEquals((await Deno.stat(logOf(folder))).size < before, true);
    await check(store);
    await store.put(entries.slice(0, 1), "replace");
  }
  await assertRejects(() => openFileStore(folder), GalleryKeyError);
  {
    // What a killed compaction leaves does no harm.
    await Deno.writeTextFile(`${logOf(folder)}.new`, "half a log");
    await using store = await openFileStore(folder, { key: KEY });
    await check(store);
    await store.compact({ key: null });
  }
  await using store = await openFileStore(folder);
  await check(store);
  assertEquals(
    new TextDecoder("latin1").decode(await Deno.readFile(logOf(folder))).includes("person 2"),
    false,
  );
});

Deno.test("a log that is mostly waste is compacted by itself", async () => {
  const folder = await Deno.makeTempDir();
  await using store = await openFileStore(folder, { device: "wasm" });
  const many = people(32, 1000);
  for (let i = 0; i < 8; i++) await store.put(many, "replace");
  assertEquals((await Deno.stat(logOf(folder))).size < 4 * 2 ** 20, true);
  assertEquals(await store.count(), { identities: 1000, templates: 1000 });
});

Deno.test("one writer at a time, and a dead one's lock does not count", async () => {
  const folder = await folderWithLog();
  {
    await using _store = await openFileStore(folder);
    await assertRejects(() => openFileStore(folder), GalleryLockedError, "this process");
    await using link = await linkTo(folder);
    await assertRejects(() => openFileStore(link.path), GalleryLockedError);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", openScript(folder)],
      cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
    }).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), `process ${Deno.pid} has it`);
  }
  // Left by a process of a runtime without kernel locks that is gone.
  await Deno.writeTextFile(`${folder}/lock`, JSON.stringify({ pid: 2 ** 22 + 1, kernel: false }));
  {
    await using _store = await openFileStore(folder);
  }
  await Deno.writeTextFile(`${folder}/lock`, JSON.stringify({ pid: 1, kernel: false }));
  await assertRejects(() => openFileStore(folder), GalleryLockedError, "process 1 has it");
});

Deno.test("a lock by a file alone holds while its process lives", async () => {
  const path = `${await Deno.makeTempDir()}/lock`;
  const release = await lockByFile(path);
  assertEquals(JSON.parse(await Deno.readTextFile(path)), { pid: Deno.pid, kernel: false });
  await release();
  assertEquals((await Array.fromAsync(Deno.readDir(path.slice(0, -5)))).length, 0);
  await Deno.writeTextFile(path, JSON.stringify({ pid: 1, kernel: false }));
  await assertRejects(() => lockByFile(path), GalleryLockedError, "process 1 has it");
  await Deno.writeTextFile(path, JSON.stringify({ pid: 2 ** 22 + 1, kernel: false }));
  await (await lockByFile(path))();
});

Deno.test("what is acknowledged is in the file by then", async () => {
  const folder = await Deno.makeTempDir();
  await using store = await openFileStore(folder, { key: KEY, device: "wasm" });
  const opened = await Promise.all(entries.map(async (entry, i) => {
    await store.put([entry], "add");
    // A copy of this moment, as a killed process would leave it.
    const copy = await Deno.makeTempDir();
    Deno.copyFileSync(logOf(folder), logOf(copy));
    await using again = await openFileStore(copy, { key: KEY, device: "wasm" });
    return (await again.templates(`person ${i}`)).length;
  }));
  assertEquals(opened, entries.map(() => 1));
});

Deno.test("a store that is closed or has no folder says so", async () => {
  const folder = await folderWithLog();
  const store = await openFileStore(folder);
  await store[Symbol.asyncDispose]();
  await assertRejects(() => store.put(entries, "add"), DisposedError);
  await assertRejects(() => store.search([], 1), DisposedError);
  const error = await assertRejects(() => openFileStore(`${folder}/lock/below`));
  assertInstanceOf(error, GalleryStoreError);
});

function openScript(folder: string): string {
  const module = new URL("../../src/gallery/file_store.ts", import.meta.url);
  return `import { openFileStore } from ${JSON.stringify(module)}; await openFileStore(${
    JSON.stringify(folder)
  });`;
}

async function linkTo(folder: string): Promise<AsyncDisposable & { path: string }> {
  const path = `${await Deno.makeTempDir()}/link`;
  await Deno.symlink(folder, path);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
