import { assertEquals, assertRejects } from "@std/assert";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import {
  connectPostgres,
  createMemoryStore,
  GalleryStoreError,
  openPostgresStore,
} from "../../src/gallery/mod.ts";
import { InvalidArgumentError } from "../../src/base/errors.ts";
import { freshName, pgClient, pgDatabase } from "./stores.ts";
import { near, people } from "./templates.ts";

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("npm's postgres client over the wire gives the candidates of memory", async () => {
  const port = freePort();
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
  const server = new PGLiteSocketServer({ db: pgDatabase(), port, host: "127.0.0.1" });
  await server.start();
  try {
    await using memory = createMemoryStore({ device: "wasm" });
    await using store = await openPostgresStore(await connectPostgres(url), { name: freshName() });
    const entries = people(41, 300);
    await memory.put(entries, "add");
    await store.put(entries, "add");
    const probes = [near(entries[8].templates[0], 1), near(entries[9].templates[0], 2)];
    assertEquals(await store.search(probes, 5), await memory.search(probes, 5));
    assertEquals(await store.remove(["person 8", "person 8b"]), 1);
    assertEquals(await store.count(), { identities: 299, templates: 299 });
    assertEquals((await store.templates("person 9")).length, 1);
    // A name is a value, never a part of SQL.
    const identity = `x'; DROP TABLE ${"gallery0"}_meta; --`;
    await store.put([{ ...entries[0], identity }], "add");
    assertEquals((await store.templates(identity)).length, 1);
  } finally {
    await server.stop();
  }
});

Deno.test("a database that cannot be reached or used says so, without the password", async () => {
  const closed = connectPostgres("postgres://me:secret@127.0.0.1:1/none");
  const error = await assertRejects(
    async () => openPostgresStore(await closed),
    GalleryStoreError,
    "open",
  );
  assertEquals(error.message.includes("secret"), false);
  await assertRejects(
    () => connectPostgres("postgres://me:secret@:::/"),
    GalleryStoreError,
    "address",
  );
  for (const options of [{ name: "a-b" }, { index: "flat" as "exact" }, { efSearch: 0 }]) {
    await assertRejects(() => openPostgresStore(pgClient(), options), InvalidArgumentError);
  }
});

Deno.test("tables of a newer program are left alone, and those of this one open again", async () => {
  const name = freshName();
  const entries = people(42, 3);
  {
    await using store = await openPostgresStore(pgClient(), { name });
    await store.put(entries, "add");
  }
  {
    await using store = await openPostgresStore(pgClient(), { name, index: "hnsw" });
    assertEquals((await store.search(entries[1].templates, 1))[0][0].identity, "person 1");
  }
  await pgDatabase().query(`UPDATE ${name}_meta SET version = 99`);
  await assertRejects(
    () => openPostgresStore(pgClient(), { name }),
    GalleryStoreError,
    "version 99",
  );
});

Deno.test("a read replica searches and refuses to enrol", async () => {
  const name = freshName(), entries = people(44, 20);
  await using primary = await openPostgresStore(pgClient(), { name, index: "hnsw" });
  await primary.put(entries, "add");
  await pgDatabase().exec("SET default_transaction_read_only = on");
  try {
    await using replica = await openPostgresStore(pgClient(), { name, index: "hnsw" });
    assertEquals((await replica.search(entries[7].templates, 1))[0][0].identity, "person 7");
    await assertRejects(() => replica.put(entries, "add"), GalleryStoreError, "read-only");
  } finally {
    await pgDatabase().exec("SET default_transaction_read_only = off");
  }
});

Deno.test("machines that bring the first templates at once agree on one model", async () => {
  const name = freshName();
  const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore(pgClient(), { name })));
  await Promise.all(stores.map((store, i) => store.put(people(43 + i, 5), "add")));
  assertEquals(await stores[0].count(), { identities: 5, templates: 15 });
});
