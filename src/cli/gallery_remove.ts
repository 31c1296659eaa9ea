// `gallery remove`: by names, or by a pattern, which is shown and asked about before anything is removed.

import { InvalidArgumentError } from "../base/errors.ts";
import type { FileStore, GalleryIdentity, GalleryStore } from "../gallery/mod.ts";
import { namePattern } from "../gallery/names.ts";
import { counted } from "../base/counted.ts";
import type { GalleryAction } from "./gallery_action.ts";

/** Names that a question shows. */
const MAX_SHOWN = 20;

/** Removes people, who are then gone from the disk as well. */
export async function remove(work: GalleryAction): Promise<number> {
  const { store, args, names } = work, pattern = args.text("pattern");
  if ((pattern === undefined) === (names.length === 0)) {
    throw new InvalidArgumentError(
      `Cannot remove ${names.length} operands: it takes identities or a --pattern`,
    );
  }
  const code = pattern === undefined ? await removeNamed(work) : await removeFitting(work, pattern);
  if (isFileStore(store)) await store.compact();
  return code;
}

async function removeNamed({ gallery, args, terminal, names }: GalleryAction): Promise<number> {
  let missing = 0;
  for (const identity of names) {
    const removed = await gallery.remove(identity);
    if (!removed) missing++;
    if (args.flag("json")) terminal.out(JSON.stringify({ identity, removed }));
    else terminal.out(`${identity}: ${removed ? "removed" : "not in the gallery"}`);
  }
  return missing === 0 ? 0 : 1;
}

async function removeFitting(work: GalleryAction, pattern: string): Promise<number> {
  const { gallery, store, args, terminal } = work, fits = namePattern(pattern);
  const found: GalleryIdentity[] = [];
  for await (const entry of gallery.identities()) if (fits(entry.identity)) found.push(entry);
  if (found.length === 0) {
    terminal.err(`maskinv: no identity fits "${pattern}"`);
    return 1;
  }
  if (!args.flag("yes") && !confirmed(found, pattern, work)) {
    terminal.err("maskinv: nothing was removed");
    return 1;
  }
  // As one change: all of them or none.
  await store.remove(found.map(({ identity }) => identity));
  for (const { identity } of found) {
    if (args.flag("json")) terminal.out(JSON.stringify({ identity, removed: true }));
    else terminal.out(`${identity}: removed`);
  }
  return 0;
}

/** Asks whoever sits at the keyboard. */
function confirmed(
  found: readonly GalleryIdentity[],
  pattern: string,
  { terminal }: GalleryAction,
): boolean {
  const templates = found.reduce((sum, entry) => sum + entry.templates, 0);
  const what = `${counted(found.length, "identity", "identities")} with ${
    counted(templates, "template")
  }`;
  if (!terminal.confirm) {
    throw new InvalidArgumentError(
      `Cannot remove ${what} by the pattern "${pattern}" without a terminal to ask on: look at them with ` +
        `list --pattern, then give --yes`,
    );
  }
  for (const { identity, templates } of found.slice(0, MAX_SHOWN)) {
    terminal.err(`${templates}\t${identity}`);
  }
  if (found.length > MAX_SHOWN) terminal.err(`and ${found.length - MAX_SHOWN} more`);
  return terminal.confirm(`Remove ${what}?`);
}

/** Whether a store keeps its templates in a folder. */
export function isFileStore(store: GalleryStore): store is FileStore {
  return "compact" in store;
}
