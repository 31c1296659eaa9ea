// What a gallery answers: results told apart by `kind`, as the verifier's are.

import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import type { Decision } from "../pipeline/score/decide.ts";
import type { NoFace, SeveralFaces } from "../verify/result.ts";
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
export type Enrolment = Enrolled | Refused | NoFace | SeveralFaces;

/** An identity that a search found, and whether its score reaches the threshold. */
export interface RankedCandidate extends Candidate {
  /** `"match"` if the score reaches the threshold. */
  readonly decision: Decision;
}

/** The rates behind the threshold of a search. */
export interface SearchRates {
  /** False positive identification rate of the search, as asked for. */
  readonly fpir: number;
  /** False match rate of each comparison that follows from it and the number of templates. */
  readonly fmr: number;
}

/** What a search has found. */
export interface SearchFindings {
  /** The best identities, highest score first; of an unknown person those that come closest. */
  readonly candidates: readonly RankedCandidate[];
  /** The score that a match takes. */
  readonly threshold: number;
  /** The rates behind it; absent if the caller gave a threshold. */
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

/** What `identify` answers. */
export type Identification = Identified | Unknown | NoFace | SeveralFaces;
