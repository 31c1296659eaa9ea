// What a caller may choose of a gallery and of each call.

import type { ImageInput } from "../image/image.ts";
import type { GroupChoice } from "../pipeline/score/decide.ts";
import type { PhotoOptions } from "../verify/options.ts";
import type { Acquisition } from "../verify/result.ts";
import type { KeySource } from "./file_cipher.ts";
import type { QualityGate } from "./quality.ts";
import type { GalleryStore } from "./store.ts";
import type { SearchThresholds } from "./threshold.ts";

/** What makes templates of photos: a verifier, or a stand-in for it. */
export interface TemplateMaker {
  /** Makes the template of the face in one photo. */
  embed(input: ImageInput, options?: PhotoOptions): Promise<Acquisition>;
}

/** Options of {@linkcode createGallery}. */
export interface GalleryOptions {
  /** Where templates are kept; disposed of with the gallery. */
  readonly store: GalleryStore;
  /** Makes templates of photos; without it only templates are taken. It stays the caller's. */
  readonly verifier?: TemplateMaker;
  /**
   * Thresholds of `openThresholds`, which also say which scores are compared: those that are normalised by the model's cohort,
   * if it has one. Without thresholds each search needs one of its own, for cosines, and enrolment cannot tell who looks
   * like whom.
   */
  readonly thresholds?: SearchThresholds;
  /** Asks for the secret under which templates are rotated before they are stored; see `createProtection`. */
  readonly protection?: KeySource;
  /**
   * What enrolment asks of photos. If references may wear masks, say so here also where the gallery only searches: the
   * threshold is then the strictest of those that fit.
   */
  readonly gate?: QualityGate;
}

/** Options of one enrolment. */
export interface EnrolOptions extends PhotoOptions {
  /** What this enrolment asks of the photo, if it differs from the gallery's gate. */
  readonly gate?: QualityGate;
  /**
   * Whether to enrol also where something speaks for a mistake, see {@linkcode EnrolmentDoubt}, or where so little is to be
   * seen of the face that it could not be compared. By default false.
   */
  readonly force?: boolean;
}

/** Options of {@linkcode Gallery.rename}. */
export interface RenameOptions {
  /** Whether the new name may be one that is taken, whose templates those of the old name then join. By default false. */
  readonly merge?: boolean;
  /** Whether to do it also where something speaks for a mistake. By default false. */
  readonly force?: boolean;
}

/** Options of one search. */
export interface IdentifyOptions extends PhotoOptions {
  /** How many identities to return at most; by default 5. */
  readonly k?: number;
  /** Accepted false positive identification rate, above 0 and below 1; by default 0.01. */
  readonly fpir?: number;
  /**
   * Whose rate `fpir` is: that of the worst group of people that was measured (`"worst-group"`), or that of all people
   * together (`"pooled"`). By default the worst group's, and in galleries so large that the groups cannot show the rate
   * that of all people; `rates.groups` says which. Or a threshold of the caller's own, instead of `fpir`.
   */
  readonly threshold?: number | GroupChoice;
}
