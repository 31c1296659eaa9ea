import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  GalleryCorruptError,
  GalleryKeyError,
  GalleryLockedError,
  type KeySource,
  openFileStore,
  repairFileStore,
} from "../../src/gallery/mod.ts";
import { HEADER_SIZE } from "../../src/gallery/file_cipher.ts";
import { compareTemplates } from "../../src/pipeline/score/mod.ts";
import { KEY, people } from "./templates.ts";

/** A gallery of records that each add one person, and where each of them begins. */
async function tenRecords(
  key: KeySource | undefined,
): Promise<{ folder: string; starts: number[] }> {
  const folder = await Deno.makeTempDir(), path = `${folder}/gallery.log`;
  await using store = await openFileStore(folder, { key, device: "wasm" });
  const starts: number[] = [];
  for (const entry of people(97, 10)) {
    starts.push((await Deno.stat(path)).size);
    await store.put([entry], "add");
  }
  return { folder, starts };
}

for (const [kind, key] of [["plain", undefined], ["encrypted", KEY]] as const) {
  Deno.test(`repair saves all but the records that are damaged, and keeps the file [${kind}]`, async () => {
    const { folder, starts } = await tenRecords(key);
    const path = `${folder}/gallery.log`, sound = await Deno.readFile(path);
    const names = (lost: number[]): string[] =>
      starts.map((_, i) => `person ${i}`).filter((_, i) => !lost.includes(i));
    const damages: [what: string, damage: (bytes: Uint8Array) => Uint8Array, lost: number[]][] = [
      ["nothing", (bytes) => bytes, []],
      ["a body", (bytes) => flip(bytes, starts[3] + 100), [3]],
      ["two bodies", (bytes) => flip(flip(bytes, starts[3] + 100), starts[7] + 40), [3, 7]],
      ["a head", (bytes) => flip(bytes, starts[4] + 1), [4]],
      ["heads side by side", (bytes) => flip(flip(bytes, starts[4] + 5), starts[5] + 13), [4, 5]],
      ["the first record", (bytes) => flip(bytes, starts[0] + 2), [0]],
      ["the last body", (bytes) => flip(bytes, bytes.length - 1), [9]],
      ["the last head", (bytes) => flip(bytes, starts[9] + 3), [9]],
      ["a record cut out", (bytes) => cut(bytes, starts[2], starts[3]), [2]],
      ["bytes cut out", (bytes) => cut(bytes, starts[2] + 9, starts[2] + 200), [2]],
      ["a page of zeros", (bytes) => bytes.fill(0, starts[5] + 30, starts[7] + 30), [5, 6, 7]],
    ];
    for (const [what, damage, lost] of damages) {
      const bytes = damage(sound.slice());
      await Deno.writeFile(path, bytes);
      if (lost.length > 0) {
        await assertRejects(
          () => openFileStore(folder, { key, create: false }),
          GalleryCorruptError,
          "gallery repair",
          what,
        );
      }
      const done = await repairFileStore(folder, { key });
      assertEquals([done.identities, done.records], [10 - lost.length, 10 - lost.length], what);
      assertEquals(done.lost.length > 0, lost.length > 0, what);
      assertEquals(done.kept !== undefined, lost.length > 0, what);
      if (done.kept) {
        assertEquals(await Deno.readFile(done.kept), bytes, "the damaged file is kept");
      } else assertEquals(await Deno.readFile(path), sound, "a sound file is left as it is");
      await using store = await openFileStore(folder, { key, create: false, device: "wasm" });
      const entries = await Array.fromAsync(store.entries());
      assertEquals(entries.map(({ identity }) => identity).sort(), names(lost), what);
      const originals = people(97, 10);
      for (const { identity, templates: [template] } of entries) {
        const { templates: [wanted] } = originals.find((one) => one.identity === identity)!;
        assert(compareTemplates(template, wanted) > 0.999999, `${what} ${identity}`);
      }
      await store.put(people(98, 1), "add");
    }
  });

  Deno.test(`repair tells the places of the loss, and finds nothing twice [${kind}]`, async () => {
    const { folder, starts } = await tenRecords(key);
    const path = `${folder}/gallery.log`;
    await Deno.writeFile(path, flip(await Deno.readFile(path), starts[3] + 100));
    const { lost } = await repairFileStore(folder, { key });
    assertEquals(lost, [`record 3, bytes ${starts[3]} to ${starts[4] - 1}`]);
    const again = await repairFileStore(folder, { key });
    assertEquals([again.lost, again.identities, again.kept], [[], 9, undefined]);
  });
}

Deno.test("repair asks for the right key and the lock, and cannot do without the header", async () => {
  const { folder } = await tenRecords(KEY), path = `${folder}/gallery.log`;
  await assertRejects(() => repairFileStore(folder), GalleryKeyError);
  const wrong = (): Uint8Array => new Uint8Array(32);
  await assertRejects(() => repairFileStore(folder, { key: wrong }), GalleryKeyError);
  {
    await using _open = await openFileStore(folder, { key: KEY });
    await assertRejects(() => repairFileStore(folder, { key: KEY }), GalleryLockedError);
  }
  const sound = await Deno.readFile(path);
  await Deno.writeFile(path, flip(sound.slice(), HEADER_SIZE - 20));
  await assertRejects(() => repairFileStore(folder, { key: KEY }), GalleryCorruptError, "header");
  await Deno.writeFile(path, sound.subarray(0, -5));
  const torn = await repairFileStore(folder, { key: KEY });
  assertEquals([torn.lost, torn.identities, torn.cutBytes > 0], [[], 9, true]);
});

function flip(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] ^= 1;
  return bytes;
}

function cut(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)]);
}
