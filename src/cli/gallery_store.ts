// The gallery that the options name: a folder, encrypted unless --plain is said, or a PostgreSQL database.
// Keys come from a file, the environment or the keyboard, never from an argument, which every user of the machine could
// read.

import { InvalidArgumentError } from "../base/errors.ts";
import {
  connectPostgres,
  type FileStore,
  type GalleryStore,
  type KeySource,
  openFileStore,
  openPostgresStore,
  type PostgresIndex,
} from "../gallery/mod.ts";
import { GalleryKeyError } from "../gallery/errors.ts";
import { isGalleryFolder, missingGallery } from "../gallery/file_store.ts";
import { type Arguments, verifierOptions } from "./command.ts";
import { readVariable } from "./environment.ts";
import type { Option } from "./option.ts";
import type { Terminal } from "./terminal.ts";

/** Names of environment variables. */
const KEY = "MASKINV_GALLERY_KEY", PROTECTION_KEY = "MASKINV_PROTECTION_KEY";

/** Which gallery. */
export const GALLERY_OPTION: Option = {
  kind: "text",
  name: "gallery",
  value: "folder|postgres://...",
  help: "where templates are kept",
};

/** The same for the commands that do nothing without one. */
export const NEEDED_GALLERY_OPTION: Option = { ...GALLERY_OPTION, required: true };

const INDEXES: readonly PostgresIndex[] = ["exact", "hnsw"];

/** Options that say how a gallery is opened. */
export const GALLERY_OPTIONS: readonly Option[] = [
  {
    kind: "file",
    name: "key-file",
    with: ["gallery"],
    help: `key of the folder, base64 or hex (or ${KEY}, or asked for)`,
  },
  { kind: "flag", name: "plain", with: ["gallery"], help: "the folder is not encrypted" },
  {
    kind: "choice",
    name: "index",
    of: INDEXES,
    with: ["gallery"],
    help: "how PostgreSQL searches (exact)",
  },
];

/** The option of the commands that store or search templates. */
export const PROTECTION_OPTION: Option = {
  kind: "file",
  name: "protection-key-file",
  help: `key of cancelable templates (or ${PROTECTION_KEY})`,
};

/** The option of the commands that make a gallery only if told so. */
export const CREATE_OPTION: Option = {
  kind: "flag",
  name: "create",
  help: "make the gallery if there is none",
};

/** The place that `--gallery` names; for commands that do nothing without one. */
export function galleryPlace(args: Arguments): string {
  return args.text("gallery")!;
}

/** Whether a place is a database rather than a folder. */
export function isDatabase(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

/**
 * Opens the gallery that `--gallery` names.
 *
 * @param create Whether to make one where there is none: `"not unless told"` if the command has `--create`, which was not
 *     given. Nothing but enrolment makes one unasked, as a mistyped path would answer like an empty gallery.
 */
export async function openStore(
  args: Arguments,
  terminal: Terminal,
  create: boolean | "not unless told" = false,
): Promise<GalleryStore> {
  const place = galleryPlace(args);
  if (isDatabase(place)) {
    if (args.flag("plain") || args.text("key-file")) {
      throw new InvalidArgumentError(
        "Cannot use --plain or --key-file with PostgreSQL, which keeps templates as they are: " +
          "use --protection-key-file, and encrypt the database's disks",
      );
    }
    return await openPostgresStore(await connectPostgres(place), {
      index: args.choice("index", INDEXES),
      create: create === true,
    });
  }
  // Before anybody is asked for the key of what is not there.
  const isNew = !await isGalleryFolder(place);
  if (isNew && create === "not unless told") {
    throw missingGallery(place, "check the path, or give --create to make one");
  }
  if (isNew && !create) throw missingGallery(place);
  const store: FileStore = await openFileStore(place, {
    device: verifierOptions(args).device,
    key: await folderKey(args, terminal),
    create: create === true,
  });
  if (isNew) terminal.err(`maskinv: made a new gallery in ${place}`);
  if (store.cutBytes > 0) {
    terminal.err(
      `maskinv: cut ${store.cutBytes} bytes of an unfinished, never acknowledged change off ${place}`,
    );
  }
  return store;
}

/** The key of cancelable templates, if there is one. */
export async function protectionKey(args: Arguments): Promise<KeySource | undefined> {
  return await readKey(args.text("protection-key-file"), PROTECTION_KEY, "--protection-key-file");
}

/** The key of the folder that `--gallery` names; none if it is said not to be encrypted. */
export async function folderKey(
  args: Arguments,
  terminal: Terminal,
): Promise<KeySource | undefined> {
  const file = args.text("key-file");
  if (args.flag("plain")) {
    if (!file) return undefined;
    throw new InvalidArgumentError("Cannot use --plain together with --key-file: give one of them");
  }
  const key = await readKey(file, KEY, "--key-file");
  if (key) return key;
  const typed = await askKey(args.text("gallery")!, terminal);
  if (typed) return parseKey(typed, "what was typed");
  throw new GalleryKeyError(
    `Cannot open the gallery without its key: set ${KEY} or give --key-file ` +
      `(openssl rand -base64 32 makes one), or say --plain to leave templates unencrypted`,
  );
}

/** Asks whoever sits at the keyboard; twice for a new gallery, which a slip would seal for good. */
async function askKey(folder: string, terminal: Terminal): Promise<string | undefined> {
  terminal.progress("");
  const typed = terminal.secret?.(`Key of ${folder}, base64 or hex: `);
  if (!typed || await isGalleryFolder(folder)) return typed;
  if (terminal.secret?.(`The same key again, as ${folder} is new: `) === typed) return typed;
  throw new GalleryKeyError(`Cannot make the gallery ${folder} as the two keys differ: try again`);
}

async function readKey(
  file: string | undefined,
  variable: string,
  option: string,
): Promise<KeySource | undefined> {
  if (!file) {
    const text = readVariable(variable, `give ${option}`);
    return text ? parseKey(text, variable) : undefined;
  }
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    throw new GalleryKeyError(
      `Cannot read the key file ${file} as ${
        (error as Error).message
      }: check the path and the permissions`,
      { cause: error },
    );
  }
  return parseKey(text, file);
}

/** Hex if it has only hex digits, else base64. */
function parseKey(text: string, label: string): KeySource {
  const trimmed = text.trim();
  let bytes: Uint8Array;
  try {
    bytes = /^([0-9a-f]{2})+$/i.test(trimmed)
      ? Uint8Array.from(trimmed.match(/../g)!, (pair) => parseInt(pair, 16))
      : Uint8Array.from(atob(trimmed), (character) => character.charCodeAt(0));
  } catch {
    // The message must not show what may be a key with a typing error.
    throw new GalleryKeyError(
      `Cannot use the key of ${label} as it is neither hex nor base64: make one with openssl rand -base64 32`,
    );
  }
  return () => bytes;
}
