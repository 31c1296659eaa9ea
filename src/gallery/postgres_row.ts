// Templates as rows of PostgreSQL, both ways.

import { type Normalization, Template } from "../pipeline/score/template.ts";
import { GalleryCorruptError } from "./errors.ts";
import type { SqlRow } from "./postgres_client.ts";
import type { GalleryModel } from "./store.ts";

/** pgvector's text form; a float32 is written so that it is read as the same number. */
export function toVector(embedding: Float32Array): string {
  return `[${embedding.join(",")}]`;
}

/** The embedding of a row. */
export function toEmbedding({ embedding }: SqlRow, { size }: GalleryModel): Float32Array {
  const values = Float32Array.from(JSON.parse(String(embedding)) as number[]);
  if (values.length === size) return values;
  throw new GalleryCorruptError(
    `Cannot use a template of ${values.length} numbers from the database as the gallery's have ${size}: ` +
      `restore the table from a backup`,
  );
}

/** What a row says of its template's normalisation; float32, as in every store. */
export function rowNormalization(
  { gain, shift }: SqlRow,
  cohort: string | undefined,
): Normalization | undefined {
  if (cohort === undefined || gain === null || gain === undefined) return undefined;
  return { cohort, gain: Math.fround(Number(gain)), offset: Math.fround(Number(shift)) };
}

/** The template of a row; `cohort` is that of the gallery. */
export function toTemplate(row: SqlRow, model: GalleryModel, cohort: string | undefined): Template {
  return new Template(toEmbedding(row, model), model.model, rowNormalization(row, cohort));
}
