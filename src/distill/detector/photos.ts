// Whole photos without labels that the detector is shown as they are. Those of odd numbers may be kept for tests.

import { InvalidArgumentError, MaskinvError } from "../../base/errors.ts";
import { loadImage } from "../../image/load.ts";
import { PHOTO_NAME } from "../../image/signature.ts";

/** Which photos of a folder, by the number that their names end with, as 12 of `face-0012.jpg`; `all` need none. */
export type FileNumbers = "all" | "even" | "odd";

const FILE_NUMBERS: readonly FileNumbers[] = ["all", "even", "odd"];

/** The most photos: torch keeps them in memory, 1.2 MB each at most. */
const MAX_PHOTOS = 20_000;

/** A photo as it goes to torch. */
export interface ShownPhoto {
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
  /** `[height, width, 3]` RGB grey levels. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Whether a value is of the type. */
export function isFileNumbers(value: unknown): value is FileNumbers {
  return FILE_NUMBERS.some((numbers) => numbers === value);
}

/**
 * The paths of photos, folder by folder, sorted by name.
 *
 * @throws {InvalidArgumentError} If a folder cannot be read or holds none of these photos, or there are too many.
 */
export function listShownPhotos(
  folders: readonly string[],
  numbers: FileNumbers = "all",
): readonly string[] {
  const paths = folders.flatMap((folder) => {
    const names = photoNames(folder), kept = names.filter((name) => isOf(name, numbers)).sort();
    if (kept.length > 0) return kept.map((name) => `${folder}/${name}`);
    throw new InvalidArgumentError(
      `Cannot show photos of ${folder} as of its ${names.length} photos none has ` +
        `${
          numbers === "all" ? "a known format" : `an ${numbers} number at the end of its name`
        }: ` +
        `correct "photos" or "photoNumbers"`,
    );
  });
  if (paths.length <= MAX_PHOTOS) return paths;
  throw new InvalidArgumentError(
    `Cannot show ${paths.length} photos of ${folders.join(", ")} as there may be ${MAX_PHOTOS}: ` +
      `name fewer folders in "photos"`,
  );
}

/**
 * Reads a photo.
 *
 * @throws {InvalidArgumentError} If it cannot be read or decoded.
 */
export async function readShownPhoto(path: string): Promise<ShownPhoto> {
  try {
    const { width, height, data } = await loadImage(path, { label: path });
    const pixels = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      pixels.set(data.subarray(from, from + 3), to);
    }
    return { width, height, pixels };
  } catch (error) {
    if (!(error instanceof MaskinvError)) throw error;
    throw new InvalidArgumentError(
      `Cannot show a photo of "photos" (${error.message}): take it out of its folder`,
      { cause: error },
    );
  }
}

function photoNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter(({ name, isDirectory }) => !isDirectory && PHOTO_NAME.test(name))
      .map(({ name }) => name);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read the folder ${folder} as ${
        (error as Error).message
      }: correct "photos", or leave it out`,
      { cause: error },
    );
  }
}

function isOf(name: string, numbers: FileNumbers): boolean {
  if (numbers === "all") return true;
  const last = /(\d)\.\w+$/.exec(name)?.[1];
  return last !== undefined && Number(last) % 2 === (numbers === "even" ? 0 : 1);
}
