// Files of a data set that show no face because they are no photos: those that a list names and the disk lacks, those that
// macOS writes beside photos, and those whose names cannot be opened. Counted as failures to acquire they would say
// something of the copy of the data set, not of the networks.

import { counted } from "../../base/counted.ts";
import { DatasetError } from "../../base/errors.ts";
import type { Dataset, DatasetImage, DatasetPair, LeftOutFile, LeftOutReason } from "./dataset.ts";

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  "missing": "not there",
  "macos-metadata": "metadata of macOS",
  "name-not-utf8": "not to be opened by its name, which is no UTF-8",
};

/** At most so many names in a message. */
const MAX_NAMED = 3;

/** Whether macOS wrote the file beside a photo, on disks that are not its. */
export function isMacMetadata(path: string): boolean {
  return /(^|[/\\])\._[^/\\]*$/.test(path);
}

/** A sentence for each reason: how many files, and some of their names. */
export function describeLeftOut(files: readonly LeftOutFile[]): string[] {
  return Object.entries(REASONS).flatMap(([reason, text]) => {
    const names = files.filter((file) => file.reason === reason).map(({ id }) => id);
    if (names.length === 0) return [];
    const more = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : "";
    return [
      `Left out: ${counted(names.length, "file")} (${text}): ${
        names.slice(0, MAX_NAMED).join(", ")
      }${more}.`,
    ];
  });
}

/**
 * The data set without the photos that are no files, and without their comparisons.
 *
 * @throws {DatasetError} If nothing is left.
 */
export async function withoutMissing(dataset: Dataset, path: string): Promise<Dataset> {
  const leftOut: LeftOutFile[] = [], kept: DatasetImage[] = [], places = new Map<number, number>();
  for (const [i, image] of dataset.images.entries()) {
    const reason = await reasonAgainst(image);
    if (reason) leftOut.push({ id: image.id, reason });
    else places.set(i, kept.push(image) - 1);
  }
  if (leftOut.length === 0) return dataset;
  const folds = dataset.folds.map((pairs) =>
    pairs.flatMap((pair): DatasetPair[] => {
      const probe = places.get(pair.probe), reference = places.get(pair.reference);
      return probe === undefined || reference === undefined ? [] : [{ ...pair, probe, reference }];
    })
  ).filter((pairs) => pairs.length > 0);
  if (folds.length === 0) {
    throw new DatasetError(
      `Cannot use ${path} as no pair has both photos; ${leftOut[0].id}, for one, is ${
        REASONS[leftOut[0].reason]
      }: check that the data set is complete and its paths are right`,
    );
  }
  return { ...dataset, images: kept, folds, leftOut: [...dataset.leftOut ?? [], ...leftOut] };
}

async function reasonAgainst({ path }: DatasetImage): Promise<LeftOutReason | undefined> {
  if (path === undefined) return undefined;
  if (isMacMetadata(path)) return "macos-metadata";
  const { stat } = await import("node:fs/promises");
  return await stat(path).then(
    () => undefined,
    // Any other fault is told where the photo is read.
    ({ code }) => code === "ENOENT" || code === "ENOTDIR" ? "missing" : undefined,
  );
}
