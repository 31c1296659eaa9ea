// What every data set is to the evaluation: photos that are loaded one at a time, and folds of pairs of them.
// The readers beside this file make it from LFW's lists, insightface's .bin, MFR2, folders and CSV.

import type { PixelData } from "../../image/image.ts";

/** Why a file is left out. */
export type LeftOutReason = "missing" | "macos-metadata" | "name-not-utf8";

/** A file that is left out, with the comparisons that name it. */
export interface LeftOutFile {
  /** Its path within the data set; bytes of the name that are no UTF-8 are shown as U+FFFD. */
  readonly id: string;
  /** Why. */
  readonly reason: LeftOutReason;
}

/** One photo of a data set. */
export interface DatasetImage {
  /** What reports call it: a path within the data set, or its number. */
  readonly id: string;
  /** Where its file is, if it has one of its own. */
  readonly path?: string;
  /** Index of the person that it shows, where the data set says so. */
  readonly identity: number;
  /** Whether the person wears a mask, where the data set says so. */
  readonly masked?: boolean;
  /** Loads the file's bytes, or pixels. */
  load(signal?: AbortSignal): Promise<Uint8Array | PixelData>;
}

/** A comparison that the data set lists. */
export interface DatasetPair {
  /** Index of the probe in the data set's images. */
  readonly probe: number;
  /** Index of the reference. */
  readonly reference: number;
  /** Whether both show one person. */
  readonly genuine: boolean;
}

/** The kinds of data sets. */
export const DATASET_KINDS = ["lfw", "bin", "mfr2", "folder", "csv"] as const;

/** A kind of data set. */
export type DatasetKind = typeof DATASET_KINDS[number];

/** Photos and the comparisons between them. Holds no pixels; dispose of it to close its files. */
export interface Dataset extends Disposable {
  /** Short name, from the file or folder. */
  readonly name: string;
  /** How it was read. */
  readonly kind: DatasetKind;
  /** Whether the photos are faces already aligned to the ArcFace template, to be embedded as they are. */
  readonly aligned: boolean;
  /**
   * Whether `identity` is known across pairs. If not (`.bin`), each pair's persons count as persons of their own, and
   * nothing can be said of photos that no pair names together.
   */
  readonly identified: boolean;
  /** The photos. */
  readonly images: readonly DatasetImage[];
  /** The comparisons, fold by fold. */
  readonly folds: readonly (readonly DatasetPair[])[];
  /** Files that are named by the list, or lie in the folders, and are no photos; none of them is in `images`. */
  readonly leftOut?: readonly LeftOutFile[];
}
