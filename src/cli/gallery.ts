// `gallery list|remove|export|import|dedupe|cluster|compact`: looks after a gallery. No photo is read and no network runs.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import {
  createGallery,
  type FileStore,
  type Gallery,
  type GalleryStore,
  openThresholds,
} from "../gallery/mod.ts";
import { asWriteError } from "../base/write_error.ts";
import {
  type Arguments,
  type Command,
  JSON_OPTION,
  VERIFIER_OPTIONS,
  verifierOptions,
} from "./command.ts";
import { GALLERY_OPTIONS, openStore } from "./gallery_store.ts";
import type { Terminal } from "./terminal.ts";

/** What an action works with. */
interface Work {
  readonly gallery: Gallery;
  readonly store: GalleryStore;
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** The operands after the action. */
  readonly names: readonly string[];
}

/** The actions with how many operands they take, and what these are. */
const ACTIONS: Readonly<
  Record<
    string,
    readonly [takes: string, least: number, most: number, (work: Work) => Promise<number>]
  >
> = {
  list: ["nothing", 0, 0, list],
  remove: ["identities", 1, Infinity, remove],
  export: ["a file that does not exist yet", 1, 1, exportTo],
  import: ["a file", 1, 1, importFrom],
  dedupe: ["nothing", 0, 0, dedupe],
  cluster: ["nothing", 0, 0, cluster],
  compact: ["nothing", 0, 0, compact],
};

/** The command. */
export const galleryCommand: Command = {
  name: "gallery",
  summary: "list, remove, export, import, dedupe, cluster or compact a gallery",
  usage: "gallery --gallery <folder|postgres://...> [options] " +
    "list | remove <identity> ... | export <file> | import <file> | dedupe | cluster | compact",
  takes: ["operands (an action and what it takes)", 1, Infinity],
  options: [
    ...GALLERY_OPTIONS,
    { name: "replace", help: "import in the place of what identities have" },
    { name: "fmr", value: "rate", help: "dedupe, cluster: false match rate of a pair (0.0001)" },
    { name: "threshold", value: "score", help: "dedupe, cluster: a threshold of your own instead" },
    { name: "mirror", help: "dedupe, cluster: templates were made with --mirror" },
    JSON_OPTION,
    ...VERIFIER_OPTIONS.filter(({ name }) => name === "device" || name === "models"),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [action, ...names] = args.operands;
  const [takes, least, most, act] = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : [];
  if (!act) {
    throw new InvalidArgumentError(
      `There is no action "${action}": use one of ${Object.keys(ACTIONS).join(", ")}`,
    );
  }
  if (names.length < least! || names.length > most!) {
    throw new InvalidArgumentError(`Cannot ${action} ${names.length} operands: it takes ${takes}`);
  }
  await using store = await openStore(args, terminal);
  return await act({ gallery: createGallery({ store }), store, args, terminal, names });
}

async function list({ gallery, args, terminal }: Work): Promise<number> {
  for await (const entry of gallery.identities()) {
    terminal.out(
      args.flag("json") ? JSON.stringify(entry) : `${entry.templates}\t${entry.identity}`,
    );
  }
  return 0;
}

/** Removed people are to be gone from the disk as well. */
async function remove({ gallery, store, args, terminal, names }: Work): Promise<number> {
  let missing = 0;
  for (const identity of names) {
    const removed = await gallery.remove(identity);
    if (!removed) missing++;
    if (args.flag("json")) terminal.out(JSON.stringify({ identity, removed }));
    else terminal.out(`${identity}: ${removed ? "removed" : "not in the gallery"}`);
  }
  if (isFileStore(store)) await store.compact();
  return missing === 0 ? 0 : 1;
}

async function exportTo({ gallery, args, terminal, names: [path] }: Work): Promise<number> {
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
    args.flag("json")
      ? JSON.stringify(count)
      : `${path}: ${count.templates} templates of ${count.identities} identities, not encrypted`,
  );
  return 0;
}

async function importFrom({ gallery, args, terminal, names: [path] }: Work): Promise<number> {
  const text = await onFile(path, () => Deno.readTextFile(path));
  const count = await gallery.import(text.split("\n"), args.flag("replace") ? "replace" : "add");
  terminal.out(
    args.flag("json")
      ? JSON.stringify(count)
      : `${path}: ${count.templates} templates of ${count.identities} identities imported`,
  );
  return 0;
}

async function dedupe({ gallery, args, terminal }: Work): Promise<number> {
  const threshold = await likeness(args);
  const pairs = await gallery.duplicates(threshold);
  for (const { identities, score } of pairs) {
    const line = `${score.toFixed(4)}\t${identities.join("\t")}`;
    terminal.out(args.flag("json") ? JSON.stringify({ identities, score, threshold }) : line);
  }
  if (!args.flag("json")) terminal.err(`${pairs.length} pairs reach ${threshold.toFixed(4)}`);
  return pairs.length === 0 ? 1 : 0;
}

/** Groups of identities that look like one person, a group per line. */
async function cluster({ gallery, args, terminal }: Work): Promise<number> {
  const threshold = await likeness(args);
  const groups = await gallery.clusters(threshold);
  for (const identities of groups) {
    terminal.out(
      args.flag("json") ? JSON.stringify({ identities, threshold }) : identities.join("\t"),
    );
  }
  if (!args.flag("json")) {
    terminal.err(`${groups.length} groups, joined by ${threshold.toFixed(4)}`);
  }
  return groups.length === 0 ? 1 : 0;
}

/** The score from which on two identities look like one person. */
async function likeness(args: Arguments): Promise<number> {
  const thresholdAt = await openThresholds(verifierOptions(args));
  return args.number("threshold") ??
    thresholdAt(args.number("fmr") ?? 0.0001, [undefined, undefined]);
}

async function compact({ store, args, terminal }: Work): Promise<number> {
  if (!isFileStore(store)) {
    throw new InvalidArgumentError(
      "Cannot compact PostgreSQL, which does so by itself (autovacuum)",
    );
  }
  await store.compact();
  terminal.out(args.flag("json") ? JSON.stringify({ compacted: true }) : "compacted");
  return 0;
}

function isFileStore(store: GalleryStore): store is FileStore {
  return "compact" in store;
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
