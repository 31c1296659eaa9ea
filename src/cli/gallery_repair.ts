// `gallery repair`: the only action on a gallery that no other command can open.

import { counted } from "../base/counted.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { isGalleryFolder, missingGallery } from "../gallery/file_store.ts";
import { repairFileStore } from "../gallery/mod.ts";
import type { Arguments } from "./command.ts";
import { countedGallery } from "./counted_gallery.ts";
import { folderKey, galleryPlace, isDatabase } from "./gallery_store.ts";
import type { Terminal } from "./terminal.ts";

/** Saves what can be read of a gallery. */
export async function repair(args: Arguments, terminal: Terminal): Promise<number> {
  const folder = galleryPlace(args);
  if (isDatabase(folder)) {
    throw new InvalidArgumentError(
      "Cannot repair PostgreSQL, which has means of its own: restore the database from a backup",
    );
  }
  if (!await isGalleryFolder(folder)) throw missingGallery(folder);
  const done = await repairFileStore(folder, { key: await folderKey(args, terminal) });
  const { records, lost, cutBytes, kept } = done;
  if (args.flag("json")) terminal.out(JSON.stringify(done));
  else {
    for (const what of lost) terminal.out(`lost: ${what}`);
    if (cutBytes > 0) {
      terminal.out(`${cutBytes} bytes at the end are of an unfinished, never acknowledged change`);
    }
    terminal.out(
      `${lost.length > 0 ? "repaired" : "sound"}: ${counted(records, "record")} read, ` +
        countedGallery(done),
    );
  }
  if (kept) {
    terminal.err(
      `maskinv: templates that the lost records added are gone, and people whom they removed are back; ` +
        `the damaged file is kept as ${kept}: delete it when a backup has given the rest`,
    );
  }
  return lost.length > 0 ? 1 : 0;
}
