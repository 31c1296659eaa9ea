// Galleries on disks that are full, read-only or out of file handles: what was acknowledged is there afterwards, what was
// refused is not, and a full gallery can still be searched.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type FileStore, openFileStore } from "../../src/gallery/mod.ts";
import { GalleryStoreError } from "../../src/gallery/errors.ts";
import { KEY, people } from "../gallery/templates.ts";
import { testOnDisk } from "./disks.ts";

const entries = people(41, 400);

/** Enrols in groups until the disk refuses; returns who was acknowledged, and the error. */
async function enrolUntilFull(store: FileStore): Promise<{ known: string[]; error: unknown }> {
  const known: string[] = [];
  let error: unknown;
  for (let i = 0; error === undefined && i < entries.length; i += 4) {
    await Promise.all(
      entries.slice(i, i + 4).map(async (entry) => {
        try {
          await store.put([entry], "add");
          known.push(entry.identity);
        } catch (refused) {
          error = refused;
        }
      }),
    );
  }
  return { known: known.sort(), error };
}

async function identities(store: FileStore): Promise<string[]> {
  return (await Array.fromAsync(store.entries(), ({ identity }) => identity)).sort();
}

for (const [kind, key] of [["encrypted", KEY], ["plain", undefined]] as const) {
  testOnDisk(`a full disk loses nothing that was acknowledged [${kind}]`, 448, async (disk) => {
    const folder = `${disk.path}/gallery`, options = { key, device: "wasm" } as const;
    let known: string[];
    // Room that whoever looks after the disk can make later.
    await Deno.writeFile(`${disk.path}/other`, new Uint8Array(224 * 1024));
    {
      await using store = await openFileStore(folder, options);
      const full = await enrolUntilFull(store);
      known = full.known;
      assert(full.error instanceof GalleryStoreError, `${full.error}`);
      assertStringIncludes(full.error.message, `${folder}/gallery.log as`);
      assertStringIncludes(full.error.message, "No space left");
      assertStringIncludes(full.error.message, "make room on the disk");
      assert(known.length > 100 && known.length < entries.length, `${known.length} enrolled`);
      await disk.fill();
      await assertRejects(() => store.put(people(42, 9), "add"), GalleryStoreError, "No space");
      await assertRejects(() => store.compact(), GalleryStoreError, "No space left");
      assertEquals(await identities(store), known, "in memory");
    }
    // Whatever closing has freed is taken by others.
    await disk.fill();
    {
      await using store = await openFileStore(folder, options);
      assertEquals([await identities(store), store.cutBytes], [known, 0]);
      const [[best]] = await store.search(entries[7].templates, 1);
      assertEquals(best.identity, "person 7");
    }
    await disk.empty();
    await Deno.remove(`${disk.path}/other`);
    {
      await using store = await openFileStore(folder, options);
      await store.remove(known.splice(0, 50));
      await store.compact();
      await store.put([{ ...entries[0], identity: "a late one" }], "add");
      known.unshift("a late one");
    }
    await using store = await openFileStore(folder, options);
    assertEquals(await identities(store), known);
  });
}

testOnDisk("a read-only disk refuses the gallery and leaves it as it is", 1024, async (disk) => {
  const folder = `${disk.path}/gallery`;
  {
    await using store = await openFileStore(folder, { device: "wasm" });
    await store.put(entries.slice(0, 5), "add");
  }
  await disk.readOnly(true);
  const error = await assertRejects(() => openFileStore(folder), GalleryStoreError, folder);
  assertStringIncludes(error.message, "Read-only file system");
  await assertRejects(() => openFileStore(`${disk.path}/new`), GalleryStoreError, "EROFS");
  await disk.readOnly(false);
  await using store = await openFileStore(folder, { device: "wasm" });
  assertEquals((await store.count()).identities, 5);
});

Deno.test("a log that could only half be put in place takes no more changes", async () => {
  // With one file handle left, the new log is made and takes the old one's place, but its folder cannot be synced: what
  // was then written to the old log, which has no name any more, would be lost with the process.
  const folder = await Deno.makeTempDir();
  const script = decodeURIComponent(new URL("./compact_child.ts", import.meta.url).pathname);
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", 'ulimit -n 64; exec "$0" run -A --quiet --no-check "$1" "$2"', Deno.execPath()]
      .concat(script, folder),
    cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
  }).output();
  const said = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(said[0], "acknowledged person 0", new TextDecoder().decode(stderr));
  assertStringIncludes(said[1], "compact: Cannot write");
  assertStringIncludes(said[1], "open the gallery again");
  assertEquals(said.at(-1), "end");
  await using store = await openFileStore(folder, { device: "wasm" });
  const acknowledged = said.filter((line) => line.startsWith("acknowledged "));
  assertEquals(
    await identities(store),
    acknowledged.map((line) => line.slice("acknowledged ".length)),
  );
});
