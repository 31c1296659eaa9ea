import { assertEquals, assertRejects } from "@std/assert";
import {
  GalleryMissingError,
  GalleryStoreError,
  openFileStore,
  openPostgresStore,
  repairFileStore,
} from "../../src/gallery/mod.ts";
import { photo } from "../hosts.ts";
import { freshName, pgClient, pgDatabase } from "./stores.ts";
import { KEY, people } from "./templates.ts";

Deno.test("a folder without a gallery is refused and left as it is, unless one is to be made", async () => {
  const temp = await Deno.makeTempDir(), none = `${temp}/none/deeper`;
  await Deno.writeTextFile(`${temp}/lock`, "");
  for (const path of [none, temp, photo("hopper"), `${photo("hopper")}/inside`]) {
    await assertRejects(() => openFileStore(path, { create: false }), GalleryMissingError, path);
    await assertRejects(() => repairFileStore(path), GalleryMissingError, path);
  }
  assertEquals(Array.from(Deno.readDirSync(temp), ({ name }) => name), ["lock"]);
  await (await openFileStore(none, { key: KEY }))[Symbol.asyncDispose]();
  await using store = await openFileStore(none, { key: KEY, create: false });
  assertEquals(await store.count(), { identities: 0, templates: 0 });
});

Deno.test("a folder that cannot be made is no missing gallery", async () => {
  await assertRejects(
    () => openFileStore(`${photo("hopper")}/inside`),
    GalleryStoreError,
    "Cannot",
  );
});

Deno.test("a database without the gallery is refused and left as it is, unless it is to be made", async () => {
  const name = freshName(), open = { name, create: false };
  await assertRejects(() => openPostgresStore(pgClient(), open), GalleryMissingError, name);
  const { rows } = await pgDatabase().query(
    "SELECT tablename FROM pg_tables WHERE tablename LIKE $1",
    [`${name}_%`],
  );
  assertEquals(rows, []);
  await (await openPostgresStore(pgClient(), { name })).put(people(91, 2), "add");
  const store = await openPostgresStore(pgClient(), open);
  assertEquals(await store.count(), { identities: 2, templates: 2 });
});
