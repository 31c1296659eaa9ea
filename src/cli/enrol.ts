// `enrol --gallery folder name a.jpg b.jpg`: adds photos of a person to a gallery.

import { createGallery, type Enrolment, type Gallery } from "../gallery/mod.ts";
import { MASK_STATES } from "../pipeline/embed/mask_state.ts";
import { createVerifier } from "../verify/create.ts";
import { explainFinding } from "../verify/result.ts";
import { faceJson } from "../verify/json.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  JSON_OPTION,
  verifierOptions,
} from "./command.ts";
import { describeFace } from "./describe.ts";
import { eachPhoto } from "./each_photo.ts";
import { GALLERY_OPTIONS, openStore, PROTECTION_OPTION, protectionKey } from "./gallery_store.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const enrolCommand: Command = {
  name: "enrol",
  summary: "add photos of a person to a gallery",
  usage: "enrol --gallery <folder|postgres://...> [options] <identity> <photo> ...",
  takes: ["operands (an identity and photos)", 2, Infinity],
  options: [
    ...GALLERY_OPTIONS,
    PROTECTION_OPTION,
    { name: "replace", help: "in the place of what the identity has" },
    { name: "allow-mask", help: "take photos with a mask as well" },
    { name: "min-eyes", value: "pixels", help: "least distance of the eyes (24)" },
    JSON_OPTION,
    ...EMBEDDING_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [identity] = args.operands;
  const photos = args.photos.slice(1);
  const gate = {
    minInterEye: args.number("min-eyes"),
    maskStates: args.flag("allow-mask") ? MASK_STATES : undefined,
  };
  const protection = await protectionKey(args);
  terminal.progress("opening the gallery ...");
  await using store = await openStore(args, terminal);
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(verifierOptions(args));
  const gallery = createGallery({ store, protection, gate, verifier });
  let replace = args.flag("replace");
  const worst = await eachPhoto(photos, terminal, async ({ label, input }) => {
    const result =
      await (replace ? gallery.update(identity, input) : gallery.enrol(identity, input));
    terminal.progress("");
    show(result, label, args.flag("json"), terminal);
    if (result.kind !== "enrolled") return 1;
    replace = false;
    return 0;
  });
  await summarize(gallery, args, terminal);
  return worst;
}

async function summarize(gallery: Gallery, args: Arguments, terminal: Terminal): Promise<void> {
  if (args.flag("json")) return;
  const { identities, templates } = await gallery.count();
  terminal.out(`the gallery has ${templates} templates of ${identities} identities`);
}

function show(result: Enrolment, label: string, json: boolean, terminal: Terminal): void {
  if (json) {
    const face = "face" in result && result.face ? faceJson(result.face) : undefined;
    terminal.out(JSON.stringify({ photo: label, ...result, face, faces: undefined }));
  } else if (result.kind === "enrolled") {
    const face = result.face ? `: ${describeFace(result.face)}` : "";
    terminal.out(`${label}: enrolled as ${result.identity}${face}`);
  } else if (result.kind === "refused") {
    for (const { message } of result.defects) {
      terminal.err(`maskinv: ${label} was not enrolled as ${message}`);
    }
  } else terminal.err(`maskinv: ${explainFinding(result, label, "--face")}`);
}
