// `gallery list|remove|rename|export|import|dedupe|cluster|compact|repair`: looks after a gallery. No photo is read and no network runs.

import { InvalidArgumentError } from "../base/errors.ts";
import { createGallery, type GalleryStore, type SearchThresholds } from "../gallery/mod.ts";
import { thresholdsOfModel } from "../gallery/model_check.ts";
import { namePattern } from "../gallery/names.ts";
import {
  type Arguments,
  type Command,
  DEVICE_OPTION,
  GROUP_THRESHOLD_OPTION,
  JSON_OPTION,
  MODELS_OPTION,
  NORMALIZE_OPTION,
  type Operands,
  verifierOptions,
} from "./command.ts";
import { counted } from "../base/counted.ts";
import { completeGallery } from "./complete_gallery.ts";
import { cluster, dedupe, DEFAULT_PAIR_FMR } from "./gallery_alike.ts";
import { exportTo, importFrom } from "./gallery_exchange.ts";
import { isFileStore, remove } from "./gallery_remove.ts";
import { repair } from "./gallery_repair.ts";
import {
  CREATE_OPTION,
  GALLERY_OPTIONS,
  NEEDED_GALLERY_OPTION,
  openStore,
  PROTECTION_OPTION,
  protectionKey,
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
      help: `dedupe, cluster: false match rate of a pair (${DEFAULT_PAIR_FMR})`,
    },
    {
      ...GROUP_THRESHOLD_OPTION,
      help: "dedupe, cluster: whose false match rate counts, or a threshold of your own (pooled)",
    },
    { ...NORMALIZE_OPTION, help: `dedupe, cluster, rename: ${NORMALIZE_OPTION.help}` },
    { ...PROTECTION_OPTION, help: `the same: ${PROTECTION_OPTION.help}` },
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
  const compares = ["rename", "dedupe", "cluster"].includes(action);
  const thresholds = compares ? await thresholdsOf(store, args) : undefined;
  const protection = compares ? await protectionKey(args) : undefined;
  const gallery = createGallery({ store, thresholds, protection });
  if (compares && action !== "rename") await completeGallery(gallery, terminal);
  return await ACTIONS[action]({ gallery, store, args, terminal, names, thresholds });
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
