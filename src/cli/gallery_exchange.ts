// `gallery export` and `gallery import`: a gallery as a file of JSON lines, and back.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { asWriteError } from "../base/write_error.ts";
import { checkKnownModel, type GalleryModel } from "../gallery/mod.ts";
import { verifierOptions } from "./command.ts";
import { countedGallery } from "./counted_gallery.ts";
import type { GalleryAction } from "./gallery_action.ts";

/** Writes a gallery into a new file. */
export async function exportTo(
  { gallery, args, terminal, names: [path] }: GalleryAction,
): Promise<number> {
  await onFile(path, async () => {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    try {
      // Not by way of `file.writable`, which on a full disk drops the rest without an error.
      const encoder = new TextEncoder();
      for await (const line of gallery.export()) {
        for (let rest = encoder.encode(`${line}\n`); rest.length > 0;) {
          rest = rest.subarray(await file.write(rest));
        }
      }
      await file.syncData();
    } catch (error) {
      // Half an export would pass for a whole one, and be in the way of the next.
      await Deno.remove(path).catch(() => {});
      throw asWriteError(path, error);
    }
  });
  const count = await gallery.count();
  terminal.out(
    args.flag("json") ? JSON.stringify(count) : `${path}: ${countedGallery(count)}, not encrypted`,
  );
  return 0;
}

/** Reads a file of `gallery export` into a gallery. */
export async function importFrom(
  { gallery, args, terminal, names: [path] }: GalleryAction,
): Promise<number> {
  const text = await onFile(path, () => Deno.readTextFile(path));
  const known = (model: GalleryModel): Promise<void> =>
    checkKnownModel(model, verifierOptions(args));
  const count = await gallery.import(
    text.split("\n"),
    args.flag("replace") ? "replace" : "add",
    args.flag("force") ? undefined : known,
  );
  terminal.out(
    args.flag("json") ? JSON.stringify(count) : `${path}: ${countedGallery(count)} imported`,
  );
  return 0;
}

async function onFile<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof MaskinvError) throw error;
    throw new InvalidArgumentError(
      `Cannot use the file ${path} as ${
        (error as Error).message
      }: check the path and the permissions`,
      { cause: error },
    );
  }
}
