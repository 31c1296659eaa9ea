// Every kind of store, so that one test body runs on all of them. Importing it starts the embedded database.

import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import {
  createMemoryStore,
  type GalleryStore,
  openFileStore,
  openPostgresStore,
  pgliteClient,
  type SqlClient,
} from "../../src/gallery/mod.ts";
import { hasGpu } from "../hosts.ts";
import { KEY } from "./templates.ts";

const database = await PGlite.create({ extensions: { vector } });
let galleries = 0;

/** A client of the embedded database that outlives the stores on it. */
export function pgClient(): SqlClient {
  return { ...pgliteClient(database), [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The embedded database. */
export function pgDatabase(): PGlite {
  return database;
}

/** A name that no gallery of the database has. */
export function freshName(): string {
  return `gallery${galleries++}`;
}

/** Every kind of store, opened empty. */
export const STORES: Readonly<Record<string, () => Promise<GalleryStore>>> = {
  memory: () => Promise.resolve(createMemoryStore({ device: "wasm" })),
  ...(hasGpu && {
    "memory on WebGPU": () => Promise.resolve(createMemoryStore({ device: "webgpu" })),
  }),
  "plain file": async () => await openFileStore(await Deno.makeTempDir(), { device: "wasm" }),
  "encrypted file": async () =>
    await openFileStore(await Deno.makeTempDir(), { device: "wasm", key: KEY }),
  "Postgres, exact": () => openPostgresStore(pgClient(), { name: freshName() }),
  "Postgres, HNSW": () => openPostgresStore(pgClient(), { name: freshName(), index: "hnsw" }),
};

/** Registers one test for every kind of store. */
export function testOnStores(name: string, body: (store: GalleryStore) => Promise<void>): void {
  for (const [kind, open] of Object.entries(STORES)) {
    Deno.test(`${name} [${kind}]`, async () => {
      await using store = await open();
      await body(store);
    });
  }
}
