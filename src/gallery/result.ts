// What a gallery answers: results told apart by `kind`, as the verifier's are.

import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { Decision } from "../pipeline/score/decide.ts";
import type { GroupsBehind } from "../pipeline/score/groups.ts";
import type { NoFace, NotComparable, SeveralFaces } from "../verify/result.ts";
import type { EnrolmentDoubt } from "./doubts.ts";
import type { QualityDefect } from "./quality.ts";
import type { Candidate } from "./store.ts";

/** The template was enrolled; the store has acknowledged it. */
export interface Enrolled {
  /** Always `"enrolled"`. */
  readonly kind: "enrolled";
  /** The identity, in Unicode's NFC. */
  readonly identity: string;
  /** The face; absent if a template was given. */
  readonly face?: EmbeddedFace;
  /** True if the identity had this very template before; nothing was added. */
  readonly already?: true;
  /** What spoke against it and was passed over by `force`. */
  readonly doubts?: readonly EnrolmentDoubt[];
}

/** Something speaks for a mistake; nothing was changed. Do it again with `force` if it is none. */
export interface Doubtful {
  /** Always `"doubtful"`. */
  readonly kind: "doubtful";
  /** The identity, in Unicode's NFC. */
  readonly identity: string;
  /** What speaks for a mistake, one or more. */
  readonly doubts: readonly EnrolmentDoubt[];
  /** The face; absent if no photo was given. */
  readonly face?: EmbeddedFace;
}

/** The photo is not good enough for a reference; nothing was enrolled. */
export interface Refused {
  /** Always `"refused"`. */
  readonly kind: "refused";
  /** The identity, in Unicode's NFC. */
  readonly identity: string;
  /** What the quality gate has against it, one or more. */
  readonly defects: readonly QualityDefect[];
  /** The face. */
  readonly face: EmbeddedFace;
}

/** What `enrol` and `update` answer. */
export type Enrolment = Enrolled | Refused | Doubtful | NoFace | SeveralFaces;

/** The identity has its new name. */
export interface Renamed {
  /** Always `"renamed"`. */
  readonly kind: "renamed";
  /** The new name, in Unicode's NFC. */
  readonly identity: string;
  /** How many templates have moved. */
  readonly templates: number;
  /** What spoke against it and was passed over by `force`. */
  readonly doubts?: readonly EnrolmentDoubt[];
}

/** There is no identity of the old name. */
export interface NotEnrolled {
  /** Always `"not-enrolled"`. */
  readonly kind: "not-enrolled";
}

/** What `rename` answers. */
export type Renaming = Renamed | Doubtful | NotEnrolled;

/**
 * How often a search of somebody who is not enrolled would return anyone (ISO/IEC 19795-1), estimated from the false match
 * rate of one comparison and the number of templates.
 */
export interface EstimatedFpir {
  /** The false positive identification rate, 0..1. */
  readonly fpir: number;
  /** Its 95% interval, from that of the false match rate. */
  readonly interval: readonly [low: number, high: number];
  /**
   * `"at"` if the rate is `fpir`; `"below"` or `"above"` if that is only a bound, as the score is higher or lower than any
   * that was measured.
   */
  readonly bound: "at" | "below" | "above";
  /** The groups of people in each of which the upper end of the interval holds; absent for all people together. */
  readonly groups?: GroupsBehind;
}

/** An identity that a search found, by its rank in the list of candidates. */
export interface ScoredCandidate extends Candidate {
  /** The rate that a search with this score as its threshold would have; absent if the model was never calibrated. */
  readonly fpir?: EstimatedFpir;
}

/** A candidate of a search that decides. */
export interface RankedCandidate extends ScoredCandidate {
  /** `"match"` if the score reaches the threshold. */
  readonly decision: Decision;
}

/** The rates behind the threshold of a search. */
export interface SearchRates extends EstimatedFpir {
  /** False match rate of each comparison that follows from it and the number of templates. */
  readonly fmr: number;
}

/** What a search that decides has found. */
export interface SearchFindings {
  /** The best identities, highest score first; of an unknown person those that come closest. */
  readonly candidates: readonly RankedCandidate[];
  /** The score that a match takes. */
  readonly threshold: number;
  /** The rates at the threshold; absent if the caller gave a threshold and nothing was measured. */
  readonly rates?: SearchRates;
  /** Number of templates that were compared. */
  readonly templates: number;
  /** The probe's face; absent if a template was given. */
  readonly face?: EmbeddedFace;
}

/** Somebody who is enrolled: the best candidate reaches the threshold. */
export interface Identified extends SearchFindings {
  /** Always `"identified"`. */
  readonly kind: "identified";
}

/** Nobody who is enrolled, as far as the threshold can tell. */
export interface Unknown extends SearchFindings {
  /** Always `"unknown"`. */
  readonly kind: "unknown";
}

/**
 * Candidates without a decision: no threshold was measured that promises the false positive identification rate asked for
 * in a gallery of this size.
 */
export interface Ranked {
  /** Always `"ranked"`. */
  readonly kind: "ranked";
  /** The best identities, highest score first. */
  readonly candidates: readonly ScoredCandidate[];
  /** The false positive identification rate that was asked for and is not measured. */
  readonly fpir: number;
  /** The strictest threshold that was measured, and its rates; absent if the model was never calibrated. */
  readonly strictest?: SearchRates & { readonly threshold: number };
  /** Number of templates that were compared. */
  readonly templates: number;
  /** The probe's face; absent if a template was given. */
  readonly face?: EmbeddedFace;
}

/** What `identify` answers. */
export type Identification = Identified | Unknown | Ranked | NoFace | SeveralFaces | NotComparable;
