// The list of LFW's 6,000 comparisons: reads pairs.txt into folds of genuine and impostor pairs.
// Huang et al., "Labeled Faces in the Wild", 2007, view 2.

import { InvalidArgumentError } from "../../base/errors.ts";

/** One comparison of LFW: two image paths relative to the image folder. */
export interface LfwPair {
  /** First image, such as `Abel_Pacheco/Abel_Pacheco_0001.jpg`. */
  readonly probe: string;
  /** Second image. */
  readonly reference: string;
  /** Whether both show one person. */
  readonly genuine: boolean;
}

/**
 * Reads LFW's `pairs.txt`.
 *
 * @param text The file's text: a line with the number of folds and pairs per kind, then a line per pair.
 * @returns The pairs of each fold.
 * @throws {InvalidArgumentError} If a line is not a pair or their number is not what the first line says.
 *
 * @example
 * ```ts
 * import { parseLfwPairs } from "@maskinv/maskinv/evaluate";
 *
 * const [[pair]] = parseLfwPairs("1\t1\nAnn\t1\t2\nAnn\t1\tBob\t3\n");
 * console.log(pair.reference); // "Ann/Ann_0002.jpg"
 * ```
 */
export function parseLfwPairs(text: string): LfwPair[][] {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const [folds, perKind] = head.split("\t").map(Number);
  if (!(folds > 0 && perKind > 0) || lines.length !== folds * perKind * 2) {
    throw new InvalidArgumentError(
      `Cannot read the LFW pairs as the first line is "${head}" and ${lines.length} pairs follow: ` +
        `it must be folds<TAB>pairs with folds x pairs x 2 lines after it`,
    );
  }
  const pairs = lines.map(parsePair);
  return Array.from(
    { length: folds },
    (_, fold) => pairs.slice(fold * perKind * 2, (fold + 1) * perKind * 2),
  );
}

function parsePair(line: string): LfwPair {
  const fields = line.trim().split("\t");
  if (fields.length === 3) {
    const [name, first, second] = fields;
    return { probe: path(name, first), reference: path(name, second), genuine: true };
  }
  if (fields.length === 4) {
    const [name, first, other, second] = fields;
    return { probe: path(name, first), reference: path(other, second), genuine: false };
  }
  throw new InvalidArgumentError(
    `Cannot read the LFW pair "${line}": it must be name, number, number or name, number, name, number`,
  );
}

function path(name: string, number: string): string {
  return `${name}/${name}_${number.padStart(4, "0")}.jpg`;
}
