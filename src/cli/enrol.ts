// `enrol --gallery folder name a.jpg b.jpg`: adds photos of a person to a gallery; with --folder those of many people.

import { checkStoreModel, createGallery, type Enrolment, openThresholds } from "../gallery/mod.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { MASK_STATES } from "../pipeline/embed/mask_state.ts";
import { createVerifier } from "../verify/create.ts";
import { explainFinding } from "../verify/result.ts";
import { galleryJson } from "../gallery/json.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  JSON_OPTION,
  NORMALIZE_OPTION,
  verifierOptions,
} from "./command.ts";
import { completeGallery } from "./complete_gallery.ts";
import { countedGallery } from "./counted_gallery.ts";
import { describeFace } from "./describe.ts";
import { eachPhoto } from "./each_photo.ts";
import { enrolPeople, listPeople } from "./enrol_folder.ts";
import { EnrolJournal } from "./enrol_journal.ts";
import {
  GALLERY_OPTIONS,
  galleryPlace,
  isDatabase,
  NEEDED_GALLERY_OPTION,
  openStore,
  PROTECTION_OPTION,
  protectionKey,
} from "./gallery_store.ts";
import type { Terminal } from "./terminal.ts";
import { usageOf } from "./usage.ts";

/** The command. */
export const enrolCommand: Command = {
  name: "enrol",
  takes: {
    usage: "(<identity> <photo> ... | --folder <people>)",
    what: ["operand (an identity and photos)", "operands (an identity and photos)"],
    min: 0,
    max: Infinity,
  },
  options: [
    NEEDED_GALLERY_OPTION,
    ...GALLERY_OPTIONS,
    PROTECTION_OPTION,
    {
      kind: "folder",
      name: "folder",
      value: "people",
      help:
        "enrol a folder with a sub-folder for each person, whose name it has; goes on if run again",
    },
    {
      kind: "file",
      name: "journal",
      with: ["folder"],
      help: "--folder: where it is noted which photos are enrolled (in the gallery's folder)",
    },
    {
      kind: "flag",
      name: "force",
      help: "enrol also where something speaks for a mistake, or too little is to be seen",
    },
    { kind: "flag", name: "replace", help: "in the place of what the identity has" },
    { kind: "flag", name: "allow-mask", help: "take photos with a mask as well" },
    {
      kind: "number",
      name: "min-eyes",
      value: "pixels",
      min: 0,
      help: "least distance of the eyes (24)",
    },
    NORMALIZE_OPTION,
    JSON_OPTION,
    ...EMBEDDING_OPTIONS,
  ],
  exits: "0 all photos enrolled; 1 some refused, without a face, or doubtful (see --force); " +
    "2 error, or a photo could not be read; 130 stopped by Ctrl-C, what was enrolled stays",
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  checkOperands(args);
  const folder = args.text("folder");
  const people = folder === undefined ? undefined : await listPeople(folder);
  const gate = {
    minInterEye: args.number("min-eyes"),
    maskStates: args.flag("allow-mask") ? MASK_STATES : undefined,
  };
  const protection = await protectionKey(args), making = verifierOptions(args);
  const thresholds = await openThresholds(making);
  terminal.progress("opening the gallery ...");
  await using store = await openStore(args, terminal, true);
  await checkStoreModel(store, making, protection);
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(making);
  const gallery = createGallery({ store, protection, gate, verifier, thresholds });
  await completeGallery(gallery, terminal);
  const json = args.flag("json"), force = args.flag("force");
  const show = (result: Enrolment, label: string, quiet = false): void =>
    json ? showJson(result, label, terminal) : tell(result, label, quiet, terminal);
  let worst: number;
  if (people) {
    using journal = openJournal(args);
    const line = json ? undefined : terminal.out;
    worst = await enrolPeople(people, {
      ...{ gallery, journal, force, terminal, line },
      show: (result, { name }) => show(result, name, true),
    });
  } else {
    const [identity] = args.operands;
    let replace = args.flag("replace");
    worst = await eachPhoto(args.photos.slice(1), terminal, async ({ label, input }) => {
      const result = await (replace
        ? gallery.update(identity, input, { force })
        : gallery.enrol(identity, input, { force }));
      terminal.progress("");
      show(result, label);
      if (result.kind !== "enrolled") {
        return 1;
      }
      replace = false;
      return 0;
    });
  }
  if (!json) {
    terminal.out(`the gallery has ${countedGallery(await gallery.count())}`);
  }
  return worst;
}

function checkOperands(args: Arguments): void {
  const count = args.operands.length;
  if (args.text("folder") === undefined) {
    if (count >= 2) return;
    throw new InvalidArgumentError(
      `Cannot enrol ${count} operands (an identity and photos): usage is ${usageOf(enrolCommand)}`,
    );
  }
  if (count > 0 || args.flag("replace")) {
    throw new InvalidArgumentError(
      `Cannot use --folder with ${count > 0 ? `"${args.operands[0]}"` : "--replace"}: ` +
        `give a folder of people alone, and remove first whom it is to replace`,
    );
  }
}

/** The journal that was named, or that of a gallery in a folder. */
function openJournal(args: Arguments): EnrolJournal | undefined {
  const place = galleryPlace(args);
  const path = args.text("journal") ?? (isDatabase(place) ? undefined : `${place}/enrolled`);
  return path === undefined ? undefined : EnrolJournal.open(path);
}

function showJson(result: Enrolment, label: string, terminal: Terminal): void {
  terminal.out(JSON.stringify({ photo: label, ...galleryJson(result) }));
}

/** Says what became of a photo; if `quiet`, only what did not go as it should. */
function tell(result: Enrolment, label: string, quiet: boolean, terminal: Terminal): void {
  if (result.kind === "enrolled") {
    for (const { message } of result.doubts ?? []) {
      terminal.err(`maskinv: ${label} was enrolled as ${result.identity} although ${message}`);
    }
    const face = result.face ? `: ${describeFace(result.face)}` : "";
    const before = result.already ? " before" : "";
    if (!quiet) terminal.out(`${label}: enrolled as ${result.identity}${before}${face}`);
  } else if (result.kind === "refused") {
    for (const { message } of result.defects) {
      terminal.err(`maskinv: ${label} was not enrolled as ${message}`);
    }
  } else if (result.kind === "doubtful") {
    for (const { message } of result.doubts) {
      terminal.err(
        `maskinv: ${label} was not enrolled as ${result.identity} as ${message}: ` +
          `check photo and name, or give --force`,
      );
    }
  } else terminal.err(`maskinv: ${explainFinding(result, label, "--face")}`);
}
