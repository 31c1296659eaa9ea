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

/** There is no gallery at the place that was named, and nobody asked for a new one. Nothing was made. */
export class GalleryMissingError extends MaskinvError {
  /** Always `"GalleryMissingError"`. */
  override readonly name = "GalleryMissingError";
}

/** The name that an identity was to get belongs to another identity; nothing was changed. */
export class IdentityExistsError extends MaskinvError {
  /** Always `"IdentityExistsError"`. */
  override readonly name = "IdentityExistsError";
}

/** The error for a name that is taken. */
export function identityExists(from: string, to: string): IdentityExistsError {
  return new IdentityExistsError(
    `Cannot rename ${from} to ${to} as there is an identity of that name: choose another name, or join the two by merge`,
  );
}
