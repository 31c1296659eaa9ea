// Templates in PostgreSQL with pgvector, for galleries that many machines share or that outgrow one machine's memory.
// The database finds the candidates; scores and order are computed here, as in every store (rank.ts).

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { Template } from "../pipeline/score/template.ts";
import { GalleryCorruptError, GalleryStoreError } from "./errors.ts";
import { checkIdentity, foldName } from "./names.ts";
import type { SqlClient, SqlQuery, SqlRow } from "./postgres_client.ts";
import {
  createIndex,
  createTemplates,
  migrate,
  type PostgresIndex,
  readModel,
  type Tables,
  tablesOf,
} from "./postgres_schema.ts";
import { readNames, readNamesLike, renameRows } from "./postgres_names.ts";
import { rankIdentities, SLACK } from "./rank.ts";
import {
  type Candidate,
  checkEntries,
  checkSearch,
  type GalleryCount,
  type GalleryEntry,
  type GalleryIdentity,
  type GalleryModel,
  type GalleryStore,
  type PutMode,
  type RenameMode,
} from "./store.ts";

/** Options of {@linkcode openPostgresStore}. */
export interface PostgresStoreOptions {
  /** Name of the gallery, with which its tables begin; by default `"maskinv"`. */
  readonly name?: string;
  /**
   * `"exact"` (default) compares with every template; `"hnsw"` walks a graph, which takes far less time in galleries of
   * many thousands and may miss a candidate.
   */
  readonly index?: PostgresIndex;
  /** HNSW's breadth of search, 1 to 1000, by default 100: higher misses less and takes longer. */
  readonly efSearch?: number;
  /** Whether to make the gallery's tables where there are none; by default true. */
  readonly create?: boolean;
}

/** Identities read at a time by `entries`. */
const PAGE = 500;
/** Templates per INSERT. */
const ROWS = 500;

/**
 * Opens a gallery in PostgreSQL; makes its tables if there are none. Any number of processes may have it open. The
 * database holds templates and names as they are: encrypt its disks and connections, or enrol templates under a
 * `TemplateProtection`.
 *
 * @param client The connections; closed when the store is disposed of, or if opening fails.
 * @param options Name and index.
 * @returns The store.
 * @throws {InvalidArgumentError} If an option is out of its range.
 * @throws {GalleryMissingError} If there is no gallery of that name and `create` is false; nothing is made.
 * @throws {GalleryStoreError} If the database refuses, such as for want of the extension `vector`.
 *
 * @example
 * ```ts
 * import { openPostgresStore, pgliteClient } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 * import { PGlite } from "@electric-sql/pglite";
 * import { vector } from "@electric-sql/pglite-pgvector";
 *
 * const database = await PGlite.create({ extensions: { vector } });
 * await using store = await openPostgresStore(pgliteClient(database), { index: "hnsw" });
 * await store.put([{ identity: "ann", templates: [new Template([1, 0], "my-model")] }], "add");
 * const [[best]] = await store.search([new Template([1, 1], "my-model")], 1);
 * console.log(best.identity, best.score.toFixed(3)); // ann 0.707
 * ```
 */
export async function openPostgresStore(
  client: SqlClient,
  options: PostgresStoreOptions = {},
): Promise<GalleryStore> {
  try {
    const { name = "maskinv", index = "exact", efSearch = 100, create = true } = options;
    if (index !== "exact" && index !== "hnsw") {
      throw new InvalidArgumentError(`Cannot use index "${index}": give exact or hnsw`);
    }
    if (!(Number.isInteger(efSearch) && efSearch >= 1 && efSearch <= 1000)) {
      throw new InvalidArgumentError(
        `Cannot use efSearch ${efSearch}: give a whole number from 1 to 1000`,
      );
    }
    const tables = tablesOf(name);
    const store = new PostgresStore(client, tables, index, efSearch);
    await store.prepare(create);
    return store;
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

class PostgresStore implements GalleryStore {
  readonly #client: SqlClient;
  readonly #tables: Tables;
  readonly #index: PostgresIndex;
  readonly #efSearch: number;
  /** Never changes once it is known. */
  #model: GalleryModel | undefined;

  constructor(client: SqlClient, tables: Tables, index: PostgresIndex, efSearch: number) {
    this.#client = client;
    this.#tables = tables;
    this.#index = index;
    this.#efSearch = efSearch;
  }

  async prepare(create: boolean): Promise<void> {
    await this.#run("open", async (query) => {
      await migrate(query, this.#tables, create);
      const model = this.#model = await readModel(query, this.#tables);
      if (model && this.#index === "hnsw") await createIndex(query, this.#tables, model);
    });
  }

  model(): Promise<GalleryModel | undefined> {
    return this.#run("read", (query) => this.#readModel(query));
  }

  count(): Promise<GalleryCount> {
    const { identities, templates } = this.#tables;
    return this.#run("count", async (query) => {
      if (!await this.#readModel(query)) return { identities: 0, templates: 0 };
      const [row] = await query(
        `SELECT (SELECT count(*) FROM ${identities}) AS identities,
           (SELECT count(*) FROM ${templates}) AS templates`,
      );
      return { identities: Number(row.identities), templates: Number(row.templates) };
    });
  }

  async put(entries: readonly GalleryEntry[], mode: PutMode): Promise<void> {
    if (entries.length === 0) return;
    checkEntries(entries, this.#model);
    // The statement that inserts names takes each once; an entry that comes twice is one with all its templates.
    const joined = joinEntries(entries, mode);
    const model = await this.#run("write", async (query) => {
      const model = await this.#readModel(query, joined);
      const owners = await this.#owners(query, joined, mode);
      await this.#insert(query, joined, owners);
      return model;
    });
    this.#model = model;
  }

  remove(identities: readonly string[]): Promise<number> {
    const names = identities.map(checkIdentity);
    return this.#run("write", async (query) => {
      const removed = await query(
        `DELETE FROM ${this.#tables.identities} WHERE identity = ANY($1::text[]) RETURNING id`,
        [names],
      );
      return removed.length;
    });
  }

  async rename(from: string, to: string, mode: RenameMode): Promise<number> {
    const name = checkIdentity(to);
    return await this.#run(
      "write",
      async (query) =>
        await this.#readModel(query) ? await renameRows(query, this.#tables, from, name, mode) : 0,
    );
  }

  async *identities(): AsyncGenerator<GalleryIdentity, void, void> {
    if (!await this.model()) return;
    for (let last = "0";;) {
      const page = await this.#run("read", (query) => readNames(query, this.#tables, last));
      if (page.identities.length === 0) return;
      yield* page.identities;
      last = page.last;
    }
  }

  namesLike(identity: string): Promise<readonly string[]> {
    return this.#run("read", (query) => readNamesLike(query, this.#tables, identity));
  }

  templates(identity: string): Promise<readonly Template[]> {
    const { identities, templates } = this.#tables;
    return this.#run("read", async (query) => {
      const model = await this.#readModel(query);
      if (!model) return [];
      const rows = await query(
        `SELECT embedding::text AS embedding FROM ${templates}
           JOIN ${identities} ON owner = ${identities}.id
           WHERE identity = $1 ORDER BY ${templates}.id`,
        [identity],
      );
      return rows.map((row) => new Template(toEmbedding(row, model), model.model));
    });
  }

  async *entries(): AsyncGenerator<GalleryEntry, void, void> {
    const model = await this.model();
    if (!model) return;
    for (let last = "0";;) {
      const rows = await this.#run("read", (query) => this.#page(query, last));
      if (rows.length === 0) return;
      for (const [, ofOwner] of Map.groupBy(rows, (row) => row.owner)) {
        const embeddings = ofOwner.map((row) => new Template(toEmbedding(row, model), model.model));
        yield { identity: String(ofOwner[0].identity), templates: embeddings };
      }
      last = String(rows.at(-1)!.owner);
    }
  }

  search(probes: readonly Template[], k: number): Promise<readonly (readonly Candidate[])[]> {
    return this.#run("search", async (query) => {
      const model = await this.#readModel(query);
      checkSearch(probes, k, model);
      if (!model) return probes.map(() => []);
      if (this.#index === "hnsw") {
        await query(`SET LOCAL hnsw.ef_search = ${this.#efSearch}`);
        // Goes on where the first templates belong to too few identities (pgvector 0.8).
        await query("SET LOCAL hnsw.iterative_scan = strict_order");
      }
      const found: Candidate[][] = [];
      for (const { embedding } of probes) {
        found.push(await this.#nearest(query, embedding, k, model));
      }
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** The best identities; an index is asked for more templates where the first ones are of too few identities. */
  async #nearest(
    query: SqlQuery,
    probe: Float32Array,
    k: number,
    model: GalleryModel,
  ): Promise<Candidate[]> {
    const isExact = this.#index === "exact";
    let templates = Infinity;
    for (let limit = 4 * (k + SLACK);; limit *= 8) {
      const values = [toVector(probe), k + SLACK, ...isExact ? [] : [limit]];
      const rows = await query(this.#searchText(), values);
      const candidates = rows.map((row) => ({
        identity: String(row.identity),
        embedding: toEmbedding(row, model),
      }));
      const best = rankIdentities(probe, candidates, k);
      if (isExact || best.length === k || limit >= templates) return best;
      const [{ count }] = await query(`SELECT count(*) AS count FROM ${this.#tables.templates}`);
      templates = Number(count);
      if (limit >= templates) return best;
    }
  }

  /** All templates of the identities that come first; the distance is the negative inner product. */
  #searchText(): string {
    const { identities, templates } = this.#tables;
    const near = this.#index === "hnsw"
      ? `(SELECT owner, embedding <#> $1::vector AS distance FROM ${templates}
           ORDER BY embedding <#> $1::vector LIMIT $3)`
      : `(SELECT owner, embedding <#> $1::vector AS distance FROM ${templates})`;
    return `WITH best AS MATERIALIZED (
        SELECT owner, min(distance) AS distance FROM ${near} AS near
        GROUP BY owner ORDER BY distance, owner LIMIT $2)
      SELECT identity, embedding::text AS embedding FROM best
        JOIN ${templates} USING (owner) JOIN ${identities} ON ${identities}.id = owner`;
  }

  /** The model; with entries, the model that they bring where there is none yet. */
  async #readModel(
    query: SqlQuery,
    entries: readonly GalleryEntry[] = [],
  ): Promise<GalleryModel | undefined> {
    let model = this.#model ?? await readModel(query, this.#tables);
    if (!model && entries.length > 0) {
      // Of machines that bring the first templates at once, one makes the table and the others find it.
      model = await readModel(query, this.#tables, true);
      const needed = checkEntries(entries, model)!;
      if (!model) {
        await createTemplates(query, this.#tables, needed);
        if (this.#index === "hnsw") await createIndex(query, this.#tables, needed);
        return needed;
      }
    }
    if (entries.length === 0) this.#model = model;
    else checkEntries(entries, model);
    return model;
  }

  /** The numbers of identities by name; new ones are made, and replaced ones emptied. */
  async #owners(
    query: SqlQuery,
    entries: readonly GalleryEntry[],
    mode: PutMode,
  ): Promise<Map<string, string>> {
    const { identities, templates } = this.#tables;
    // In the order of the names, so that two machines never wait for each other. The update locks the rows.
    const names = entries.map(({ identity }) => identity).sort();
    const rows = await query(
      `INSERT INTO ${identities} (identity, folded) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (identity) DO UPDATE SET identity = EXCLUDED.identity
         RETURNING id::text AS id, identity`,
      [names, names.map(foldName)],
    );
    if (mode === "replace") {
      await query(
        `DELETE FROM ${templates} WHERE owner = ANY($1::text[]::bigint[])`,
        [rows.map(({ id }) => String(id))],
      );
    }
    return new Map(rows.map(({ id, identity }) => [String(identity), String(id)]));
  }

  async #insert(
    query: SqlQuery,
    entries: readonly GalleryEntry[],
    owners: ReadonlyMap<string, string>,
  ): Promise<void> {
    const rows = entries.flatMap(({ identity, templates }) =>
      templates.map(({ embedding }) => ({ owner: owners.get(identity)!, embedding }))
    );
    for (let start = 0; start < rows.length; start += ROWS) {
      const part = rows.slice(start, start + ROWS);
      await query(
        `INSERT INTO ${this.#tables.templates} (owner, embedding)
           SELECT owner, embedding::vector
           FROM unnest($1::text[]::bigint[], $2::text[]) WITH ORDINALITY AS rows(owner, embedding, place)
           ORDER BY place`,
        [part.map(({ owner }) => owner), part.map(({ embedding }) => toVector(embedding))],
      );
    }
  }

  #page(query: SqlQuery, last: string): Promise<readonly SqlRow[]> {
    const { identities, templates } = this.#tables;
    return query(
      `SELECT page.id::text AS owner, identity, embedding::text AS embedding
         FROM (SELECT id, identity FROM ${identities} WHERE id > $1::text::bigint
           ORDER BY id LIMIT ${PAGE}) AS page
         JOIN ${templates} ON owner = page.id ORDER BY page.id, ${templates}.id`,
      [last],
    );
  }

  async #run<T>(verb: string, task: (query: SqlQuery) => Promise<T>): Promise<T> {
    try {
      return await this.#client.transaction(task);
    } catch (error) {
      if (error instanceof MaskinvError) throw error;
      throw new GalleryStoreError(
        `Cannot ${verb} the gallery ${this.#tables.meta.slice(0, -5)} as the database says ` +
          `"${
            (error as Error).message
          }": check that it runs, has the extension vector, and lets you in`,
        { cause: error },
      );
    }
  }
}

/** One entry per identity: of several, the templates of all, or of the last that replaces. */
function joinEntries(entries: readonly GalleryEntry[], mode: PutMode): GalleryEntry[] {
  const joined = new Map<string, readonly Template[]>();
  for (const { identity, templates } of entries) {
    const before = mode === "add" ? joined.get(identity) ?? [] : [];
    joined.set(identity, [...before, ...templates]);
  }
  return Array.from(joined, ([identity, templates]) => ({ identity, templates }));
}

/** pgvector's text form; a float32 is written so that it is read as the same number. */
function toVector(embedding: Float32Array): string {
  return `[${embedding.join(",")}]`;
}

function toEmbedding({ embedding }: SqlRow, { size }: GalleryModel): Float32Array {
  const values = Float32Array.from(JSON.parse(String(embedding)) as number[]);
  if (values.length === size) return values;
  throw new GalleryCorruptError(
    `Cannot use a template of ${values.length} numbers from the database as the gallery's have ${size}: ` +
      `restore the table from a backup`,
  );
}
