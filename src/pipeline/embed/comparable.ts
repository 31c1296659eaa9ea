// Whether a face may be compared at all: below a floor of the expected similarity a score says more about the photo than
// about the person. The causes are named that somebody can do something about.

import type { ConditionLimits } from "../../model/manifest.ts";
import { applyAffine } from "../../math/affine.ts";
import type { Alignment } from "../align/arcface.ts";
import { type Face, interEyeDistance } from "../detect/face.ts";
import type { Condition, Fault } from "./condition.ts";

/** Why a face cannot be compared. */
export type Cause = Fault | "too-small" | "eyes-covered" | "face-covered";

/** A face and how it was brought to the crop. */
type AlignedFace = Face & { readonly alignment: Alignment };

/** What speaks against comparing a face. */
export interface Incomparable {
  /** The causes, the most probable first; one at least. */
  readonly causes: readonly [Cause, ...Cause[]];
  /** The cosine that the template is expected to have with that of a faultless photo, 0..1. */
  readonly expectedSimilarity: number;
  /** The least that is asked for. */
  readonly floor: number;
}

/** A cause that is at least so probable is named beside a more probable one. */
const SURE = 0.5;
/** Eyes that are closer together, in pixels of the photo, leave nothing that a camera has seen. */
const MIN_EYES = 20;
/** Residual of the alignment, in pixels of a crop of 112, beyond which a face is turned far aside. */
const MAX_RESIDUAL = 8;
/** Share of the crop's inner part beyond the photo's border from which on the face is cut off. */
const MAX_OUTSIDE = 0.2;
/** How far facts of the geometry are believed. */
const FACT = 0.95;

/**
 * What speaks against comparing a face; undefined if nothing does.
 *
 * @param face The face, aligned.
 * @param condition What the network's head says of it.
 * @param floor The least expected similarity.
 * @param photo The photo's size in pixels.
 */
export function incomparable(
  face: AlignedFace,
  condition: Condition,
  floor: ConditionLimits["floor"],
  photo: { readonly width: number; readonly height: number },
): Incomparable | undefined {
  const { expectedSimilarity, coverings, darkGlasses, faults } = condition;
  if (expectedSimilarity >= floor) return undefined;
  const fact = (is: boolean): number => is ? FACT : 0;
  const probable: Readonly<Record<Cause, number>> = {
    ...faults,
    "too-small": fact(interEyeDistance(face.landmarks) < MIN_EYES),
    "turned-away": Math.max(
      faults["turned-away"],
      fact(face.alignment.residual > MAX_RESIDUAL),
    ),
    "cut-off": Math.max(faults["cut-off"], fact(shareOutside(face, photo) > MAX_OUTSIDE)),
    "eyes-covered": darkGlasses,
    "face-covered": 1 - coverings.bare - coverings.chin,
  };
  const [first, ...others] = (Object.keys(probable) as Cause[])
    .sort((a, b) => probable[b] - probable[a]);
  const causes = [first, ...others.filter((cause) => probable[cause] >= SURE)] as const;
  return { causes, expectedSimilarity, floor };
}

/** The share of the inner part of the crop, where the face is, that lies beyond the photo's border. */
function shareOutside(
  { alignment: { cropToPhoto }, landmarks }: AlignedFace,
  { width, height }: { readonly width: number; readonly height: number },
): number {
  // The crop has the eyes 35 of 112 pixels apart.
  const [a, , , d] = cropToPhoto, size = interEyeDistance(landmarks) / Math.hypot(a, d) * 3.2;
  let outside = 0, count = 0;
  for (let v = 0.2; v < 0.95; v += 0.1) {
    for (let u = 0.2; u < 0.85; u += 0.1, count++) {
      const { x, y } = applyAffine(cropToPhoto, { x: u * size, y: v * size });
      if (x < 0 || y < 0 || x > width - 1 || y > height - 1) outside++;
    }
  }
  return outside / count;
}

/** A cause in words, and what to do about it. */
const WORDS: Readonly<Record<Cause, readonly [what: string, remedy: string]>> = {
  "too-dark": ["it is too dark", "take the photo in more light"],
  "washed-out": ["it is washed out", "take the photo without light into the camera or haze"],
  "blurred": ["it is blurred", "hold the camera still and in focus"],
  "noisy": ["it is hidden by noise or compression", "use the original photo, taken in more light"],
  "turned-away": ["it is turned away", "look into the camera"],
  "cut-off": ["it is cut off", "use a photo that shows the whole face"],
  "not-a-face": ["it does not seem to be a face", "use a photo that shows one"],
  "too-small": ["it is too small", "come closer or use a larger photo"],
  "eyes-covered": ["its eyes are covered", "take the glasses off"],
  "face-covered": ["it is covered", "take away what is before the face"],
};

/** All causes. */
export const CAUSES = Object.keys(WORDS) as readonly Cause[];

/**
 * The causes as a reason, and what to do.
 *
 * @param seen What speaks against comparing a face; at most three causes are named.
 * @returns The reason, a clause about the face; and the remedy, an imperative.
 *
 * @example
 * ```ts
 * import { causesInWords } from "@maskinv/maskinv/embed";
 *
 * console.log(causesInWords({ causes: ["too-dark"] }).reason); // it is too dark
 * ```
 */
export function causesInWords({ causes }: Pick<Incomparable, "causes">): {
  readonly reason: string;
  readonly remedy: string;
} {
  const named = causes.slice(0, 3).map((cause) => WORDS[cause]);
  return {
    reason: named.map(([what]) => what).join(" and "),
    remedy: named.map(([, remedy]) => remedy).join("; "),
  };
}

/**
 * Why a face cannot be compared, as the end of a sentence: what was seen, what is asked for, what to do.
 *
 * @param seen What speaks against comparing it.
 * @returns A clause about the face.
 *
 * @example
 * ```ts
 * import { explainIncomparable } from "@maskinv/maskinv/embed";
 *
 * const text = explainIncomparable({ causes: ["blurred"], expectedSimilarity: 0.2, floor: 0.4 });
 * console.log(text.split(":")[0]); // it is blurred (expected similarity 0.20, at least 0.40 is asked for)
 * ```
 */
export function explainIncomparable(seen: Incomparable): string {
  const { reason, remedy } = causesInWords(seen);
  return `${reason} (expected similarity ${seen.expectedSimilarity.toFixed(2)}, at least ` +
    `${seen.floor.toFixed(2)} is asked for): ${remedy}`;
}
