// From the false positive identification rate that the caller accepts to a threshold for a gallery of so many templates,
// and from scores back to rates. Nothing is made up: beyond what was measured there is no threshold.

import { InvalidArgumentError } from "../base/errors.ts";
import { checkGroupChoice, type GroupChoice } from "../pipeline/score/decide.ts";
import type { MaskStates } from "../pipeline/score/situation.ts";
import type { Candidate } from "./store.ts";
import type { EstimatedFpir, Ranked, ScoredCandidate, SearchRates } from "./result.ts";
import { MAX_THRESHOLD, MIN_THRESHOLD } from "../model/calibration.ts";
import {
  fmrForFpir,
  fpirForFmr,
  type MeasuredThreshold,
  type SearchFmr,
  type SearchThresholds,
} from "./threshold.ts";

/** The false positive identification rate of a search that names none. */
export const DEFAULT_FPIR = 0.01;

/** What the caller wants of a search: a rate or a threshold. */
export interface SearchWish {
  /** Accepted false positive identification rate. */
  readonly fpir?: number;
  /** A threshold instead, or whose rate counts. */
  readonly threshold?: number | GroupChoice;
}

/** What decides a search, or why nothing does. */
export type SearchRule =
  | { readonly kind: "threshold"; readonly threshold: number; readonly rates?: SearchRates }
  | ({ readonly kind: "not-measured" } & Pick<Ranked, "fpir" | "strictest">);

/**
 * Finds the threshold of a search.
 *
 * @throws {InvalidArgumentError} If a rate or a threshold is out of its range, both are given, or there are no thresholds.
 */
export function searchRule(
  { fpir, threshold }: SearchWish,
  templates: number,
  thresholds: SearchThresholds | undefined,
  masks: MaskStates,
): SearchRule {
  if (typeof threshold === "number") {
    const [least, most] = thresholds?.cohort ? [MIN_THRESHOLD, MAX_THRESHOLD] : [-1, 1];
    if (!(fpir === undefined && threshold >= least && threshold <= most)) {
      throw new InvalidArgumentError(
        `Cannot use threshold ${threshold} with FPIR ${fpir ?? "unset"}: give a ${
          thresholds?.cohort ? "normalised score" : "cosine"
        } between ${least} and ${most}, or a FPIR, not both`,
      );
    }
    const rates = ratesOf(thresholds?.fmrAt(threshold, masks), templates);
    return { kind: "threshold", threshold, ...(rates && { rates }) };
  }
  if (!thresholds) {
    throw new InvalidArgumentError(
      "Cannot decide as this gallery has no measured thresholds: give createGallery thresholds of " +
        "openThresholds, or give a threshold",
    );
  }
  checkGroupChoice(threshold);
  const wanted = fpir ?? DEFAULT_FPIR;
  const rule = ruleOf(thresholds, fmrForFpir(wanted, templates), masks, threshold);
  if (!rule) return { kind: "not-measured", fpir: wanted };
  const rates = ratesOf({ ...rule, bound: "at" }, templates)!;
  if (rule.supported) return { kind: "threshold", threshold: rule.threshold, rates };
  return {
    kind: "not-measured",
    fpir: wanted,
    strictest: { threshold: rule.threshold, ...rates },
  };
}

/**
 * The threshold of a rate for the worst group; where the groups are too small to show the rate and the caller did not ask
 * for them, that of all people together, but never a lower one than the groups have shown.
 */
function ruleOf(
  thresholds: SearchThresholds,
  fmr: number,
  masks: MaskStates,
  whose: GroupChoice | undefined,
): MeasuredThreshold | undefined {
  const rule = thresholds.forFmr(fmr, masks, whose);
  if (whose !== undefined || !rule || rule.supported || !rule.groups) return rule;
  const pooled = thresholds.forFmr(fmr, masks, "pooled")!;
  if (!pooled.supported) return pooled;
  const threshold = Math.max(rule.threshold, pooled.threshold);
  const { bound: _, ...seen } = thresholds.fmrAt(threshold, masks, "pooled")!;
  return { threshold, ...seen, supported: true };
}

/** A candidate with the rate that a search with its score as the threshold would have. */
export function withFpir(
  candidate: Candidate,
  templates: number,
  thresholds: SearchThresholds | undefined,
  masks: MaskStates,
  wish: SearchWish["threshold"],
): ScoredCandidate {
  const whose = typeof wish === "number" ? undefined : wish;
  const rates = ratesOf(thresholds?.fmrAt(candidate.score, masks, whose), templates);
  if (!rates) return candidate;
  const { fmr: _, ...fpir } = rates;
  return { ...candidate, fpir };
}

function ratesOf(measured: SearchFmr | undefined, templates: number): SearchRates | undefined {
  if (!measured) return undefined;
  const { fmr, interval: [low, high], bound, groups } = measured;
  const rate = (fmr: number): number => fpirForFmr(fmr, templates);
  const fpir: EstimatedFpir = { fpir: rate(fmr), interval: [rate(low), rate(high)], bound };
  return { ...fpir, fmr, ...(groups && { groups }) };
}
