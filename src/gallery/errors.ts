// The errors of galleries, one class per cause, so that a program can ask for another key, wait for a lock, or call
// for help. All of them are MaskinvErrors.

import { MaskinvError } from "../base/errors.ts";

/** The key of a gallery is missing, of the wrong form, or not the one it was made with; nothing was changed. */
export class GalleryKeyError extends MaskinvError {
  /** Always `"GalleryKeyError"`. */
  override readonly name = "GalleryKeyError";
}

/** What is stored is not what was written: bytes were changed, swapped or lost. Nothing was read past that place. */
export class GalleryCorruptError extends MaskinvError {
  /** Always `"GalleryCorruptError"`. */
  override readonly name = "GalleryCorruptError";
}

/** Another process writes to the gallery. */
export class GalleryLockedError extends MaskinvError {
  /** Always `"GalleryLockedError"`. */
  override readonly name = "GalleryLockedError";
}

/** The disk or the database failed; what was acknowledged before is kept. */
export class GalleryStoreError extends MaskinvError {
  /** Always `"GalleryStoreError"`. */
  override readonly name = "GalleryStoreError";
}
