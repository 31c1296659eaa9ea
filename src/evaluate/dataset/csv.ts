// A CSV file of pairs: `probe,reference,genuine`, and if wanted `probe_person,reference_person`, `probe_masked,
// reference_masked` and `fold`. Paths are relative to the file. RFC 4180, read by csv-parse.

import { DatasetError } from "../../base/errors.ts";
import type { Dataset, DatasetPair } from "./dataset.ts";
import { baseName, photoFile, readText } from "./files.ts";
import { dealFolds } from "./folds.ts";
import { type NamedPhoto, PhotoList } from "./named_pairs.ts";

const NEEDED = ["probe", "reference", "genuine"];
const KNOWN = [
  ...NEEDED,
  "probe_person",
  "reference_person",
  "probe_masked",
  "reference_masked",
  "fold",
];

/** Reads the file. Without `fold` the pairs are dealt to ten folds. */
export async function openCsv(path: string): Promise<Dataset> {
  const [head, ...rows] = await parse(path);
  const missing = NEEDED.find((name) => !head?.includes(name));
  const unknown = head?.find((name) => !KNOWN.includes(name));
  if (missing || unknown !== undefined || rows.length === 0) {
    const why = missing
      ? `it has no column ${missing}`
      : unknown !== undefined
      ? `it has a column "${unknown.slice(0, 40)}"`
      : "it has no pairs";
    throw new DatasetError(
      `Cannot use ${path} as ${why}: the first line names the columns, of ${KNOWN.join(", ")}`,
    );
  }
  const root = path.replace(/[^/\\]*$/, "");
  const identified = head.includes("probe_person") && head.includes("reference_person");
  const photos = new PhotoList(({ id, masked }, identity) =>
    photoFile(/^([/\\]|[a-z]:)/i.test(id) ? id : root + id, { id, identity, masked })
  );
  const folds = new Map<string, DatasetPair[]>();
  rows.forEach((row, i) => {
    const field = (name: string): string | undefined => row[head.indexOf(name)];
    const flag = (name: string): boolean | undefined => {
      const text = field(name)?.toLowerCase();
      if (text === undefined || text === "") return undefined;
      if (["1", "true", "yes"].includes(text)) return true;
      if (["0", "false", "no"].includes(text)) return false;
      throw new DatasetError(
        `Cannot read line ${i + 2} of ${path} as its ${name} is "${text.slice(0, 40)}": ` +
          `write true or false`,
      );
    };
    const photo = (side: "probe" | "reference", stranger: string): NamedPhoto => ({
      id: field(side) ?? "",
      person: identified ? field(`${side}_person`) ?? "" : stranger,
      masked: flag(`${side}_masked`),
    });
    const genuine = flag("genuine");
    if (genuine === undefined || !field("probe") || !field("reference")) {
      throw new DatasetError(
        `Cannot read line ${i + 2} of ${path} as probe, reference or genuine is empty: fill it in`,
      );
    }
    const probe = photo("probe", `${i}`);
    const reference = photo("reference", genuine ? `${i}` : `${i} other`);
    const fold = field("fold") ?? "";
    folds.set(fold, [...folds.get(fold) ?? [], photos.pair(probe, reference, genuine)]);
  });
  return {
    name: baseName(path),
    kind: "csv",
    aligned: false,
    identified,
    images: photos.images,
    folds: head.includes("fold") ? [...folds.values()] : dealFolds([...folds.values()].flat()),
    [Symbol.dispose]: () => {},
  };
}

async function parse(path: string): Promise<string[][]> {
  const text = await readText(path);
  const { parse } = await import("npm:csv-parse@7.0.3/sync");
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true }) as string[][];
  } catch (cause) {
    throw new DatasetError(
      `Cannot read ${path} as it is no CSV (${(cause as Error).message}): correct the line`,
      { cause },
    );
  }
}
