// `gallery dedupe` and `gallery cluster`: which identities look like one person.

import { counted } from "../base/counted.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { openThresholds } from "../gallery/mod.ts";
import { type Arguments, verifierOptions } from "./command.ts";
import type { GalleryAction } from "./gallery_action.ts";

/** Prints the pairs of identities that look like one person, a pair per line. */
export async function dedupe({ gallery, args, terminal }: GalleryAction): Promise<number> {
  const threshold = await pairThreshold(args);
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

/** Prints the groups of identities that look like one person, a group per line. */
export async function cluster({ gallery, args, terminal }: GalleryAction): Promise<number> {
  const threshold = await pairThreshold(args);
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
async function pairThreshold(args: Arguments): Promise<number> {
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
