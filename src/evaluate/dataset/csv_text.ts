// The rows of a list of pairs, whatever separates its cells: commas (RFC 4180), semicolons as spreadsheets in half of
// Europe write, tabs, or blanks.

import { DatasetError } from "../../base/errors.ts";
import { readText } from "./files.ts";

/** A row and the line of the file that it ends on. */
export interface CsvRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/** As csv-parse gives them with `info`, which its types do not say. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

const SEPARATORS = ["\t", ";", ",", " "];

/** The rows of the file. */
export async function readCsvRows(path: string): Promise<CsvRow[]> {
  const text = await readText(path);
  const [first = ""] = text.replace(/^\ufeff/, "").split(/\r?\n/).filter((line) => line.trim());
  const { parse } = await import("npm:csv-parse@7.0.3/sync");
  const options = { bom: true, skip_empty_lines: true, trim: true, info: true } as const;
  const delimiter = SEPARATORS.find((separator) => first.split(separator).length >= 3) ?? ",";
  try {
    // Columns that are lined up with blanks have several in a row.
    const rows: unknown = parse(text, { ...options, delimiter, relax_column_count: true });
    return (rows as ParsedRow[]).map(({ record, info }) => ({
      cells: delimiter === " " ? record.filter((cell) => cell !== "") : record,
      line: info.lines,
    }));
  } catch (cause) {
    throw new DatasetError(
      `Cannot read ${path} as it is no CSV (${(cause as Error).message}): correct the line`,
      { cause },
    );
  }
}
