// What a gallery needs of the place where templates are kept: memory, a file or a database.
// The rules that hold for every store are checked here once, so that all of them refuse the same things.

import { InvalidArgumentError, TemplateMismatchError } from "../base/errors.ts";
import { type Normalization, Template } from "../pipeline/score/template.ts";
import { checkIdentity } from "./names.ts";

/** The model that a store's templates come from: fixed by the first template that is put in. */
export interface GalleryModel {
  /** What `Template.model` says. */
  readonly model: string;
  /** The number of dimensions. */
  readonly size: number;
}

/** An identity with its templates (references in the terms of ISO/IEC 2382-37). */
export interface GalleryEntry {
  /** The name or number of the person. */
  readonly identity: string;
  /** One or more templates. */
  readonly templates: readonly Template[];
}

/** An identity and how much of it is stored. */
export interface GalleryIdentity {
  /** The name or number of the person. */
  readonly identity: string;
  /** Number of templates. */
  readonly templates: number;
}

/** An identity that a search found. */
export interface Candidate {
  /** The identity. */
  readonly identity: string;
  /**
   * The highest comparison score of the probe with one of the identity's templates: normalised if the probe has a
   * normalisation, else the cosine.
   */
  readonly score: number;
  /** The cosine of the probe and that template, -1..1. */
  readonly cosine: number;
}

/** How much a store holds. */
export interface GalleryCount {
  /** Number of identities. */
  readonly identities: number;
  /** Number of templates. */
  readonly templates: number;
}

/** Whether new templates come beside those that an identity has, or in their place. */
export type PutMode = "add" | "replace";

/** Whether the new name must be free, or may be one whose templates the others then join. */
export type RenameMode = "rename" | "merge";

/** Computes the normalisations of templates by one cohort, in their order. */
export type Normalizer = (templates: readonly Template[]) => Promise<readonly Normalization[]>;

/**
 * A place that keeps templates. A change is acknowledged (its promise resolves) when it will survive what the store
 * says it survives, and is made as a whole or not at all. Calls may overlap.
 */
export interface GalleryStore extends AsyncDisposable {
  /** The model of the templates; `undefined` before the first. */
  model(): Promise<GalleryModel | undefined>;
  /** The number of identities and templates. */
  count(): Promise<GalleryCount>;
  /** Adds or replaces the templates of identities, all of them or, on an error, none. */
  put(entries: readonly GalleryEntry[], mode: PutMode): Promise<void>;
  /** Removes identities with all their templates; returns how many there were. */
  remove(identities: readonly string[]): Promise<number>;
  /**
   * Gives an identity another name, or joins its templates to those of an identity that has the name; returns how many
   * templates it has moved, 0 if there is no such identity.
   */
  rename(from: string, to: string, mode: RenameMode): Promise<number>;
  /** All identities with how many templates they have, in no particular order; no template is read. */
  identities(): AsyncIterable<GalleryIdentity>;
  /** Other identities, in the order of their names, that differ from a name in case, blanks or Unicode forms only. */
  namesLike(identity: string): Promise<readonly string[]>;
  /** The templates of an identity in the order of their enrolment; none if there is no such identity. */
  templates(identity: string): Promise<readonly Template[]>;
  /** All identities with their templates, in no particular order; changes made meanwhile may or may not be seen. */
  entries(): AsyncIterable<GalleryEntry>;
  /**
   * Completes templates that lack a normalisation by a cohort, those of older galleries: all of them or, on an error, none;
   * returns how many there were. What they had by another cohort is replaced. Takes no time where none lacks it.
   *
   * @param cohort SHA-256 of the cohort file.
   */
  complete(cohort: string, normalize: Normalizer): Promise<number>;
  /**
   * For each probe the k identities of the highest scores, best first, equal scores in the order of the names. Scores are
   * normalised if the probes have a normalisation, and cosines if they have none.
   *
   * @throws {TemplateMismatchError} If the probes are normalised and a template lacks a normalisation by the same cohort:
   *     `complete` gives it.
   */
  search(probes: readonly Template[], k: number): Promise<readonly (readonly Candidate[])[]>;
}

/**
 * Checks that entries can be put into a store of a model.
 *
 * @param entries The entries.
 * @param model The store's model, if it has one yet.
 * @returns The model of the entries; `model` if there are none.
 * @throws {TemplateMismatchError} If a template is of another model.
 * @throws {InvalidArgumentError} If an identity has no templates, or a name is not valid.
 */
export function checkEntries(
  entries: readonly GalleryEntry[],
  model: GalleryModel | undefined,
): GalleryModel | undefined {
  for (const { identity, templates } of entries) {
    if (checkIdentity(identity) !== identity) {
      throw new InvalidArgumentError(
        `Cannot put the identity ${JSON.stringify(identity)}: bring it to Unicode's NFC first`,
      );
    }
    if (templates.length === 0) {
      throw new InvalidArgumentError(`Cannot put ${identity} without templates: give at least one`);
    }
    for (const template of templates) model = checkTemplate(template, model, "put");
  }
  return model;
}

/**
 * Checks probes and k of a search.
 *
 * @returns The cohort by which scores are to be normalised; none for cosines.
 */
export function checkSearch(
  probes: readonly Template[],
  k: number,
  model: GalleryModel | undefined,
): string | undefined {
  if (!(Number.isInteger(k) && k >= 1)) {
    throw new InvalidArgumentError(`Cannot search for the best ${k}: give a whole number from 1`);
  }
  for (const probe of probes) checkTemplate(probe, model, "search with");
  const cohort = probes[0]?.normalization?.cohort;
  if (probes.some(({ normalization }) => normalization?.cohort !== cohort)) {
    throw new TemplateMismatchError(
      "Cannot search with probes that are not all normalised by one cohort: normalise all of them, or none",
    );
  }
  return cohort;
}

/** The error for templates that cannot be compared by normalised scores. */
export function incomplete(missing: number | "some", cohort: string): TemplateMismatchError {
  return new TemplateMismatchError(
    `Cannot search by normalised scores as ${missing} of the gallery's templates lack a normalisation by the ` +
      `cohort ${
        cohort.slice(0, 12)
      }: give createGallery thresholds of openThresholds, which completes ` +
      `them, or search by cosines (normalize "none")`,
  );
}

/** A template without its normalisation, with which a search is by cosines. */
export function withoutNormalization(template: Template): Template {
  return template.normalization ? new Template(template.embedding, template.model) : template;
}

function checkTemplate(
  template: Template,
  model: GalleryModel | undefined,
  verb: string,
): GalleryModel {
  if (!Template.is(template)) {
    throw new InvalidArgumentError(`Cannot ${verb} what is no template: make one with embed`);
  }
  const given = { model: template.model, size: template.embedding.length };
  if (!model || (model.model === given.model && model.size === given.size)) return model ?? given;
  throw new TemplateMismatchError(
    `Cannot ${verb} a template of model ${
      shorten(given.model)
    } (${given.size} numbers) as the gallery holds ` +
      `templates of model ${
        shorten(model.model)
      } (${model.size} numbers): enrol from the photos again ` +
      `in a new gallery, or use the gallery's model, mirror option and protection key`,
  );
}

function shorten(model: string): string {
  return model.replace(/[0-9a-f]{52}(?=\W|$)/, "…");
}
