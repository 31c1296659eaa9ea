// A folder of crops that are aligned already: `index.tsv` says what each file shows and what it may be used for.
// Only the splits "train" and "validation" are listed; files of any other split are not even opened.

import { parse } from "npm:csv-parse@7.0.3/sync";
import { InvalidArgumentError } from "../../base/errors.ts";
import type { SourcePhoto } from "./source.ts";

/** What a photo may be used for. */
export type Split = "train" | "validation";

/** What `index.tsv` says of a crop. */
export interface SourceCrop extends SourcePhoto {
  /** Whether the network is trained on it, or judged by it. */
  readonly split: Split;
  /** Age in years, often a guess. */
  readonly age?: number;
  /** Sex as the set labels it. */
  readonly sex?: string;
  /** Origin as the set labels it. */
  readonly origin?: string;
  /** Distance between the eyes in the photo before alignment, in pixels. */
  readonly eyes?: number;
}

/** The name of the file that makes a folder one of aligned crops. */
const CROP_INDEX = "index.tsv";
const NEEDED = ["file", "person", "split"] as const;

/** Returns the crops of a folder, or nothing if it has no `index.tsv`. */
export function listCrops(folder: string): SourceCrop[] | undefined {
  const path = `${folder}/${CROP_INDEX}`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw new InvalidArgumentError(
      `Cannot read ${path} as ${(error as Error).message}: check the file`,
      { cause: error },
    );
  }
  const crops = readRows(text, path).flatMap((row) => toCrop(row));
  if (crops.length > 0) return crops;
  throw new InvalidArgumentError(
    `Cannot prepare ${folder} as ${path} lists no file of split "train" or "validation"`,
  );
}

type Row = Readonly<Record<string, string>>;

function readRows(text: string, path: string): Row[] {
  let rows: Row[];
  try {
    rows = parse(text, { delimiter: "\t", columns: true, quote: false, skip_empty_lines: true });
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read ${path} as ${(error as Error).message}: write a header line and a line per ` +
        `crop, with tabs between`,
      { cause: error },
    );
  }
  const missing = NEEDED.filter((name) => rows.length > 0 && !(name in rows[0]));
  if (missing.length === 0) return rows;
  throw new InvalidArgumentError(
    `Cannot use ${path} as it has no column ${missing.join(", ")}: ` +
      `the columns are file, person, split and, if known, age, sex, origin, eye_px`,
  );
}

function toCrop(row: Row): SourceCrop[] {
  const { file, person, split, sex, origin } = row;
  if (split !== "train" && split !== "validation") return [];
  const age = number(row.age), eyes = number(row.eye_px);
  return [{
    file,
    ...(person && { identity: person }),
    split,
    ...(age !== undefined && { age }),
    ...(sex && { sex }),
    ...(origin && { origin }),
    ...(eyes !== undefined && { eyes }),
  }];
}

function number(text: string | undefined): number | undefined {
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}
