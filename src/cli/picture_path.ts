// Where a command may write its picture: said before the models are loaded, so that no work is lost.

import { InvalidArgumentError } from "../base/errors.ts";
import type { PhotoArgument } from "./command.ts";

/** Names of pictures that are no PNG. */
const OTHER_FORMAT = /\.(jpe?g|webp|gif|hei[cf]|avif|tiff?|bmp)$/i;

/**
 * Checks the path of a picture that a command will write of some photos.
 *
 * @throws {InvalidArgumentError} If its name is that of another format than PNG, or it is one of the photos.
 */
export async function checkPicturePath(
  path: string,
  photos: readonly PhotoArgument[],
): Promise<void> {
  const place = await placeOf(path);
  for (const { input, label } of photos) {
    if (place === undefined || typeof input !== "string" || await placeOf(input) !== place) {
      continue;
    }
    throw new InvalidArgumentError(
      `Cannot write ${path} as it is the photo ${label}, which would be lost: give another name`,
    );
  }
  if (OTHER_FORMAT.test(path)) {
    throw new InvalidArgumentError(
      `Cannot write ${path} as pictures are written as PNG: name it ${
        path.replace(OTHER_FORMAT, ".png")
      }`,
    );
  }
}

/** The file behind a path, whatever leads to it; undefined if there is none, or it is a URL. */
async function placeOf(path: string): Promise<string | undefined> {
  return await Deno.realPath(path).catch(() => undefined);
}
