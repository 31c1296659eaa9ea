// `identify --gallery folder photo.jpg`: says who of a gallery a photo shows, if anyone.

import {
  createGallery,
  type Identified,
  type IdentifyOptions,
  openThresholds,
  type Unknown,
} from "../gallery/mod.ts";
import { MASK_STATES } from "../pipeline/embed/mask_state.ts";
import { createVerifier } from "../verify/create.ts";
import { faceJson } from "../verify/json.ts";
import { explainFinding } from "../verify/result.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  JSON_OPTION,
  verifierOptions,
} from "./command.ts";
import { eachPhoto } from "./each_photo.ts";
import { GALLERY_OPTIONS, openStore, PROTECTION_OPTION, protectionKey } from "./gallery_store.ts";
import { paint, type Terminal } from "./terminal.ts";

/** The command. */
export const identifyCommand: Command = {
  name: "identify",
  summary: "say who of a gallery a photo shows",
  usage: "identify --gallery <folder|postgres://...> [options] <photo> ...",
  takes: ["photos", 1, Infinity],
  options: [
    ...GALLERY_OPTIONS,
    PROTECTION_OPTION,
    { name: "k", value: "n", help: "how many candidates to show (5)" },
    {
      name: "fpir",
      value: "rate",
      help: "accepted rate of strangers that are taken for someone (0.01)",
    },
    { name: "threshold", value: "score", help: "a threshold of your own instead, -1 to 1" },
    { name: "allow-mask", help: "people were enrolled with --allow-mask: strictest threshold" },
    JSON_OPTION,
    ...EMBEDDING_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const options: IdentifyOptions = {
    k: args.number("k"),
    fpir: args.number("fpir"),
    threshold: args.number("threshold"),
  };
  const protection = await protectionKey(args);
  const making = verifierOptions(args);
  const thresholdAt = await openThresholds(making);
  terminal.progress("opening the gallery ...");
  await using store = await openStore(args, terminal);
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(making);
  const gate = { maskStates: args.flag("allow-mask") ? MASK_STATES : undefined };
  const gallery = createGallery({ store, verifier, protection, thresholdAt, gate });
  return await eachPhoto(args.photos, terminal, async ({ label, input }) => {
    const result = await gallery.identify(input, options);
    terminal.progress("");
    if (args.flag("json")) {
      const face = "face" in result && result.face ? faceJson(result.face) : undefined;
      terminal.out(JSON.stringify({ photo: label, ...result, face, faces: undefined }));
    } else if (result.kind === "identified" || result.kind === "unknown") {
      describe(result, label, terminal);
    } else terminal.err(`maskinv: ${explainFinding(result, label, "--face")}`);
    return result.kind === "identified" ? 0 : 1;
  });
}

function describe(result: Identified | Unknown, label: string, terminal: Terminal): void {
  const { kind, candidates, threshold, rates, templates } = result;
  const verdict = kind === "identified"
    ? paint(terminal, "green", candidates[0].identity)
    : paint(terminal, "red", "unknown");
  const why = rates
    ? `for FPIR ${rates.fpir} (FMR ${rates.fmr.toPrecision(2)} in each of ${templates} comparisons)`
    : "(your own: its error rates are not known)";
  terminal.out(`${label}: ${verdict}  threshold ${threshold.toFixed(4)} ${why}`);
  for (const { identity, score, decision } of candidates) {
    terminal.out(`  ${score.toFixed(4)}  ${decision.replace("-", " ").padEnd(8)}  ${identity}`);
  }
}
