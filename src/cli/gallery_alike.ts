// `gallery dedupe` and `gallery cluster`: which identities look like one person.

import { counted } from "../base/counted.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { SearchThresholds } from "../gallery/mod.ts";
import { type Arguments, readThreshold } from "./command.ts";
import type { GalleryAction } from "./gallery_action.ts";

/** The false match rate of a pair. */
export const DEFAULT_PAIR_FMR = 0.0001;

/** Prints the pairs of identities that look like one person, a pair per line. */
export async function dedupe(
  { gallery, args, terminal, thresholds }: GalleryAction,
): Promise<number> {
  const threshold = pairThreshold(args, thresholds);
  const pairs = await gallery.duplicates(threshold);
  for (const { identities, score, cosine } of pairs) {
    const line = `${score.toFixed(4)}\t${identities.join("\t")}`;
    const json = { identities, score, cosine, threshold };
    terminal.out(args.flag("json") ? JSON.stringify(json) : line);
  }
  if (!args.flag("json")) {
    terminal.err(`${counted(pairs.length, "pair")} at ${threshold.toFixed(4)} or above`);
  }
  return pairs.length === 0 ? 1 : 0;
}

/** Prints the groups of identities that look like one person, a group per line. */
export async function cluster(
  { gallery, args, terminal, thresholds }: GalleryAction,
): Promise<number> {
  const threshold = pairThreshold(args, thresholds);
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
function pairThreshold(args: Arguments, thresholds: SearchThresholds | undefined): number {
  const given = readThreshold(args);
  if (typeof given === "number") return given;
  const fmr = args.number("fmr") ?? DEFAULT_PAIR_FMR;
  // A list for people to look at promises nothing, and of the worst group such rates are rarely known.
  const rule = thresholds?.forFmr(fmr, [undefined, undefined], given ?? "pooled");
  if (rule?.supported) return rule.threshold;
  throw new InvalidArgumentError(
    rule
      ? `Cannot decide at FMR ${fmr} as no rate below ${
        rule.groups ? `${rule.interval[1]} for every group` : rule.fmr
      } was measured: give that or a higher --fmr, or --threshold`
      : "Cannot decide as the model was never calibrated: run calibrate, or give --threshold",
  );
}
