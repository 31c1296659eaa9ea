// What the Postgres store does with names: lists them, finds those that are easily confused, and changes them.
// Each function is part of a transaction of the store.

import { identityExists } from "./errors.ts";
import { foldName } from "./names.ts";
import type { SqlQuery } from "./postgres_client.ts";
import type { Tables } from "./postgres_schema.ts";
import type { GalleryIdentity, RenameMode } from "./store.ts";

/** Names read at a time. */
const PAGE = 5000;

/** A page of identities after the number `last`, with the number to go on from. */
export async function readNames(
  query: SqlQuery,
  { identities, templates }: Tables,
  last: string,
): Promise<{ identities: GalleryIdentity[]; last: string }> {
  const rows = await query(
    `SELECT page.id::text AS id, identity, count(*) AS templates
       FROM (SELECT id, identity FROM ${identities} WHERE id > $1::text::bigint
         ORDER BY id LIMIT ${PAGE}) AS page
       JOIN ${templates} ON owner = page.id GROUP BY page.id, identity ORDER BY page.id`,
    [last],
  );
  return {
    identities: rows.map(({ identity, templates }) => ({
      identity: String(identity),
      templates: Number(templates),
    })),
    last: String(rows.at(-1)?.id ?? last),
  };
}

/** Names, other than the given one, that fold to the same. */
export async function readNamesLike(
  query: SqlQuery,
  { identities }: Tables,
  identity: string,
): Promise<string[]> {
  const rows = await query(
    `SELECT identity FROM ${identities} WHERE folded = $1 AND identity <> $2 ORDER BY identity`,
    [foldName(identity), identity],
  );
  return rows.map((row) => String(row.identity));
}

/**
 * Renames an identity, or joins it to the one that has the name; returns how many templates have moved.
 *
 * @throws {IdentityExistsError} If the name is taken and the two are not to be merged.
 */
export async function renameRows(
  query: SqlQuery,
  { identities, templates }: Tables,
  from: string,
  to: string,
  mode: RenameMode,
): Promise<number> {
  const rows = await query(
    `SELECT id::text AS id, identity FROM ${identities} WHERE identity = ANY($1::text[])
       ORDER BY identity FOR UPDATE`,
    [[from, to]],
  );
  const ids = new Map(rows.map(({ id, identity }) => [String(identity), String(id)]));
  const source = ids.get(from), target = ids.get(to);
  if (source === undefined) return 0;
  const owned = `FROM ${templates} WHERE owner = $1::text::bigint`;
  const [{ count }] = await query(`SELECT count(*) AS count ${owned}`, [source]);
  if (from === to) return Number(count);
  if (target === undefined) {
    await query(
      `UPDATE ${identities} SET identity = $2, folded = $3 WHERE id = $1::text::bigint`,
      [source, to, foldName(to)],
    );
    return Number(count);
  }
  if (mode === "rename") throw identityExists(from, to);
  // Rows go out and in rather than change their owner, by which Citus may have distributed them.
  await query(
    `INSERT INTO ${templates} (owner, embedding, gain, shift)
       SELECT $2::text::bigint, embedding, gain, shift ${owned} ORDER BY id`,
    [source, target],
  );
  await query(`DELETE FROM ${identities} WHERE id = $1::text::bigint`, [source]);
  return Number(count);
}
