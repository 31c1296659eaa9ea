// The little that the Postgres store needs of a database client, over npm's `postgres` or an embedded PGlite.
// Nothing is imported before a connection is asked for.

import { GalleryStoreError } from "./errors.ts";

/** A value of a query: texts and numbers, or a list of texts for `unnest`. */
export type SqlValue = string | number | readonly string[];

/** A row: columns by name. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs one statement with its values ($1, $2, ...). */
export type SqlQuery = (text: string, values?: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

/** A connection to PostgreSQL, or a pool of them. */
export interface SqlClient extends AsyncDisposable {
  /** Runs a task in a transaction: all of its statements take effect, or none if it throws. */
  transaction<T>(task: (query: SqlQuery) => Promise<T>): Promise<T>;
}

/**
 * Connects to PostgreSQL with npm's `postgres`: a pool of connections that are made when first needed.
 *
 * @param url Such as `postgres://user:password@host:5432/database?sslmode=require`.
 * @returns The client.
 * @throws {GalleryStoreError} If the address is not one. A server that cannot be reached is an error of the first query.
 *
 * @example
 * ```ts
 * import { connectPostgres } from "@maskinv/maskinv/gallery";
 *
 * await using client = await connectPostgres("postgres://localhost/faces"); // for openPostgresStore
 * console.log(typeof client.transaction); // function
 * ```
 */
export async function connectPostgres(url: string): Promise<SqlClient> {
  const { default: postgres } = await import("npm:postgres@3.4.9");
  let sql: ReturnType<typeof postgres>;
  try {
    sql = postgres(url, { max: 8, connect_timeout: 10, onnotice: () => {} });
  } catch (error) {
    // The message of the client may repeat the address, which may hold a password.
    throw new GalleryStoreError(
      `Cannot connect to PostgreSQL as the address is not valid: give postgres://user@host/database`,
      { cause: error },
    );
  }
  return {
    async transaction<T>(task: (query: SqlQuery) => Promise<T>): Promise<T> {
      // `begin` would spread a list that a task returns; an object around it is left alone.
      const result = await sql.begin(async (transaction) => {
        const query: SqlQuery = async (text, values = []) =>
          await transaction.unsafe(text, values as (string | number | string[])[]);
        return { value: await task(query) };
      });
      return (result as { value: T }).value;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await sql.end({ timeout: 5 });
    },
  };
}

/** The part of a PGlite database (`@electric-sql/pglite`) that is used. */
export interface PgliteLike {
  /** Runs a task in a transaction. */
  transaction<T>(task: (transaction: PgliteQueries) => Promise<T>): Promise<T>;
  /** Closes the database. */
  close(): Promise<void>;
}

/** The queries of a PGlite transaction. */
export interface PgliteQueries {
  /** Runs one statement. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/**
 * Uses an embedded PGlite database, made with the extension of `@electric-sql/pglite-pgvector`: PostgreSQL in
 * WebAssembly, for tests and for programs without a server.
 *
 * @param database The database; closed when the store is disposed of.
 * @returns The client.
 *
 * @example
 * ```ts
 * import { openPostgresStore, pgliteClient } from "@maskinv/maskinv/gallery";
 * import { PGlite } from "@electric-sql/pglite";
 * import { vector } from "@electric-sql/pglite-pgvector";
 *
 * const database = await PGlite.create({ extensions: { vector } });
 * await using store = await openPostgresStore(pgliteClient(database));
 * console.log(await store.count()); // { identities: 0, templates: 0 }
 * ```
 */
export function pgliteClient(database: PgliteLike): SqlClient {
  return {
    transaction: <T>(task: (query: SqlQuery) => Promise<T>): Promise<T> =>
      database.transaction((transaction) =>
        task(async (text, values = []) =>
          (await transaction.query(text, [...values])).rows as SqlRow[]
        )
      ),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
