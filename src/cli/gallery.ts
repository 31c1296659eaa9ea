// `gallery list|remove|rename|export|import|dedupe|cluster|compact|repair`: looks after a gallery. No photo is read and no network runs.

import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import { isGalleryFolder, missingGallery } from "../gallery/file_store.ts";
import {
  checkKnownModel,
  createGallery,
  type GalleryModel,
  type GalleryStore,
  openThresholds,
  repairFileStore,
  type SearchThresholds,
} from "../gallery/mod.ts";
import { thresholdsOfModel } from "../gallery/model_check.ts";
import { namePattern } from "../gallery/names.ts";
import { asWriteError } from "../base/write_error.ts";
import {
  type Arguments,
  type Command,
  JSON_OPTION,
  VERIFIER_OPTIONS,
  verifierOptions,
} from "./command.ts";
import { counted } from "../base/counted.ts";
import { countedGallery } from "./counted_gallery.ts";
import { isFileStore, remove } from "./gallery_remove.ts";
import {
  CREATE_OPTION,
  folderKey,
  GALLERY_OPTIONS,
  galleryPlace,
  isDatabase,
  openStore,
} from "./gallery_store.ts";
import type { GalleryAction } from "./gallery_action.ts";
import type { Terminal } from "./terminal.ts";

/** The actions with how many operands they take, and what these are. */
const ACTIONS: Readonly<
  Record<
    string,
    readonly [takes: string, least: number, most: number, (work: GalleryAction) => Promise<number>]
  >
> = {
  list: ["nothing", 0, 0, list],
  remove: ["identities", 0, Infinity, remove],
  rename: ["the old and the new name", 2, 2, rename],
  export: ["a file that does not exist yet", 1, 1, exportTo],
  import: ["a file", 1, 1, importFrom],
  dedupe: ["nothing", 0, 0, dedupe],
  cluster: ["nothing", 0, 0, cluster],
  compact: ["nothing", 0, 0, compact],
};

/** The action that works on a gallery which cannot be opened. */
const REPAIR = "repair";

/** The command. */
export const galleryCommand: Command = {
  name: "gallery",
  usage: "gallery --gallery <folder|postgres://...> [options] " +
    "list | remove <identity> ... | rename <identity> <new name> | export <file> | import <file> | " +
    "dedupe | cluster | compact | repair",
  takes: [
    ["operand (an action and what it takes)", "operands (an action and what it takes)"],
    1,
    Infinity,
  ],
  options: [
    ...GALLERY_OPTIONS,
    {
      name: "pattern",
      value: "text*",
      help: "list, remove: identities that fit; * and ? as in a shell",
    },
    { name: "yes", help: "remove: do not ask" },
    { name: "merge", help: "rename: the new name may be taken; the two are one then" },
    { name: "force", help: "rename, import: also where something speaks against it" },
    { name: "replace", help: "import in the place of what identities have" },
    { ...CREATE_OPTION, help: `import: ${CREATE_OPTION.help}` },
    { name: "fmr", value: "rate", help: "dedupe, cluster: false match rate of a pair (0.0001)" },
    { name: "threshold", value: "score", help: "dedupe, cluster: a threshold of your own instead" },
    { name: "mirror", help: "dedupe, cluster: templates were made with --mirror" },
    JSON_OPTION,
    ...VERIFIER_OPTIONS.filter(({ name }) => name === "device" || name === "models"),
  ],
  exits:
    "0 done, or found; 1 not in the gallery, nothing found, or held back (see --force, --merge); " +
    "repair: 1 if something was lost; 2 error",
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [action, ...names] = args.operands;
  if (action === REPAIR && names.length === 0) return await repair(args, terminal);
  const [takes, least, most, act] = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : [];
  if (!act && action !== REPAIR) {
    throw new InvalidArgumentError(
      `There is no action "${action}": use one of ${[...Object.keys(ACTIONS), REPAIR].join(", ")}`,
    );
  }
  if (!act || names.length < least! || names.length > most!) {
    throw new InvalidArgumentError(
      `Cannot ${action} ${names.length} operands: it takes ${takes ?? "nothing"}`,
    );
  }
  const create = action === "import" && (args.flag("create") || "not unless told");
  await using store = await openStore(args, terminal, create);
  const thresholds = action === "rename" ? await thresholdsOf(store, args) : undefined;
  return await act({ gallery: createGallery({ store, thresholds }), store, args, terminal, names });
}

async function list({ gallery, args, terminal }: GalleryAction): Promise<number> {
  const pattern = args.text("pattern");
  const fits = pattern === undefined ? () => true : namePattern(pattern);
  let found = 0;
  for await (const entry of gallery.identities()) {
    if (!fits(entry.identity)) continue;
    found++;
    terminal.out(
      args.flag("json") ? JSON.stringify(entry) : `${entry.templates}\t${entry.identity}`,
    );
  }
  return found > 0 || pattern === undefined ? 0 : 1;
}

async function rename(
  { gallery, args, terminal, names: [from, to] }: GalleryAction,
): Promise<number> {
  const options = { merge: args.flag("merge"), force: args.flag("force") };
  const result = await gallery.rename(from, to, options);
  if (args.flag("json")) terminal.out(JSON.stringify({ from, ...result }));
  else if (result.kind === "renamed") {
    terminal.out(
      `${from}: renamed to ${result.identity}, ${counted(result.templates, "template")}`,
    );
  } else if (result.kind === "not-enrolled") terminal.out(`${from}: not in the gallery`);
  if (result.kind === "not-enrolled") return 1;
  for (const { message } of result.doubts ?? []) {
    terminal.err(
      result.kind === "renamed"
        ? `maskinv: ${from} was renamed although ${message}`
        : `maskinv: ${from} was not renamed as ${message}: check the names, or give --force`,
    );
  }
  return result.kind === "renamed" ? 0 : 1;
}

/** What was measured of the model that made a gallery, if it is at hand. */
async function thresholdsOf(
  store: GalleryStore,
  args: Arguments,
): Promise<SearchThresholds | undefined> {
  const held = await store.model();
  return held && await thresholdsOfModel(held, verifierOptions(args));
}

async function exportTo(
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

async function importFrom(
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

async function dedupe({ gallery, args, terminal }: GalleryAction): Promise<number> {
  const threshold = await likeness(args);
  const pairs = await gallery.duplicates(threshold);
  for (const { identities, score } of pairs) {
    const line = `${score.toFixed(4)}\t${identities.join("\t")}`;
    terminal.out(args.flag("json") ? JSON.stringify({ identities, score, threshold }) : line);
  }
  if (!args.flag("json")) {
    terminal.err(`${counted(pairs.length, "pair")} at ${threshold.toFixed(4)} or above`);
  }
  return pairs.length === 0 ? 1 : 0;
}

/** Groups of identities that look like one person, a group per line. */
async function cluster({ gallery, args, terminal }: GalleryAction): Promise<number> {
  const threshold = await likeness(args);
  const groups = await gallery.clusters(threshold);
  for (const identities of groups) {
    terminal.out(
      args.flag("json") ? JSON.stringify({ identities, threshold }) : identities.join("\t"),
    );
  }
  if (!args.flag("json")) {
    terminal.err(`${counted(groups.length, "group")}, joined by ${threshold.toFixed(4)}`);
  }
  return groups.length === 0 ? 1 : 0;
}

/** The score from which on two identities look like one person. */
async function likeness(args: Arguments): Promise<number> {
  const own = args.number("threshold");
  if (own !== undefined) return own;
  const thresholds = await openThresholds(verifierOptions(args)),
    fmr = args.number("fmr") ?? 0.0001;
  const rule = thresholds.forFmr(fmr, [undefined, undefined]);
  if (rule?.supported) return rule.threshold;
  throw new InvalidArgumentError(
    rule
      ? `Cannot decide at FMR ${fmr} as no rate below ${rule.fmr} was measured: give that or a higher --fmr, ` +
        `or --threshold`
      : "Cannot decide as the model was never calibrated: run calibrate, or give --threshold",
  );
}

async function compact({ store, args, terminal }: GalleryAction): Promise<number> {
  if (!isFileStore(store)) {
    throw new InvalidArgumentError(
      "Cannot compact PostgreSQL, which does so by itself (autovacuum)",
    );
  }
  await store.compact();
  terminal.out(args.flag("json") ? JSON.stringify({ compacted: true }) : "compacted");
  return 0;
}

/** Saves what can be read of a gallery that no other command opens. */
async function repair(args: Arguments, terminal: Terminal): Promise<number> {
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
