// The false match rate within groups of people, such as adults of one origin and age: strangers who look alike are what a
// threshold has to keep apart, and pairs across all people hardly ever do.

import type { GroupCalibration, MaskSituation } from "../model/calibration.ts";
import type { Cohort } from "../model/cohort.ts";
import { normalizationRows } from "../pipeline/score/normalize.ts";
import { fmrCurve, GROUP_PER_DECADE } from "./fmr_curve.ts";
import { compareFold, type PairRows } from "./fold_pairs.ts";
import { orderScores } from "./order.ts";

/** Templates of people who are all different, one row a person. */
export interface GroupTemplates {
  /** Who they are, such as `"black, 30 to 49"`. */
  readonly name: string;
  /** Numbers per template. */
  readonly dim: number;
  /** Templates of the bare faces, `[people, dim]`; absent if there are only masked ones. */
  readonly clean?: Float32Array;
  /** Templates of the same people with masks; absent if there are only bare ones. */
  readonly masked?: Float32Array;
  /** The age band of each row: only people of one band are compared. Absent if all are. */
  readonly bands?: Uint32Array;
  /** Gain and offset of each row, if scores are normalised. */
  readonly normalizations?: { readonly clean?: Float32Array; readonly masked?: Float32Array };
}

/** The fewest false matches that a point of a group's curve rests on: its interval says how little that is. */
const MIN_MATCHES = 1;

/**
 * The curve of the false match rate of a group in a mask situation: all pairs of its people, or of those of one age band.
 *
 * @param group The templates.
 * @param situation Who wears a mask.
 * @returns The curve, with the jackknife's intervals; undefined if the group has no templates for the situation.
 *
 * @example
 * ```ts
 * import { groupCurve } from "@maskinv/maskinv/evaluate";
 *
 * const angles = Array.from({ length: 50 }, (_, i) => i * 2.4);
 * const clean = Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
 * console.log(groupCurve({ name: "test", dim: 2, clean }, "none")?.impostors); // 1225
 * ```
 */
export function groupCurve(
  group: GroupTemplates,
  situation: MaskSituation,
): GroupCalibration | undefined {
  const { name } = group, rows = groupRows(group, situation);
  if (!rows) return undefined;
  const identity = Uint32Array.from({ length: rows.probes.length / rows.dim }, (_, i) => i);
  const pairs = { ...rows, identity };
  const bands = group.bands
    ? [...new Set(group.bands)].map((band) => identity.filter((i) => group.bands![i] === band))
    : [identity];
  const folds = bands.map((rows) => compareFold(pairs, rows));
  const impostors = Float32Array.from(folds.flatMap(({ impostor }) => [...impostor]));
  if (impostors.length === 0) return undefined;
  const ordered = orderScores(impostors, "impostor").values;
  const people = new Set(folds.flatMap(({ impostorIdentities }) => [...impostorIdentities])).size;
  return {
    name,
    people,
    impostors: impostors.length,
    curve: descending(fmrCurve(folds, ordered, MIN_MATCHES, GROUP_PER_DECADE)),
  };
}

/** The rows of a group that are compared in a mask situation; undefined if it has no templates for it. */
export function groupRows(
  { dim, clean, masked, normalizations: given }: GroupTemplates,
  situation: MaskSituation,
): Omit<PairRows, "identity"> | undefined {
  const probes = situation === "none" ? clean : masked;
  const references = situation === "both" ? masked : clean;
  if (!probes || !references) return undefined;
  const normalizations = given && {
    probes: (situation === "none" ? given.clean : given.masked)!,
    references: (situation === "both" ? given.masked : given.clean)!,
  };
  return { dim, probes, references, normalizations };
}

/** A group whose scores are normalised by a cohort. */
export function normalizeGroup(group: GroupTemplates, cohort: Cohort): GroupTemplates {
  const { clean, masked } = group;
  return {
    ...group,
    normalizations: {
      ...(clean && { clean: normalizationRows(clean, cohort) }),
      ...(masked && { masked: normalizationRows(masked, cohort) }),
    },
  };
}

/** The upper ends of intervals must not rise with the score, or a higher threshold would promise less. */
export function descending(curve: GroupCalibration["curve"]): GroupCalibration["curve"] {
  let highest = 0;
  return curve.toReversed().map(([score, fmr, low, high]) => {
    highest = Math.max(highest, high);
    return [score, fmr, low, highest] as const;
  }).toReversed();
}
