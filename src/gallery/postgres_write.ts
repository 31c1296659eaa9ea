// What the Postgres store does to put templates in, as part of a transaction of the store.

import type { Normalization, Template } from "../pipeline/score/template.ts";
import { foldName } from "./names.ts";
import type { SqlQuery } from "./postgres_client.ts";
import { takeCohort } from "./postgres_normalize.ts";
import { toVector } from "./postgres_row.ts";
import type { Tables } from "./postgres_schema.ts";
import type { GalleryEntry, PutMode } from "./store.ts";

/** Templates per INSERT. */
const ROWS = 500;

/** Adds or replaces templates; each identity comes once. */
export async function writeEntries(
  query: SqlQuery,
  tables: Tables,
  entries: readonly GalleryEntry[],
  mode: PutMode,
): Promise<void> {
  const brought = entries.flatMap(({ templates }) => templates)
    .find(({ normalization }) => normalization)?.normalization?.cohort;
  // Before any row is locked, as a change of the cohort locks its row first and the templates then.
  const cohort = brought && await takeCohort(query, tables, brought);
  const owners = await writeNames(query, tables, entries, mode);
  await insertTemplates(query, tables, entries, { owners, cohort });
}

/** The numbers of identities by name; new ones are made, and replaced ones emptied. */
async function writeNames(
  query: SqlQuery,
  { identities, templates }: Tables,
  entries: readonly GalleryEntry[],
  mode: PutMode,
): Promise<Map<string, string>> {
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

async function insertTemplates(
  query: SqlQuery,
  { templates }: Tables,
  entries: readonly GalleryEntry[],
  { owners, cohort }: {
    readonly owners: ReadonlyMap<string, string>;
    readonly cohort: string | undefined;
  },
): Promise<void> {
  const rows = entries.flatMap(({ identity, templates }) =>
    templates.map((template) => ({ owner: owners.get(identity)!, template }))
  );
  // A template has no normalisation by another cohort: it is computed anew when it is asked for.
  const number = (key: "gain" | "offset") => ({ template: { normalization } }: typeof rows[0]) =>
    cohort !== undefined && normalization?.cohort === cohort ? text(normalization, key) : "";
  for (let start = 0; start < rows.length; start += ROWS) {
    const part = rows.slice(start, start + ROWS);
    await query(
      `INSERT INTO ${templates} (owner, embedding, gain, shift)
         SELECT owner, embedding::vector, NULLIF(gain, '')::real, NULLIF(shift, '')::real
         FROM unnest($1::text[]::bigint[], $2::text[], $3::text[], $4::text[])
           WITH ORDINALITY AS rows(owner, embedding, gain, shift, place) ORDER BY place`,
      [
        part.map(({ owner }) => owner),
        part.map(({ template: { embedding } }) => toVector(embedding)),
        part.map(number("gain")),
        part.map(number("offset")),
      ],
    );
  }
}

function text(normalization: Normalization, key: "gain" | "offset"): string {
  return String(Math.fround(normalization[key]));
}

/** One entry per identity: of several, the templates of all, or of the last that replaces. */
export function joinEntries(entries: readonly GalleryEntry[], mode: PutMode): GalleryEntry[] {
  const joined = new Map<string, readonly Template[]>();
  for (const { identity, templates } of entries) {
    const before = mode === "add" ? joined.get(identity) ?? [] : [];
    joined.set(identity, [...before, ...templates]);
  }
  return Array.from(joined, ([identity, templates]) => ({ identity, templates }));
}
