// `identify --gallery folder photo.jpg`: says who of a gallery a photo shows, if anyone.

import {
  type Candidate,
  checkStoreModel,
  createGallery,
  type EstimatedFpir,
  type Identified,
  type IdentifyOptions,
  openThresholds,
  type Ranked,
  type Unknown,
} from "../gallery/mod.ts";
import { DEFAULT_FPIR } from "../gallery/search_rule.ts";
import { MASK_STATES } from "../pipeline/embed/mask_state.ts";
import { createVerifier } from "../verify/create.ts";
import { galleryJson } from "../gallery/json.ts";
import { explainFinding } from "../verify/result.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  GROUP_THRESHOLD_OPTION,
  JSON_OPTION,
  NORMALIZE_OPTION,
  PHOTOS,
  readThreshold,
  verifierOptions,
} from "./command.ts";
import { completeGallery } from "./complete_gallery.ts";
import { eachPhoto } from "./each_photo.ts";
import {
  GALLERY_OPTIONS,
  NEEDED_GALLERY_OPTION,
  openStore,
  PROTECTION_OPTION,
  protectionKey,
} from "./gallery_store.ts";
import { paint, type Terminal } from "./terminal.ts";

/** The command. */
export const identifyCommand: Command = {
  name: "identify",
  takes: PHOTOS,
  options: [
    NEEDED_GALLERY_OPTION,
    ...GALLERY_OPTIONS,
    PROTECTION_OPTION,
    { kind: "whole", name: "k", min: 1, help: "how many candidates to show (5)" },
    {
      kind: "rate",
      name: "fpir",
      help: `accepted rate of strangers that are taken for someone (${DEFAULT_FPIR})`,
    },
    GROUP_THRESHOLD_OPTION,
    {
      kind: "flag",
      name: "allow-mask",
      help: "people were enrolled with --allow-mask: strictest threshold",
    },
    NORMALIZE_OPTION,
    JSON_OPTION,
    ...EMBEDDING_OPTIONS,
  ],
  exits: "0 all photos identified; 1 somebody unknown, no face, or no threshold measured for the " +
    "--fpir in a gallery of this size (ranks are shown); 2 error, or too little is to be seen of a face",
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const options: IdentifyOptions = {
    k: args.number("k"),
    fpir: args.number("fpir"),
    threshold: readThreshold(args),
  };
  const protection = await protectionKey(args);
  const making = verifierOptions(args);
  const thresholds = await openThresholds(making);
  terminal.progress("opening the gallery ...");
  await using store = await openStore(args, terminal);
  await checkStoreModel(store, making, protection);
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(making);
  const gate = { maskStates: args.flag("allow-mask") ? MASK_STATES : undefined };
  const gallery = createGallery({ store, verifier, protection, thresholds, gate });
  await completeGallery(gallery, terminal);
  return await eachPhoto(args.photos, terminal, async ({ label, input }) => {
    const result = await gallery.identify(input, options);
    terminal.progress("");
    if (args.flag("json")) {
      terminal.out(JSON.stringify({ photo: label, ...galleryJson(result) }));
    } else if (result.kind === "identified" || result.kind === "unknown") {
      describe(result, label, options, terminal);
    } else if (result.kind === "ranked") {
      describeRanks(result, label, options.fpir === undefined, terminal);
    } else terminal.err(`maskinv: ${explainFinding(result, label, "--face")}`);
    if (result.kind === "not-comparable") return 2;
    return result.kind === "identified" ? 0 : 1;
  });
}

function describe(
  { kind, candidates, threshold, rates, templates }: Identified | Unknown,
  label: string,
  { fpir, threshold: given }: IdentifyOptions,
  terminal: Terminal,
): void {
  const wish = typeof given === "number"
    ? "your own: "
    : fpir === undefined
    ? "for the default "
    : "for ";
  const verdict = kind === "identified"
    ? paint(terminal, "green", candidates[0].identity)
    : paint(terminal, "red", "unknown");
  const each = `FMR ${rates?.fmr.toPrecision(2)} in ${
    templates === 1 ? "the one comparison" : `each of ${templates} comparisons`
  }`;
  const why = rates
    ? `${wish}${describeFpir(rates)}${rates.groups ? ", with" : ";"} ${each}`
    : "your own: its error rates are not measured";
  terminal.out(`${label}: ${verdict}  threshold ${threshold.toFixed(4)} (${why})`);
  for (const candidate of candidates) {
    const { identity, decision } = candidate;
    terminal.out(
      `  ${describeScore(candidate)}  ${decision.replace("-", " ").padEnd(8)}  ${identity}`,
    );
  }
}

/** The score that decides, with the cosine where that is another number. */
function describeScore({ score, cosine }: Candidate): string {
  return `${score.toFixed(4)}${score === cosine ? "" : ` (cosine ${cosine.toFixed(4)})`}`;
}

/** Ranks without a decision, and what would decide. */
function describeRanks(
  { candidates, fpir, strictest, templates }: Ranked,
  label: string,
  isDefault: boolean,
  terminal: Terminal,
): void {
  const asked = `${isDefault ? "the default " : ""}FPIR ${percent(fpir)}`;
  terminal.out(
    `${label}: ${paint(terminal, "red", "not measured")}  ${asked} in ${templates} templates`,
  );
  for (const [i, candidate] of candidates.entries()) {
    const rate = candidate.fpir ? describeFpir(candidate.fpir) : "FPIR not measured";
    terminal.out(
      `  rank ${i + 1}  ${
        describeScore(candidate)
      }  ${candidate.identity}  (as a threshold: ${rate})`,
    );
  }
  terminal.err(
    strictest
      ? `maskinv: ${label}: the strictest threshold that was measured, ${
        strictest.threshold.toFixed(4)
      }, has ${describeFpir(strictest)} here: decide with --fpir ${
        roundedUp(strictest.groups ? strictest.interval[1] : strictest.fpir)
      } or more${
        strictest.groups ? ", or --threshold pooled for all people together" : ""
      }, or --threshold, or calibrate on more people`
      : `maskinv: ${label}: the model was never calibrated: run calibrate, or give --threshold`,
  );
}

/** A rate with its interval, or as a bound. */
function describeFpir(
  { fpir, interval: [low, high], bound, groups }: EstimatedFpir,
): string {
  if (groups) {
    const often = bound === "above" ? `above ${percent(fpir)}` : `at most ${percent(high)}`;
    return `FPIR ${often} in each of ${groups.count} measured groups, the worst being ${groups.worst}`;
  }
  if (bound === "below") return `FPIR below ${percent(fpir)}, 95% up to ${percent(high)}`;
  if (bound === "above") return `FPIR above ${percent(fpir)}`;
  const [at, from, to] = [fpir, low, high].map(percent);
  return `FPIR ${at}${from === to ? "" : `, 95% ${from} to ${to}`}`;
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(2))}%`;
}

/** Two digits, rounded up, so that a rate that is given back is one that was measured. */
function roundedUp(rate: number): number {
  const unit = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return Math.min(0.99, Number((Math.ceil(rate / unit) * unit).toPrecision(2)));
}
