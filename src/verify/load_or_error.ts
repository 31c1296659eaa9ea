// A photo of many: one that cannot be loaded must not end the rest.

import { MaskinvError } from "../base/errors.ts";
import type { Image, ImageInput } from "../image/image.ts";
import { loadImage } from "../image/load.ts";
import type { ResolvedPhotoOptions } from "./options.ts";

/** The photo, or the error that it caused. */
export async function loadOrError(
  input: ImageInput,
  options: ResolvedPhotoOptions,
): Promise<Image | MaskinvError> {
  try {
    return await loadImage(input, options);
  } catch (error) {
    if (error instanceof MaskinvError) return error;
    throw error;
  }
}
