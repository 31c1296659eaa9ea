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
  const [head, ...lines] = text.replace(/^\ufeff/, "").trimEnd().split(/\r?\n/);
  // Lists without folds (LFW's view 1) say the number of pairs alone.
  const numbers = head.trim().split(/\s+/).map(Number);
  const [folds, perKind] = numbers.length === 1 ? [1, numbers[0]] : numbers;
  if (!(folds > 0 && perKind > 0) || numbers.length > 2) {
    throw new InvalidArgumentError(
      `Cannot read the LFW pairs as line 1 is "${
        head.slice(0, 80)
      }": it must be folds<TAB>pairs, or pairs`,
    );
  }
  if (lines.length !== folds * perKind * 2) {
    throw new InvalidArgumentError(
      `Cannot read the LFW pairs as line 1 is "${head}" and ${lines.length} pairs follow: ` +
        `it must be folds<TAB>pairs with folds x pairs x 2 lines after it`,
    );
  }
  const pairs = lines.map((line, i) => parsePair(line, i + 2));
  return Array.from(
    { length: folds },
    (_, fold) => pairs.slice(fold * perKind * 2, (fold + 1) * perKind * 2),
  );
}

function parsePair(line: string, number: number): LfwPair {
  // Copies have blanks or commas in the place of tabs.
  const fields = line.trim().split(line.includes("\t") ? "\t" : /[\s,]+/),
    [first, , second] = fields;
  const [a, b] = fields.length === 3 ? [1, 2] : [1, 3];
  if (
    first && second && (fields.length === 3 || fields.length === 4) &&
    /^\d+$/.test(fields[a]) && /^\d+$/.test(fields[b])
  ) {
    const other = fields.length === 3 ? first : second;
    return {
      probe: path(first, fields[a]),
      reference: path(other, fields[b]),
      genuine: fields.length === 3,
    };
  }
  throw new InvalidArgumentError(
    `Cannot read the LFW pair "${
      line.slice(0, 80)
    }" in line ${number}: it must be name, number, number or ` +
      `name, number, name, number`,
  );
}

function path(name: string, number: string): string {
  return `${name}/${name}_${number.padStart(4, "0")}.jpg`;
}
