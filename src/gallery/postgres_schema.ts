// The tables of a gallery in PostgreSQL and how they come to be: numbered steps, each taken once, under a lock that
// lets one machine at a time do it. The table of templates follows with the first template, which fixes its width.

import { GalleryMissingError, GalleryStoreError } from "./errors.ts";
import { foldName } from "./names.ts";
import type { SqlQuery } from "./postgres_client.ts";
import type { GalleryModel } from "./store.ts";
import { InvalidArgumentError } from "../base/errors.ts";

/** How the database searches. */
export type PostgresIndex = "exact" | "hnsw";

/** The names of a gallery's tables. */
export interface Tables {
  /** One row: version of the schema, model and width of the templates, cohort of their normalisations. */
  readonly meta: string;
  /** One row per identity. */
  readonly identities: string;
  /** One row per template; `gain` and `shift`, its offset, are null where they are not known. */
  readonly templates: string;
}

/** The widest vector that pgvector's HNSW takes. */
const MAX_INDEXED = 2000;

/** What leads from each version to the next. A published step is never changed; new ones are added. */
const STEPS: readonly ((query: SqlQuery, tables: Tables) => Promise<void>)[] = [
  async (query, { meta, identities }) => {
    await query(`ALTER TABLE ${meta} ADD COLUMN model text, ADD COLUMN size integer`);
    await query(
      `CREATE TABLE ${identities} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         identity text COLLATE "C" NOT NULL UNIQUE)`,
    );
  },
  foldNames,
  async (query, tables) => {
    await query(`ALTER TABLE ${tables.meta} ADD COLUMN cohort text`);
    if (!await readModel(query, tables)) return;
    await query(`ALTER TABLE ${tables.templates} ADD COLUMN gain real, ADD COLUMN shift real`);
    await indexMissing(query, tables);
  },
];

/** Finds templates without a normalisation at once, of which there are none most of the time. */
async function indexMissing(query: SqlQuery, { templates }: Tables): Promise<void> {
  await query(`CREATE INDEX ${templates}_missing ON ${templates} (owner, id) WHERE gain IS NULL`);
}

/** Identities folded at a time. */
const PAGE = 1000;

/** Names without case and blanks, folded here: the database's rules for case depend on how it was made. */
async function foldNames(query: SqlQuery, { identities }: Tables): Promise<void> {
  await query(`ALTER TABLE ${identities} ADD COLUMN folded text COLLATE "C"`);
  for (let last = "0";;) {
    const rows = await query(
      `SELECT id::text AS id, identity FROM ${identities} WHERE id > $1::text::bigint
         ORDER BY id LIMIT ${PAGE}`,
      [last],
    );
    if (rows.length === 0) break;
    const ids = rows.map(({ id }) => String(id));
    await query(
      `UPDATE ${identities} AS own SET folded = rows.folded
         FROM unnest($1::text[]::bigint[], $2::text[]) AS rows(id, folded) WHERE own.id = rows.id`,
      [ids, rows.map(({ identity }) => foldName(String(identity)))],
    );
    last = ids.at(-1)!;
  }
  await query(`CREATE INDEX ${identities}_folded ON ${identities} (folded)`);
}

/** The tables of a gallery's name, which becomes part of SQL and is therefore checked. */
export function tablesOf(name: string): Tables {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) {
    throw new InvalidArgumentError(
      `Cannot name a gallery "${name}": give 1 to 40 small letters, digits and _, a letter first`,
    );
  }
  return { meta: `${name}_meta`, identities: `${name}_identity`, templates: `${name}_template` };
}

/**
 * Brings the tables to the version that this program knows.
 *
 * @param create Whether to make them where there are none.
 * @throws {GalleryMissingError} If there are none and they are not to be made.
 * @throws {GalleryStoreError} If a newer program has changed them.
 */
export async function migrate(query: SqlQuery, tables: Tables, create: boolean): Promise<void> {
  const { meta } = tables;
  await query("SELECT pg_advisory_xact_lock(hashtext($1))", [meta]);
  const [{ ready }] = await query("SELECT to_regclass($1) IS NOT NULL AS ready", [meta]);
  if (!ready) {
    if (!create) {
      throw new GalleryMissingError(
        `There is no gallery ${
          meta.replace(/_meta$/, "")
        } in this database: check the address, or enrol ` +
          `somebody there first, which makes it`,
      );
    }
    await query("CREATE EXTENSION IF NOT EXISTS vector");
    await query(`CREATE TABLE ${meta} (version integer NOT NULL)`);
    await query(`INSERT INTO ${meta} (version) VALUES (0)`);
  }
  const [{ version }] = await query(`SELECT version FROM ${meta}`);
  if (Number(version) > STEPS.length) {
    throw new GalleryStoreError(
      `Cannot use the tables ${meta} ... as they have version ${version} and this program knows ` +
        `${STEPS.length}: use a newer program`,
    );
  }
  for (const step of STEPS.slice(Number(version))) await step(query, tables);
  if (Number(version) < STEPS.length) {
    await query(`UPDATE ${meta} SET version = $1`, [STEPS.length]);
  }
}

/** The model of a gallery; `undefined` before the first template. */
export async function readModel(
  query: SqlQuery,
  { meta }: Tables,
  forUpdate = false,
): Promise<GalleryModel | undefined> {
  const [{ model, size }] = await query(
    `SELECT model, size FROM ${meta}${forUpdate ? " FOR UPDATE" : ""}`,
  );
  return model === null ? undefined : { model: String(model), size: Number(size) };
}

/** Fixes the model and makes the table of templates. */
export async function createTemplates(
  query: SqlQuery,
  { meta, identities, templates }: Tables,
  { model, size }: GalleryModel,
): Promise<void> {
  await query(`UPDATE ${meta} SET model = $1, size = $2`, [model, size]);
  // The owner in the key finds an identity's templates, and lets Citus distribute the table by it.
  await query(
    `CREATE TABLE ${templates} (id bigint GENERATED ALWAYS AS IDENTITY,
       owner bigint NOT NULL REFERENCES ${identities} ON DELETE CASCADE,
       embedding vector(${size}) NOT NULL, gain real, shift real, PRIMARY KEY (owner, id))`,
  );
  await indexMissing(query, { meta, identities, templates });
}

/** Makes the HNSW index if there is none; building it over millions of templates takes minutes. */
export async function createIndex(
  query: SqlQuery,
  { templates }: Tables,
  { size }: GalleryModel,
): Promise<void> {
  if (size > MAX_INDEXED) {
    throw new InvalidArgumentError(
      `Cannot index templates of ${size} numbers as HNSW takes ${MAX_INDEXED}: use index "exact"`,
    );
  }
  const index = `${templates}_hnsw`;
  // Asked beforehand, as a read replica refuses even what would change nothing.
  const [{ ready }] = await query("SELECT to_regclass($1) IS NOT NULL AS ready", [index]);
  if (ready) return;
  // Templates have length 1: the inner product is the cosine.
  await query(
    `CREATE INDEX IF NOT EXISTS ${index} ON ${templates}
       USING hnsw (embedding vector_ip_ops)`,
  );
}
