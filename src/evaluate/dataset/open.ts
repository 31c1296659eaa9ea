// The one door to data sets: tells the kind from what is there.

import { DatasetError, InvalidArgumentError } from "../../base/errors.ts";
import { openBin } from "./bin.ts";
import { openCsv } from "./csv.ts";
import { type Dataset, DATASET_KINDS, type DatasetKind } from "./dataset.ts";
import { listFolder, pathKind } from "./files.ts";
import { withoutMissing } from "./left_out.ts";
import { openLfw } from "./lfw_folder.ts";
import { MFR2_LABELS, openMfr2 } from "./mfr2.ts";
import { type DrawOptions, openFolder } from "./person_folders.ts";

/** Options of {@linkcode openDataset}. */
export interface DatasetOptions extends DrawOptions {
  /** The kind, where it is not to be told from what is there. */
  readonly kind?: DatasetKind;
  /** Whether the photos are faces already aligned to the ArcFace template; by default only those of `.bin` files. */
  readonly aligned?: boolean;
  /**
   * Whether comparisons with photos that are not there count, as failures to acquire. By default they are left out and the
   * photos named in `leftOut`.
   */
  readonly countMissing?: boolean;
}

/**
 * Opens a data set: LFW (a folder with `pairs.txt`), MFR2 (with `mfr2_labels.txt` too), a `.bin` file of insightface's
 * evaluation sets, a `.csv` file of pairs, or a folder with a folder per person, from which pairs are drawn.
 *
 * Only lists are read; photos are loaded one at a time when they are asked for.
 *
 * @param path The file or folder.
 * @param options See {@linkcode DatasetOptions}.
 * @returns The data set; dispose of it when done, as a `.bin` file stays open.
 * @throws {DatasetError} If there is nothing of a known kind at the path, or a list does not fit its photos.
 * @throws {InvalidArgumentError} If an option is unknown.
 *
 * @example
 * ```ts
 * import { openDataset } from "@maskinv/maskinv/evaluate";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.jpg", "b.jpg"]) await Deno.writeTextFile(`${folder}/${name}`, "a photo");
 * await Deno.writeTextFile(`${folder}/pairs.csv`, "probe,reference,genuine\na.jpg,b.jpg,true\n");
 * using dataset = await openDataset(`${folder}/pairs.csv`);
 * console.log(dataset.kind, dataset.images.map(({ id }) => id)); // csv [ "a.jpg", "b.jpg" ]
 * ```
 */
export async function openDataset(path: string, options: DatasetOptions = {}): Promise<Dataset> {
  const kind = options.kind ?? await kindOf(path);
  const open = OPENERS[kind];
  if (!open) {
    throw new InvalidArgumentError(
      `There is no kind of data set "${kind}": use one of ${DATASET_KINDS.join(", ")}`,
    );
  }
  const opened = await open(path, options);
  const dataset = options.countMissing ? opened : await withoutMissing(opened, path);
  return { ...dataset, aligned: options.aligned ?? dataset.aligned };
}

const OPENERS: Readonly<
  Record<DatasetKind, (path: string, options: DrawOptions) => Promise<Dataset>>
> = { lfw: openLfw, bin: openBin, mfr2: openMfr2, folder: openFolder, csv: openCsv };

async function kindOf(path: string): Promise<DatasetKind> {
  const there = await pathKind(path);
  if (there === "file") {
    if (/\.bin$/i.test(path)) return "bin";
    if (/\.csv$/i.test(path)) return "csv";
    throw new DatasetError(
      `Cannot tell what data set ${path} is: give a .bin or .csv file or a folder, or say the kind`,
    );
  }
  if (there === "folder") {
    if (await pathKind(`${path}/${MFR2_LABELS}`) === "file") return "mfr2";
    if (await pathKind(`${path}/pairs.txt`) === "file") return "lfw";
    if ((await listFolder(path)).folders.length > 0) return "folder";
    throw new DatasetError(
      `Cannot use ${path} as it has neither pairs.txt nor a folder per person: check the path`,
    );
  }
  throw new DatasetError(
    `Cannot open ${path} as there is no such file or folder: check the path`,
  );
}
