// Gains and offsets of the templates in PostgreSQL: which cohort they are of, and how older templates get theirs.
// Each function is part of a transaction of the store.

import type { Template } from "../pipeline/score/template.ts";
import type { SqlQuery, SqlRow } from "./postgres_client.ts";
import type { Tables } from "./postgres_schema.ts";
import type { Normalizer } from "./store.ts";

/** Templates completed at a time. */
const PAGE = 500;

/** The cohort of a gallery's normalisations. */
export async function readCohort(
  query: SqlQuery,
  { meta }: Tables,
): Promise<string | undefined> {
  const [{ cohort }] = await query(`SELECT cohort FROM ${meta}`);
  return cohort === null ? undefined : String(cohort);
}

/** Whether all templates have a normalisation by a cohort. */
export async function isComplete(
  query: SqlQuery,
  { meta, templates }: Tables,
  cohort: string,
): Promise<boolean> {
  const [row] = await query(
    `SELECT cohort IS NOT DISTINCT FROM $1::text
       AND NOT EXISTS (SELECT 1 FROM ${templates} WHERE gain IS NULL) AS complete FROM ${meta}`,
    [cohort],
  );
  return row.complete === true;
}

/** The cohort that new templates are stored with: that of the gallery, or theirs if it has none. It stays for the transaction. */
export async function takeCohort(
  query: SqlQuery,
  { meta }: Tables,
  cohort: string,
): Promise<string> {
  await query(`UPDATE ${meta} SET cohort = $1::text WHERE cohort IS NULL`, [cohort]);
  const [row] = await query(`SELECT cohort FROM ${meta} FOR SHARE`);
  return String(row.cohort);
}

/** Makes a cohort that of the gallery; what templates have by another one is forgotten. */
export async function changeCohort(
  query: SqlQuery,
  { meta, templates }: Tables,
  cohort: string,
): Promise<void> {
  const changed = await query(
    `UPDATE ${meta} SET cohort = $1::text WHERE cohort IS DISTINCT FROM $1::text RETURNING cohort`,
    [cohort],
  );
  if (changed.length === 0) return;
  await query(`UPDATE ${templates} SET gain = NULL, shift = NULL WHERE gain IS NOT NULL`);
}

/** Completes some of the templates that lack a normalisation; returns how many. */
export async function completePage(
  query: SqlQuery,
  { templates }: Tables,
  toTemplate: (row: SqlRow) => Template,
  normalize: Normalizer,
): Promise<number> {
  const rows = await query(
    `SELECT owner::text AS owner, id::text AS id, embedding::text AS embedding FROM ${templates}
       WHERE gain IS NULL ORDER BY owner, id LIMIT ${PAGE} FOR UPDATE`,
  );
  if (rows.length === 0) return 0;
  const made = await normalize(rows.map(toTemplate));
  await query(
    `UPDATE ${templates} AS old SET gain = made.gain, shift = made.shift
       FROM unnest($1::text[]::bigint[], $2::text[]::bigint[], $3::text[]::real[], $4::text[]::real[])
         AS made(owner, id, gain, shift) WHERE old.owner = made.owner AND old.id = made.id`,
    [
      rows.map(({ owner }) => String(owner)),
      rows.map(({ id }) => String(id)),
      made.map(({ gain }) => String(Math.fround(gain))),
      made.map(({ offset }) => String(Math.fround(offset))),
    ],
  );
  return rows.length;
}
