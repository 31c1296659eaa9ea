// Templates in PostgreSQL with pgvector, for galleries that many machines share or that outgrow one machine's memory.
// The database finds the candidates; scores and order are computed here, as in every store (rank.ts).

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import type { Template } from "../pipeline/score/template.ts";
import { GalleryStoreError } from "./errors.ts";
import { checkIdentity } from "./names.ts";
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
import { changeCohort, completePage, isComplete, readCohort } from "./postgres_normalize.ts";
import { rowNormalization, toEmbedding, toTemplate, toVector } from "./postgres_row.ts";
import { joinEntries, writeEntries } from "./postgres_write.ts";
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
  incomplete,
  type Normalizer,
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
      await writeEntries(query, this.#tables, joined, mode);
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
        `SELECT embedding::text AS embedding, gain, shift FROM ${templates}
           JOIN ${identities} ON owner = ${identities}.id
           WHERE identity = $1 ORDER BY ${templates}.id`,
        [identity],
      );
      const cohort = await readCohort(query, this.#tables);
      return rows.map((row) => toTemplate(row, model, cohort));
    });
  }

  async *entries(): AsyncGenerator<GalleryEntry, void, void> {
    const model = await this.model();
    if (!model) return;
    for (let last = "0";;) {
      const { rows, cohort } = await this.#run("read", async (query) => ({
        rows: await this.#page(query, last),
        cohort: await readCohort(query, this.#tables),
      }));
      if (rows.length === 0) return;
      for (const [, ofOwner] of Map.groupBy(rows, (row) => row.owner)) {
        const templates = ofOwner.map((row) => toTemplate(row, model, cohort));
        yield { identity: String(ofOwner[0].identity), templates };
      }
      last = String(rows.at(-1)!.owner);
    }
  }

  async complete(cohort: string, normalize: Normalizer): Promise<number> {
    const model = await this.model();
    if (!model) return 0;
    const isDone = (): Promise<boolean> =>
      this.#run("read", (query) => isComplete(query, this.#tables, cohort));
    const read = (row: SqlRow): Template => toTemplate(row, model, undefined);
    // A transaction for each page, so that nobody else waits long. Another machine may do the same at the same time.
    let completed = 0;
    for (let isFirst = true; !await isDone(); isFirst = false) {
      completed += await this.#run("write", async (query) => {
        if (isFirst) await changeCohort(query, this.#tables, cohort);
        return await completePage(query, this.#tables, read, normalize);
      });
    }
    return completed;
  }

  search(probes: readonly Template[], k: number): Promise<readonly (readonly Candidate[])[]> {
    return this.#run("search", async (query) => {
      const model = await this.#readModel(query);
      const cohort = checkSearch(probes, k, model);
      if (!model) return probes.map(() => []);
      if (cohort && !await isComplete(query, this.#tables, cohort)) {
        throw incomplete("some", cohort);
      }
      if (this.#index === "hnsw") {
        await query(`SET LOCAL hnsw.ef_search = ${this.#efSearch}`);
        // Goes on where the first templates belong to too few identities (pgvector 0.8).
        await query("SET LOCAL hnsw.iterative_scan = strict_order");
      }
      const found: Candidate[][] = [];
      for (const probe of probes) found.push(await this.#nearest(query, probe, k, model));
      return found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** The best identities; an index is asked for more templates where the first ones are of too few identities. */
  async #nearest(
    query: SqlQuery,
    probe: Template,
    k: number,
    model: GalleryModel,
  ): Promise<Candidate[]> {
    const isExact = this.#index === "exact", gain = probe.normalization?.gain;
    let templates = Infinity;
    // The index knows cosines only: of normalised scores as many candidates are looked at as it finds at no cost.
    const least = gain === undefined ? 0 : this.#efSearch;
    for (let limit = Math.max(least, 4 * (k + SLACK));; limit *= 8) {
      const values = [
        toVector(probe.embedding),
        k + SLACK,
        ...gain === undefined ? [] : [String(gain)],
        ...isExact ? [] : [limit],
      ];
      const rows = await query(this.#searchText(gain !== undefined), values);
      const candidates = rows.map((row) => ({
        identity: String(row.identity),
        embedding: toEmbedding(row, model),
        normalization: rowNormalization(row, probe.normalization?.cohort),
      }));
      const best = rankIdentities(probe, candidates, k);
      if (isExact || best.length === k || limit >= templates) return best;
      const [{ count }] = await query(`SELECT count(*) AS count FROM ${this.#tables.templates}`);
      templates = Number(count);
      if (limit >= templates) return best;
    }
  }

  /** All templates of the identities that come first; the distance is the negative inner product, or score. */
  #searchText(isNormalized: boolean): string {
    const { identities, templates } = this.#tables;
    const near =
      `SELECT owner, gain, shift, embedding <#> $1::vector AS distance FROM ${templates}` +
      (this.#index === "hnsw"
        ? ` ORDER BY embedding <#> $1::vector LIMIT $${isNormalized ? 4 : 3}`
        : "");
    const distance = isNormalized ? "distance * ($3::text::float8 + gain) - shift" : "distance";
    return `WITH best AS MATERIALIZED (
        SELECT owner, min(${distance}) AS distance FROM (${near}) AS near
        GROUP BY owner ORDER BY 2, owner LIMIT $2)
      SELECT identity, embedding::text AS embedding, gain, shift FROM best
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

  #page(query: SqlQuery, last: string): Promise<readonly SqlRow[]> {
    const { identities, templates } = this.#tables;
    return query(
      `SELECT page.id::text AS owner, identity, embedding::text AS embedding, gain, shift
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
