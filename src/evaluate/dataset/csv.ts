// A CSV file of pairs: `probe,reference,genuine`, and if wanted `probe_person,reference_person`, `probe_masked,
// reference_masked` and `fold`. Paths are relative to the file. Other names and separators: csv_columns.ts, csv_text.ts.

import { DatasetError } from "../../base/errors.ts";
import { type CsvColumn, readAnswer, readColumns } from "./csv_columns.ts";
import { type CsvRow, readCsvRows } from "./csv_text.ts";
import type { Dataset, DatasetPair } from "./dataset.ts";
import { baseName, photoFile } from "./files.ts";
import { dealFolds } from "./folds.ts";
import { type NamedPhoto, PhotoList } from "./named_pairs.ts";

/** Reads the file. Without `fold` the pairs are dealt to ten folds. */
export async function openCsv(path: string): Promise<Dataset> {
  const rows = await readCsvRows(path);
  const { columns, named } = readColumns(rows[0]?.cells ?? [], path);
  const pairs = named ? rows.slice(1) : rows;
  if (pairs.length === 0) {
    throw new DatasetError(`Cannot use ${path} as it has no pairs: write one a line, below line 1`);
  }
  const root = path.replace(/[^/\\]*$/, "");
  const identified = columns.has("probe_person") && columns.has("reference_person");
  const photos = new PhotoList(({ id, masked }, identity) =>
    photoFile(/^([/\\]|[a-z]:)/i.test(id) ? id : root + id, { id, identity, masked })
  );
  const folds = new Map<string, DatasetPair[]>();
  for (const [i, row] of pairs.entries()) {
    const read = new PairRow(row, columns, path);
    const photo = (side: "probe" | "reference", stranger: string): NamedPhoto => ({
      id: read.needed(side),
      person: identified ? read.text(`${side}_person`) ?? "" : stranger,
      masked: read.answer(`${side}_masked`),
    });
    read.needed("genuine");
    const genuine = read.answer("genuine")!;
    const probe = photo("probe", `${i}`);
    const reference = photo("reference", genuine ? `${i}` : `${i} other`);
    const fold = read.text("fold") ?? "";
    const list = folds.get(fold) ?? [];
    folds.set(fold, list);
    list.push(photos.pair(probe, reference, genuine));
  }
  return {
    name: baseName(path),
    kind: "csv",
    aligned: false,
    identified,
    images: photos.images,
    folds: columns.has("fold") ? [...folds.values()] : dealFolds([...folds.values()].flat()),
    [Symbol.dispose]: () => {},
  };
}

/** A row by the names of its columns. */
class PairRow {
  readonly #row: CsvRow;
  readonly #columns: ReadonlyMap<CsvColumn, number>;
  readonly #path: string;

  constructor(row: CsvRow, columns: ReadonlyMap<CsvColumn, number>, path: string) {
    this.#row = row;
    this.#columns = columns;
    this.#path = path;
    const { length } = row.cells;
    if (length !== columns.size) throw this.#wrong(`it has ${length} cells`, `${columns.size}`);
  }

  /** A cell; `undefined` if it is empty or not there. */
  text(column: CsvColumn): string | undefined {
    const at = this.#columns.get(column);
    return at === undefined ? undefined : this.#row.cells[at] || undefined;
  }

  needed(column: CsvColumn): string {
    const text = this.text(column);
    if (text === undefined) throw this.#wrong(`its ${column} is empty`, "it in");
    return text;
  }

  answer(column: CsvColumn): boolean | undefined {
    const text = this.text(column);
    const answer = text === undefined ? undefined : readAnswer(text);
    if (text === undefined || answer !== undefined) return answer;
    throw this.#wrong(`its ${column} is "${text.slice(0, 40)}"`, "true or false");
  }

  #wrong(why: string, remedy: string): DatasetError {
    return new DatasetError(
      `Cannot read line ${this.#row.line} of ${this.#path} as ${why}: write ${remedy}`,
    );
  }
}
