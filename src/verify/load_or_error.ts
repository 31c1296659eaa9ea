// A photo of many: one that cannot be loaded must not end the rest.

import { MaskinvError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import type { ResolvedPhotoOptions } from "./options.ts";
import { type LoadedPhoto, loadPhoto } from "./photo.ts";

/** The photo, or the error that it caused. */
export async function loadOrError(
  input: ImageInput,
  options: ResolvedPhotoOptions,
): Promise<LoadedPhoto | MaskinvError> {
  try {
    return await loadPhoto(input, options);
  } catch (error) {
    if (error instanceof MaskinvError) return error;
    throw error;
  }
}
