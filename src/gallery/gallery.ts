// The gallery: who is known, and who is this. Ties a store, a verifier, the quality gate, the protection of templates
// and the thresholds together; each of them can be had alone.

import { unlessAborted } from "../base/abort.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import { InvalidArgumentError, TemplateMismatchError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import type { MaskState } from "../pipeline/embed/mask_state.ts";
import type { MaskStates } from "../pipeline/score/situation.ts";
import { Template } from "../pipeline/score/template.ts";
import type { PhotoOptions } from "../verify/options.ts";
import type { NoFace, NotComparable, SeveralFaces } from "../verify/result.ts";
import { clusterPairs, type DuplicatePair, findDuplicates } from "./duplicates.ts";
import { enrolmentDoubts, isAmong, renameDoubts } from "./doubts.ts";
import { Completer } from "./complete.ts";
import { identityExists } from "./errors.ts";
import type { EnrolOptions, GalleryOptions, IdentifyOptions, RenameOptions } from "./options.ts";
import { exportStore, importStore, type ModelCheck } from "./exchange.ts";
import { createProtection, type TemplateProtection } from "./protect.ts";
import { qualityDefects, resolveGate } from "./quality.ts";
import type { Enrolment, Identification, Renaming } from "./result.ts";
import { checkIdentity, checkNewIdentity } from "./names.ts";
import { searchRule, withFpir } from "./search_rule.ts";
import {
  type Candidate,
  checkEntries,
  type GalleryCount,
  type GalleryIdentity,
  type GalleryStore,
  type PutMode,
  withoutNormalization,
} from "./store.ts";

/**
 * Makes a gallery of a store.
 *
 * @param options Store, verifier, thresholds, protection and gate.
 * @returns The gallery.
 * @throws {InvalidArgumentError} If a value of the gate is out of its range.
 *
 * @example
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 * import { createGallery, createMemoryStore, openThresholds } from "@maskinv/maskinv/gallery";
 *
 * await using verifier = await createVerifier({ device: "wasm" });
 * const thresholds = await openThresholds();
 * await using gallery = createGallery({ store: createMemoryStore(), verifier, thresholds });
 * await gallery.enrol("Eileen Collins", "tests/photos/collins.jpg");
 * await gallery.enrol("Grace Hopper", "tests/photos/hopper.jpg");
 * const found = await gallery.identify("tests/photos/hopper_masked.jpg");
 * if (found.kind === "identified") console.log(found.candidates[0].identity); // Grace Hopper
 * ```
 */
export function createGallery(options: GalleryOptions): Gallery {
  return new Gallery(options);
}

/** A gallery of enrolled people. Calls may overlap. Made by {@linkcode createGallery}. */
export class Gallery implements AsyncDisposable {
  /** The store. */
  readonly store: GalleryStore;
  readonly #options: GalleryOptions;
  readonly #completer: Completer | undefined;
  #protection: Promise<TemplateProtection> | undefined;
  #completed: Promise<number> | undefined;

  /** @ignore Use `createGallery`. */
  constructor(options: GalleryOptions) {
    resolveGate(options.gate ?? {});
    this.store = options.store;
    this.#options = options;
    const cohort = options.thresholds?.cohort;
    this.#completer = cohort && new Completer(cohort, (size) => this.#protectionOf(size));
  }

  /**
   * Completes the templates of a gallery from before scores were normalised, by what is stored of them. Searches and
   * enrolments do so by themselves when they first need it; a gallery of 100,000 takes some
   * fifteen seconds of CPU time, once.
   *
   * @returns How many templates lacked it; 0 if cosines are compared.
   * @throws {TemplateMismatchError} If the templates are protected by a key that the gallery was not given.
   */
  complete(): Promise<number> {
    if (!this.#completer) return Promise.resolve(0);
    const completed = this.#completed ??= this.#completer.complete(this.store);
    // What failed is tried again by the next call.
    completed.catch(() => this.#completed = undefined);
    return completed;
  }

  /**
   * Enrols a person: adds one more template to an identity, which is made if it is new.
   *
   * @param identity The name or number of the person: 1 to 256 characters without control characters.
   * @param input A photo, which must pass the quality gate, or a template, which is taken as it is.
   * @param options What differs from the gallery's gate and the verifier's options.
   * @returns That the template is stored; why the photo was refused; or what speaks for a mistake, in which case nothing is
   *     stored without `force`. A template that the identity has already is not stored twice.
   * @throws {TemplateMismatchError} If the gallery holds templates of another model or protection.
   * @throws {MaskinvError} If the photo cannot be read or decoded, or the store fails.
   */
  enrol(
    identity: string,
    input: ImageInput | Template,
    options: EnrolOptions = {},
  ): Promise<Enrolment> {
    return this.#put(identity, input, options, "add");
  }

  /** As {@linkcode Gallery.enrol}, in the place of all templates that the identity has. */
  update(
    identity: string,
    input: ImageInput | Template,
    options: EnrolOptions = {},
  ): Promise<Enrolment> {
    return this.#put(identity, input, options, "replace");
  }

  /** Removes an identity with all its templates; whether there was one. */
  async remove(identity: string): Promise<boolean> {
    return await this.store.remove([checkIdentity(identity)]) > 0;
  }

  /**
   * Gives an identity another name.
   *
   * @param from The name that it has.
   * @param to The name that it is to have.
   * @param options Whether the new name may be that of another identity, with which it is then one.
   * @returns That it was renamed; that there is no such identity; or what speaks for a mistake.
   * @throws {IdentityExistsError} If the new name is taken and the two are not to be merged.
   * @throws {InvalidArgumentError} If the new name is not allowed.
   */
  async rename(from: string, to: string, options: RenameOptions = {}): Promise<Renaming> {
    const { merge = false, force = false } = options, { store } = this;
    const old = checkIdentity(from), identity = checkNewIdentity(to);
    const moved = await this.#templates(old);
    if (moved.length === 0) return { kind: "not-enrolled" };
    const references = old === identity ? [] : await this.#templates(identity);
    if (references.length > 0 && !merge) throw identityExists(old, identity);
    const { thresholds } = this.#options;
    const templates = (name: string) => this.#templates(name);
    const check = { store, thresholds, identity, moved, references, templates };
    const doubts = await renameDoubts(check, old);
    if (doubts.length > 0 && !force) return { kind: "doubtful", identity, doubts };
    const count = await store.rename(old, identity, merge ? "merge" : "rename");
    if (count === 0) return { kind: "not-enrolled" };
    return { kind: "renamed", identity, templates: count, ...(doubts.length > 0 && { doubts }) };
  }

  /**
   * Says who a person is, or that nobody enrolled looks like them (open-set identification).
   *
   * @param input A photo or a template.
   * @param options How many candidates, and how rare a false positive must be.
   * @returns The best identities and whether they reach the threshold that promises the rate in a gallery of this size;
   *     where none was measured that does, the ranks with their scores; or that no face or several were found, or one of
   *     which too little is to be seen.
   * @throws {InvalidArgumentError} If an option is out of its range.
   * @throws {MaskinvError} If the photo cannot be read or decoded, or the store fails.
   */
  async identify(
    input: ImageInput | Template,
    options: IdentifyOptions = {},
  ): Promise<Identification> {
    const { k = 5, fpir, threshold, ...photo } = options;
    const made = await this.#template(input, photo);
    if (made.kind !== "template") return made;
    const { template, face } = made;
    if (face && isIncomparable(face)) return { kind: "not-comparable", face };
    const search = Promise.all([this.#search(template, k), this.store.count()]);
    const [found, { templates }] = await unlessAborted(search, photo.signal);
    const { thresholds } = this.#options, masks = this.#masks(face);
    const scored = found.map((candidate) =>
      withFpir(candidate, templates, thresholds, masks, threshold)
    );
    const { kind: _, ...rule } = searchRule({ fpir, threshold }, templates, thresholds, masks);
    if (!("threshold" in rule)) {
      return { kind: "ranked", candidates: scored, ...rule, templates, face };
    }
    const candidates = scored.map((candidate) => ({
      ...candidate,
      decision: candidate.score >= rule.threshold ? "match" as const : "no-match" as const,
    }));
    const isKnown = candidates[0]?.decision === "match";
    return { kind: isKnown ? "identified" : "unknown", candidates, ...rule, templates, face };
  }

  /** The number of identities and templates. */
  count(): Promise<GalleryCount> {
    return this.store.count();
  }

  /** The identities with their number of templates, in no particular order. */
  identities(): AsyncIterable<GalleryIdentity> {
    return this.store.identities();
  }

  /** The gallery as lines of text; see {@linkcode exportStore}. */
  export(): AsyncGenerator<string, void, void> {
    return exportStore(this.store);
  }

  /** Puts exported lines into the gallery; see {@linkcode importStore}. By default beside what is there. */
  import(
    lines: AsyncIterable<string> | Iterable<string>,
    mode: PutMode = "add",
    accept?: ModelCheck,
  ): Promise<GalleryCount> {
    return importStore(this.store, lines, mode, accept);
  }

  /**
   * Pairs of identities that look like one person; see {@linkcode findDuplicates}. Scores are normalised if the thresholds
   * of the gallery are for normalised ones.
   */
  async duplicates(threshold: number): Promise<DuplicatePair[]> {
    await this.complete();
    return await findDuplicates(this.store, threshold, this.#completer ? "cohort" : "none");
  }

  /** Groups of identities that look like one person; see {@linkcode clusterPairs}. */
  async clusters(threshold: number): Promise<string[][]> {
    return clusterPairs(await this.duplicates(threshold));
  }

  /** Closes the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }

  async #put(
    name: string,
    input: ImageInput | Template,
    { gate, force = false, ...photo }: EnrolOptions,
    mode: PutMode,
  ): Promise<Enrolment> {
    const identity = checkNewIdentity(name);
    const made = await this.#template(input, photo);
    if (made.kind !== "template") return made;
    const { template, face } = made;
    if (face) {
      const defects = qualityDefects(face, resolveGate(this.#options.gate ?? {}, gate ?? {}))
        .filter(({ kind }) => !(force && kind === "incomparable"));
      if (defects.length > 0) return { kind: "refused", identity, defects, face };
    }
    const { store } = this, { thresholds } = this.#options, masks = this.#masks(face);
    checkEntries([{ identity, templates: [template] }], await store.model());
    const references = await this.#templates(identity);
    if (mode === "add" && isAmong(template, references)) {
      return { kind: "enrolled", identity, face, already: true };
    }
    const check = { store, thresholds, identity, template, references, masks };
    const search = (template: Template, k: number) => this.#search(template, k);
    const templates = (name: string) => this.#templates(name);
    const doubts = await enrolmentDoubts({ ...check, search, templates });
    if (doubts.length > 0 && !force) return { kind: "doubtful", identity, doubts, face };
    // From here on it is stored: an answer that may be wrong would be worse than one that comes later.
    photo.signal?.throwIfAborted();
    await store.put([{ identity, templates: [template] }], mode);
    return { kind: "enrolled", identity, face, ...(doubts.length > 0 && { doubts }) };
  }

  /** The templates of an identity, as the thresholds take them. */
  async #templates(identity: string): Promise<readonly Template[]> {
    const held = await this.store.templates(identity), completer = this.#completer;
    return completer
      ? await Promise.all(held.map((template) => completer.normalize(template)))
      : held;
  }

  /** The best identities by the scores that the thresholds are for. */
  async #search(template: Template, k: number): Promise<readonly Candidate[]> {
    if (!this.#completer) return (await this.store.search([withoutNormalization(template)], k))[0];
    await this.complete();
    try {
      return (await this.store.search([template], k))[0];
    } catch (error) {
      // Another program may have put templates in since.
      this.#completed = undefined;
      if (!(error instanceof TemplateMismatchError) || await this.complete() === 0) throw error;
      return (await this.store.search([template], k))[0];
    }
  }

  /** The template to store or to search with: made of a photo if it is none, protected, and normalised. */
  async #template(
    input: ImageInput | Template,
    options: PhotoOptions,
  ): Promise<MadeTemplate | NoFace | SeveralFaces> {
    options.signal?.throwIfAborted();
    if (Template.is(input)) return { kind: "template", template: await this.#prepare(input) };
    const { verifier } = this.#options;
    if (!verifier) {
      throw new InvalidArgumentError(
        "Cannot take photos as this gallery has no verifier: give createGallery one, or give templates",
      );
    }
    const acquired = await verifier.embed(input, options);
    if (acquired.kind !== "acquired") return acquired;
    const { template, face } = acquired;
    return { kind: "template", template: await this.#prepare(template), face };
  }

  async #prepare(template: Template): Promise<Template> {
    const protection = await this.#protectionOf(template.embedding.length);
    const prepared = protection?.protect(template) ?? template, completer = this.#completer;
    if (!completer) return prepared;
    if (completer.fits(prepared.model)) return await completer.normalize(prepared);
    // If it does not fit the gallery either, that is what is wrong.
    checkEntries([{ identity: "probe", templates: [prepared] }], await this.store.model());
    throw new TemplateMismatchError(
      `Cannot use a template of model ${
        prepared.model.slice(0, 12)
      } with the thresholds of another model: ` +
        `give createGallery the thresholds of the model that makes the templates`,
    );
  }

  async #protectionOf(size: number): Promise<TemplateProtection | undefined> {
    const { protection } = this.#options;
    if (!protection) return undefined;
    // The number of dimensions is known with the first template; the same for all that follow.
    this.#protection ??= Promise.resolve(protection()).then((key) => createProtection(key, size));
    this.#protection.catch(() => this.#protection = undefined);
    return await this.#protection;
  }

  /** The masks of a comparison: references that came past the gate wear none, unless it lets masks in. */
  #masks(face: EmbeddedFace | undefined): MaskStates {
    const lets = resolveGate(this.#options.gate ?? {}).maskStates;
    return [face?.mask, lets.every((state) => state === "none") ? BARE : undefined];
  }
}

function isIncomparable(face: EmbeddedFace): face is NotComparable["face"] {
  return face.incomparable !== undefined;
}

/** What the gate lets in where it lets in no mask. */
const BARE: MaskState = {
  state: "none",
  probability: 1,
  probabilities: { none: 1, full: 0, "nose-out": 0 },
};

/** A template that is ready for the store. */
interface MadeTemplate {
  readonly kind: "template";
  readonly template: Template;
  readonly face?: EmbeddedFace;
}
