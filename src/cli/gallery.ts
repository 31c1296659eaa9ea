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
  DEVICE_OPTION,
  JSON_OPTION,
  MODELS_OPTION,
  type Operands,
  THRESHOLD_OPTION,
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
  NEEDED_GALLERY_OPTION,
  openStore,
} from "./gallery_store.ts";
import type { GalleryAction } from "./gallery_action.ts";
import type { Terminal } from "./terminal.ts";

/** The actions on a gallery that was opened. */
const ACTIONS: Readonly<Record<string, (work: GalleryAction) => Promise<number>>> = {
  list,
  remove,
  rename,
  export: exportTo,
  import: importFrom,
  dedupe,
  cluster,
  compact,
};

const NOTHING: Operands = { usage: "", what: ["operand", "operands"], min: 0, max: 0 };
const A_FILE: Operands = { usage: "<file>", what: ["file", "files"], min: 1, max: 1 };

/** The command. */
export const galleryCommand: Command = {
  name: "gallery",
  takes: {
    actions: {
      list: NOTHING,
      remove: { usage: "<identity> ...", what: ["name", "names"], min: 0, max: Infinity },
      rename: { usage: "<identity> <new name>", what: ["name", "names"], min: 2, max: 2 },
      export: A_FILE,
      import: A_FILE,
      dedupe: NOTHING,
      cluster: NOTHING,
      compact: NOTHING,
      repair: NOTHING,
    },
  },
  options: [
    NEEDED_GALLERY_OPTION,
    ...GALLERY_OPTIONS,
    {
      kind: "text",
      name: "pattern",
      value: "text*",
      help: "list, remove: identities that fit; * and ? as in a shell",
    },
    { kind: "flag", name: "yes", help: "remove: do not ask" },
    {
      kind: "flag",
      name: "merge",
      help: "rename: the new name may be taken; the two are one then",
    },
    { kind: "flag", name: "force", help: "rename, import: also where something speaks against it" },
    { kind: "flag", name: "replace", help: "import in the place of what identities have" },
    { ...CREATE_OPTION, help: `import: ${CREATE_OPTION.help}` },
    {
      kind: "rate",
      name: "fmr",
      help: "dedupe, cluster: false match rate of a pair (0.0001)",
    },
    { ...THRESHOLD_OPTION, help: `dedupe, cluster: ${THRESHOLD_OPTION.help}` },
    { kind: "flag", name: "mirror", help: "dedupe, cluster: templates were made with --mirror" },
    JSON_OPTION,
    DEVICE_OPTION,
    MODELS_OPTION,
  ],
  exits:
    "0 done, or found; 1 not in the gallery, nothing found, or held back (see --force, --merge); " +
    "repair: 1 if something was lost; 2 error",
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const { action, operands: names } = args;
  // The only action that works on a gallery which cannot be opened.
  if (action === "repair") return await repair(args, terminal);
  const create = action === "import" && (args.flag("create") || "not unless told");
  await using store = await openStore(args, terminal, create);
  const thresholds = action === "rename" ? await thresholdsOf(store, args) : undefined;
  const gallery = createGallery({ store, thresholds });
  return await ACTIONS[action]({ gallery, store, args, terminal, names });
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
  const given = args.number("threshold");
  if (given !== undefined) return given;
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
