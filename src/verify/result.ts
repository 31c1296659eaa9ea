// What a verifier answers: results told apart by `kind`, so that no caller mistakes "no face" for "no match".

import { counted } from "../base/counted.ts";
import type { Image } from "../image/image.ts";
import type { Face } from "../pipeline/detect/face.ts";
import { explainIncomparable, type Incomparable } from "../pipeline/embed/comparable.ts";
import type { Condition } from "../pipeline/embed/condition.ts";
import type { AlignedFace, EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { MaskinvError } from "../base/errors.ts";
import type { ComparisonFmr, Decision, DecisionRule } from "../pipeline/score/decide.ts";
import type { Template } from "../pipeline/score/template.ts";

/** The embedding model behind a result. */
export interface ModelIdentity {
  /** Name in the manifest. */
  readonly name: string;
  /** SHA-256 of the model file. */
  readonly sha256: string;
}

/** Where a result was computed and by what. */
export interface Provenance {
  /** The device that did the work. */
  readonly device: "webgpu" | "wasm";
  /** The embedding model. */
  readonly model: ModelIdentity;
}

/** The faces of one photo. */
export interface Detection {
  /** Width of the upright photo in pixels. */
  readonly width: number;
  /** Height of the upright photo in pixels. */
  readonly height: number;
  /** The faces, largest first, each with its alignment; with its mesh if that was asked for and can be believed. */
  readonly faces: readonly (AlignedFace & { readonly mesh?: Float32Array })[];
  /** How many more faces there are than `maxFaces`; 0 if all are given. */
  readonly omitted: number;
  /** The device that did the work. */
  readonly device: "webgpu" | "wasm";
}

/** A photo with masks put on its faces. */
export interface MaskedPhoto extends Detection {
  /** The upright photo with the masks; as it was where no face has a mesh to fit one on. */
  readonly image: Image;
  /** How many faces got a mask: those of `faces` with a mesh, which are where they were before. */
  readonly masked: number;
}

/** A photo without a face (failure to acquire in the terms of ISO/IEC 19795-1). */
export interface NoFace {
  /** Always `"no-face"`. */
  readonly kind: "no-face";
}

/** A photo with several faces where the `"only"` one was asked for. */
export interface SeveralFaces {
  /** Always `"several-faces"`. */
  readonly kind: "several-faces";
  /** The faces, largest first, at most `maxFaces`. */
  readonly faces: readonly Face[];
  /** How many more there are. */
  readonly omitted: number;
}

/** The face that is meant. */
export interface FoundFace {
  /** Always `"face"`. */
  readonly kind: "face";
  /** The face and its alignment. */
  readonly face: AlignedFace;
}

/** A face of which so little is to be seen that no score would mean anything. */
export interface NotComparable {
  /** Always `"not-comparable"`. */
  readonly kind: "not-comparable";
  /** The face; its `incomparable` says why. */
  readonly face: EmbeddedFace & { readonly incomparable: Incomparable };
}

/** A child's face where the other is a child's as well: between children the promised false match rate does not hold. */
export interface ChildFace {
  /** Always `"child"`. */
  readonly kind: "child";
  /** The face; its `condition` has the probability. */
  readonly face: EmbeddedFace & { readonly condition: Condition };
  /** Share of the pairs of different children that match at the default threshold, if it was measured. */
  readonly childFmr?: number;
}

/** What detection found in one photo. */
export type LocatedFinding = FoundFace | NoFace | SeveralFaces;

/** What was found in one photo of a comparison. */
export type PhotoFinding = LocatedFinding | NotComparable | ChildFace;

/** A photo's template. */
export interface Acquired extends Provenance {
  /** Always `"acquired"`. */
  readonly kind: "acquired";
  /** The face, its alignment and whether it wears a mask. */
  readonly face: EmbeddedFace;
  /** The template. */
  readonly template: Template;
}

/** What `embed` answers for one photo. */
export type Acquisition = Acquired | NoFace | SeveralFaces;

/** What `embedAll` answers for one photo: as `embed`, or the error that the photo alone caused. */
export type BatchAcquisition = Acquisition | {
  readonly kind: "error";
  /** Why the photo could not be read or decoded. */
  readonly error: MaskinvError;
};

/** Wall-clock times in milliseconds. */
export interface Timings {
  /** Reading and decoding both photos. */
  readonly decode: number;
  /** Finding faces and landmarks in both photos. */
  readonly detect: number;
  /** Aligning, embedding and scoring; 0 if there was nothing to compare. */
  readonly compare: number;
  /** All of it. */
  readonly total: number;
}

/** Both photos had the face that was meant, and the faces were compared. */
export interface Compared extends Provenance {
  /** Always `"compared"`. */
  readonly kind: "compared";
  /** Whether the score reaches the threshold. */
  readonly decision: Decision;
  /**
   * The comparison score that decides: normalised by the model's cohort, about as large as a cosine; the cosine itself
   * where the model has none, or with `normalize` `"none"`.
   */
  readonly score: number;
  /** The cosine of the templates, -1..1. */
  readonly cosine: number;
  /** The threshold, chosen by the masks of the faces, and its measured false match rate. */
  readonly rule: DecisionRule;
  /** How often impostors reach the score; absent if the model was never calibrated. */
  readonly scoreFmr?: ComparisonFmr;
  /** The face of the probe and the face of the reference. */
  readonly faces: readonly [EmbeddedFace, EmbeddedFace];
  /** Times in milliseconds. */
  readonly timings: Timings;
}

/** As {@linkcode Compared} where nothing says what a score is worth: the model was never calibrated, and no threshold given. */
export interface Scored extends Provenance {
  /** Always `"scored"`. */
  readonly kind: "scored";
  /** The comparison score, as in {@linkcode Compared}. */
  readonly score: number;
  /** The cosine of the templates, -1..1. */
  readonly cosine: number;
  /** The face of the probe and the face of the reference. */
  readonly faces: readonly [EmbeddedFace, EmbeddedFace];
  /** Times in milliseconds. */
  readonly timings: Timings;
}

/**
 * Nothing was compared, or what was compared is not to be relied on and is not told: a photo had no face, several where the
 * only one was asked for, or one of which too little is to be seen; or both faces are children's.
 */
export interface NotCompared extends Provenance {
  /** Always `"not-compared"`. */
  readonly kind: "not-compared";
  /** What was found in the probe and in the reference. */
  readonly findings: readonly [PhotoFinding, PhotoFinding];
  /** Times in milliseconds. */
  readonly timings: Timings;
}

/** What `verify` answers. */
export type Verification = Compared | Scored | NotCompared;

/**
 * Says in words why a photo has no face to compare, and what to do.
 *
 * @param finding What was found in the photo.
 * @param label What the photo is called.
 * @param option What the caller calls the option `face`, such as `--face`.
 * @returns A sentence.
 *
 * @example
 * ```ts
 * import { explainFinding } from "@maskinv/maskinv";
 *
 * console.log(explainFinding({ kind: "no-face" }, "a.jpg"));
 * ```
 */
export function explainFinding(
  finding: Exclude<PhotoFinding, FoundFace>,
  label: string,
  option = "face",
): string {
  if (finding.kind === "not-comparable") {
    return `The face in ${label} cannot be compared as ${
      explainIncomparable(finding.face.incomparable)
    }`;
  }
  if (finding.kind === "child") {
    const { face: { condition }, childFmr } = finding;
    const rate = childFmr === undefined
      ? "the promised false match rate does not hold between children"
      : `${Number((100 * childFmr).toPrecision(2))}% of pairs of different children match`;
    return `The face in ${label} is taken for a child's (${
      Math.round(100 * condition.child)
    }%), and so is the other: ${rate}; compare them all the same with compareChildren ` +
      `(--compare-children), and rely on other evidence`;
  }
  if (finding.kind === "no-face") {
    return `No face found in ${label}: use a photo in which the face is larger or lit better`;
  }
  return `${
    counted(finding.faces.length + finding.omitted, "face")
  } found in ${label} and the only one is meant: ` +
    `choose one with ${option} largest or ${option} centred, or crop the photo`;
}
