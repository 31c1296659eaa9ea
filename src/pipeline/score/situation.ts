// Which mask situation a comparison is in, as far as the mask-state network can tell, and what was measured for it.
// Scores mean less behind a mask: a threshold measured on bare faces says nothing about masked ones.

import type { MaskState } from "../embed/mask_state.ts";
import {
  type Calibration,
  MASK_SITUATIONS,
  type MaskSituation,
  type SituationCalibrations,
} from "../../model/calibration.ts";

/** The mask states of the two faces of a comparison; undefined where no network tells them. */
export type MaskStates = readonly [MaskState | undefined, MaskState | undefined];

/**
 * How the calibration of a comparison was chosen: by the masks that were `"seen"`; or as the strictest of those that fit,
 * as the network was `"uncertain"` of a mask; of all, as no network tells and masks are `"unknown"`; or of what was
 * measured at all, as a situation that fits was `"not-measured"`.
 */
export type SituationBasis = "seen" | "uncertain" | "unknown" | "not-measured";

/** Calibrations that may hold for a comparison; the strictest of them counts. */
export interface SituationChoice {
  readonly candidates: readonly { situation: MaskSituation; calibration: Calibration }[];
  readonly basis: SituationBasis;
}

/** A state less probable than this leaves open whether there is a mask. */
const SURE = 0.8;

/** The calibrations that may hold for faces with these mask states; none if nothing was measured. */
export function situationsOf(
  measured: SituationCalibrations,
  masks: MaskStates = [undefined, undefined],
): SituationChoice {
  const possible = possibleSituations(masks);
  const complete = possible.every((situation) => measured[situation]);
  const wanted = complete ? possible : MASK_SITUATIONS;
  const candidates = wanted.flatMap((situation) => {
    const calibration = measured[situation];
    return calibration ? [{ situation, calibration }] : [];
  });
  if (!complete) return { candidates, basis: "not-measured" };
  if (masks.some((mask) => mask === undefined)) return { candidates, basis: "unknown" };
  return { candidates, basis: possible.length > 1 ? "uncertain" : "seen" };
}

function possibleSituations(masks: MaskStates): MaskSituation[] {
  const [probe, reference] = masks.map(possibleMasks);
  const counts = new Set(probe.flatMap((a) => reference.map((b) => a + b)));
  return MASK_SITUATIONS.filter((_, count) => counts.has(count));
}

/** How many masks a face may wear: 0, 1, or either. A mask below the nose is a mask. */
function possibleMasks(mask: MaskState | undefined): number[] {
  const bare = mask?.probabilities.none ?? 0.5;
  return bare >= SURE ? [0] : bare <= 1 - SURE ? [1] : [0, 1];
}
