// The file system as the readers of data sets need it, imported only when a data set is opened.
// What the platform throws is said in our terms, with the path and the remedy.

import { DatasetError, MaskinvError } from "../../base/errors.ts";
import { DEFAULT_MAX_BYTES } from "../../image/limits.ts";
import { readFileBytes } from "../../image/read.ts";
import { PHOTO_NAME } from "../../image/signature.ts";
import type { DatasetImage } from "./dataset.ts";
import type { LeftOutFile } from "./dataset.ts";
import { isMacMetadata } from "./left_out.ts";

/** What a path is. */
export async function pathKind(path: string): Promise<"file" | "folder" | undefined> {
  const { stat } = await import("node:fs/promises");
  try {
    const info = await stat(path);
    return info.isFile() ? "file" : info.isDirectory() ? "folder" : undefined;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DatasetError(`Cannot open ${path} as ${message}: check that reading is allowed`, {
      cause,
    });
  }
}

/** The text of a file. */
export async function readText(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DatasetError(
      `Cannot read ${path} as ${
        (cause as Error).message
      }: check the path and that reading is allowed`,
      { cause },
    );
  }
}

/** The names in a folder, in the order of their characters; `leftOut` are those that cannot be or hold photos. */
export async function listFolder(
  path: string,
): Promise<{ folders: string[]; photos: string[]; leftOut: LeftOutFile[] }> {
  const { readdir } = await import("node:fs/promises");
  const entries = await readdir(path, { withFileTypes: true });
  const folders: string[] = [], photos: string[] = [], leftOut: LeftOutFile[] = [];
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const { name } = entry;
    const isFolder = entry.isDirectory() && !name.startsWith(".");
    if (!isFolder && !(entry.isFile() && PHOTO_NAME.test(name))) continue;
    // Bytes that are no UTF-8 arrive as U+FFFD, and no name leads back to the file; a name may have that character, too.
    const isLost = name.includes("\uFFFD") && await pathKind(`${path}/${name}`) === undefined;
    if (isLost) leftOut.push({ id: name, reason: "name-not-utf8" });
    else if (isFolder) folders.push(name);
    else if (isMacMetadata(name)) leftOut.push({ id: name, reason: "macos-metadata" });
    else photos.push(name);
  }
  return { folders, photos, leftOut };
}

/** A photo in a file. */
export function photoFile(
  path: string,
  about: Pick<DatasetImage, "id" | "identity" | "masked">,
): DatasetImage {
  return {
    ...about,
    path,
    load: async (signal): Promise<Uint8Array> => {
      try {
        return await readFileBytes(path, about.id, DEFAULT_MAX_BYTES, signal);
      } catch (cause) {
        signal?.throwIfAborted();
        if (cause instanceof MaskinvError) throw cause;
        throw new DatasetError(
          `Cannot read ${path} as ${(cause as Error).message}: check that the data set is complete`,
          { cause },
        );
      }
    },
  };
}

/** The last part of a path, without an ending like .bin. */
export function baseName(path: string): string {
  return path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "").replace(/\.[a-z0-9]{1,4}$/i, "") ||
    "dataset";
}

/** Throws unless the first listed photo is there: a wrong folder should not look like 7,000 failures. */
export async function checkFirst(path: string, photo: string): Promise<void> {
  if (await pathKind(photo) === "file") return;
  throw new DatasetError(
    `Cannot use ${path} as the first photo of its list, ${photo}, is not there: ` +
      `give the folder with both the list and the photos`,
  );
}
