// Which photos there are below a folder, and whose they are: aligned crops with `index.tsv`, or photos of any kind.
// `labelled/<name>/` holds the photos of one person, `unlabelled/` those of anybody; or a folder per person, and photos beside.

import { InvalidArgumentError } from "../../base/errors.ts";
import { PHOTO_NAME } from "../../image/signature.ts";

/** A photo on disk. */
export interface SourcePhoto {
  /** Path below the folder, with slashes. */
  readonly file: string;
  /** Who it shows, if that is known. */
  readonly identity?: string;
}

/** Returns the photos below a folder, sorted by path. */
export function listPhotos(folder: string): SourcePhoto[] {
  const split = ["labelled", "unlabelled"].filter((name) => isFolder(`${folder}/${name}`));
  const photos = split.length > 0
    ? [
      ...(split.includes("labelled") ? people(folder, "labelled/") : []),
      ...(split.includes("unlabelled") ? files(folder, "unlabelled/") : []),
    ]
    : [...people(folder, ""), ...files(folder, "")];
  if (photos.length === 0) {
    throw new InvalidArgumentError(
      `Cannot prepare ${folder} as it holds no photos: give a folder of aligned crops with index.tsv, ` +
        `one with labelled/<name>/*.jpg and unlabelled/*.jpg, or one with a folder per person`,
    );
  }
  return photos.map((photo) => ({ ...photo, file: photo.file.replaceAll("//", "/") }))
    .sort((one, other) => one.file < other.file ? -1 : 1);
}

function people(folder: string, below: string): SourcePhoto[] {
  return entries(`${folder}/${below}`).filter(({ isDirectory }) => isDirectory).flatMap((
    { name },
  ) => files(folder, `${below}${name}/`).map((photo) => ({ ...photo, identity: name })));
}

function files(folder: string, below: string): SourcePhoto[] {
  return entries(`${folder}/${below}`)
    .filter(({ name, isDirectory }) => !isDirectory && PHOTO_NAME.test(name))
    .map(({ name }) => ({ file: `${below}${name}` }));
}

function entries(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read the folder ${folder} as ${(error as Error).message}: check the path`,
      { cause: error },
    );
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
