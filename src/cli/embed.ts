// `embed photo.jpg`: the templates of photos. The numbers are printed only as JSON, since a template identifies a
// person and should not land in a terminal's history by accident.

import { explainFinding } from "../verify/result.ts";
import { createVerifier } from "../verify/create.ts";
import { faceJson } from "../verify/json.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  JSON_OPTION,
  PHOTOS,
  verifierOptions,
} from "./command.ts";
import { describeFace } from "./describe.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const embedCommand: Command = {
  name: "embed",
  takes: PHOTOS,
  options: [JSON_OPTION, ...EMBEDDING_OPTIONS],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(verifierOptions(args));
  let worst = 0, i = 0;
  for await (const result of verifier.embedAll(args.photos.map(({ input }) => input))) {
    const { label } = args.photos[i++];
    terminal.progress("");
    if (result.kind === "acquired") {
      const { face, template: { embedding, model }, device } = result;
      terminal.out(
        args.flag("json")
          ? JSON.stringify({
            photo: label,
            kind: result.kind,
            model,
            embedding: [...embedding],
            face: faceJson(face),
            device,
          })
          : `${label}: ${embedding.length} numbers of model ${model.slice(0, 12)}, ${
            describeFace(face)
          }`,
      );
    } else {
      const message = result.kind === "error"
        ? result.error.message
        : explainFinding(result, label, "--face");
      worst = Math.max(worst, result.kind === "error" ? 2 : 1);
      if (args.flag("json")) {
        terminal.out(JSON.stringify({ photo: label, kind: result.kind, message }));
      } else terminal.err(`maskinv: ${message}`);
    }
    terminal.progress(`${i}/${args.photos.length}`);
  }
  terminal.progress("");
  return worst;
}
