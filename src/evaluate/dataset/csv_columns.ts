// What the columns of a list of pairs are called: our names, and those that lists of others have.

import { DatasetError } from "../../base/errors.ts";

/** The names of each column, ours first; compared without case, blanks, dashes and underscores. */
const COLUMNS = {
  probe: ["probe", "image1", "img1", "file1", "path1", "photo1", "filename1", "left", "query"],
  reference: [
    ...["reference", "image2", "img2", "file2", "path2", "photo2", "filename2", "right", "gallery"],
  ],
  genuine: ["genuine", "same", "issame", "label", "match", "ismatch", "target"],
  probe_person: ["probeperson", "person1", "identity1", "id1", "name1", "subject1"],
  reference_person: ["referenceperson", "person2", "identity2", "id2", "name2", "subject2"],
  probe_masked: ["probemasked", "masked1", "mask1"],
  reference_masked: ["referencemasked", "masked2", "mask2"],
  fold: ["fold", "split"],
} as const;

/** A column. */
export type CsvColumn = keyof typeof COLUMNS;

const NAMES = Object.keys(COLUMNS) as CsvColumn[];

/** Words for genuine and impostor pairs, and for masked and unmasked photos. */
const YES = ["1", "1.0", "true", "t", "yes", "y", "same", "genuine", "match", "masked"];
const NO = [
  ...["0", "0.0", "-1", "false", "f", "no", "n", "different", "diff", "impostor"],
  ...["nonmatch", "no match", "unmasked"],
];

/** Reads an answer; `undefined` if it is none. */
export function readAnswer(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return YES.includes(word) ? true : NO.includes(word) ? false : undefined;
}

/**
 * The place of each column, by the names in the first line; where this line is itself a pair (two photos and an answer),
 * these three are meant.
 *
 * @throws {DatasetError} If one that is needed is missing, or one is unknown or there twice.
 */
export function readColumns(
  head: readonly string[],
  label: string,
): { readonly columns: ReadonlyMap<CsvColumn, number>; readonly named: boolean } {
  const columns = new Map<CsvColumn, number>();
  if (head.length === 3 && readAnswer(head[2]) !== undefined && !columnOf(head[2])) {
    return { columns: new Map([["probe", 0], ["reference", 1], ["genuine", 2]]), named: false };
  }
  for (const [i, name] of head.entries()) {
    const column = columnOf(name);
    if (column === undefined) {
      throw wrong(label, `has a column "${name.slice(0, 40)}"`);
    }
    if (columns.has(column)) throw wrong(label, `has two columns for ${column}`);
    columns.set(column, i);
  }
  const missing = (["probe", "reference", "genuine"] as const).find((name) => !columns.has(name));
  if (missing) throw wrong(label, `has no column ${missing}`);
  return { columns, named: true };
}

function columnOf(name: string): CsvColumn | undefined {
  const plain = name.toLowerCase().replace(/[\s_-]/g, "");
  return NAMES.find((column) => COLUMNS[column].some((known) => known === plain));
}

function wrong(label: string, why: string): DatasetError {
  return new DatasetError(
    `Cannot use ${label} as its line 1 ${why}: name the columns ${NAMES.join(", ")} there ` +
      `(the first three are needed), and take out what else there is`,
  );
}
