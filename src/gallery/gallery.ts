// The gallery: who is known, and who is this. Ties a store, a verifier, the quality gate, the protection of templates
// and the thresholds together; each of them can be had alone.

import { unlessAborted } from "../base/abort.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import type { MaskState } from "../pipeline/embed/mask_state.ts";
import type { MaskStates } from "../pipeline/score/situation.ts";
import { Template } from "../pipeline/score/template.ts";
import type { PhotoOptions } from "../verify/options.ts";
import type { Acquisition, NoFace, NotComparable, SeveralFaces } from "../verify/result.ts";
import { clusterPairs, type DuplicatePair, findDuplicates } from "./duplicates.ts";
import { enrolmentDoubts, isAmong, renameDoubts } from "./doubts.ts";
import { identityExists } from "./errors.ts";
import { exportStore, importStore, type ModelCheck } from "./exchange.ts";
import type { KeySource } from "./file_cipher.ts";
import { createProtection, type TemplateProtection } from "./protect.ts";
import { qualityDefects, type QualityGate, resolveGate } from "./quality.ts";
import type { Enrolment, Identification, Renaming } from "./result.ts";
import { checkIdentity, checkNewIdentity } from "./names.ts";
import { searchRule, withFpir } from "./search_rule.ts";
import {
  checkEntries,
  type GalleryCount,
  type GalleryIdentity,
  type GalleryStore,
  type PutMode,
} from "./store.ts";
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
   * Thresholds of `openThresholds`. Without it each search needs a threshold, and enrolment cannot tell who looks like whom.
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
  /** A threshold of the caller's own, -1 to 1, instead of `fpir`. */
  readonly threshold?: number;
}

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
  #protection: Promise<TemplateProtection> | undefined;

  /** @ignore Use `createGallery`. */
  constructor(options: GalleryOptions) {
    resolveGate(options.gate ?? {});
    this.store = options.store;
    this.#options = options;
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
    const moved = await store.templates(old);
    if (moved.length === 0) return { kind: "not-enrolled" };
    const references = old === identity ? [] : await store.templates(identity);
    if (references.length > 0 && !merge) throw identityExists(old, identity);
    const { thresholds } = this.#options;
    const doubts = await renameDoubts({ store, thresholds, identity, moved, references }, old);
    if (doubts.length > 0 && !force) return { kind: "doubtful", identity, doubts };
    const templates = await store.rename(old, identity, merge ? "merge" : "rename");
    if (templates === 0) return { kind: "not-enrolled" };
    return { kind: "renamed", identity, templates, ...(doubts.length > 0 && { doubts }) };
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
    const search = Promise.all([this.store.search([template], k), this.store.count()]);
    const [[found], { templates }] = await unlessAborted(search, photo.signal);
    const { thresholds } = this.#options, masks = this.#masks(face);
    const scored = found.map((candidate) => withFpir(candidate, templates, thresholds, masks));
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

  /** Pairs of identities that look like one person; see {@linkcode findDuplicates}. */
  duplicates(threshold: number): Promise<DuplicatePair[]> {
    return findDuplicates(this.store, threshold);
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
    const references = await store.templates(identity);
    if (mode === "add" && isAmong(template, references)) {
      return { kind: "enrolled", identity, face, already: true };
    }
    const check = { store, thresholds, identity, template, references, masks };
    const doubts = await enrolmentDoubts(check);
    if (doubts.length > 0 && !force) return { kind: "doubtful", identity, doubts, face };
    // From here on it is stored: an answer that may be wrong would be worse than one that comes later.
    photo.signal?.throwIfAborted();
    await store.put([{ identity, templates: [template] }], mode);
    return { kind: "enrolled", identity, face, ...(doubts.length > 0 && { doubts }) };
  }

  /** The template to store or to search with: made of a photo if it is none, and protected. */
  async #template(
    input: ImageInput | Template,
    options: PhotoOptions,
  ): Promise<MadeTemplate | NoFace | SeveralFaces> {
    options.signal?.throwIfAborted();
    if (Template.is(input)) return { kind: "template", template: await this.#protect(input) };
    const { verifier } = this.#options;
    if (!verifier) {
      throw new InvalidArgumentError(
        "Cannot take photos as this gallery has no verifier: give createGallery one, or give templates",
      );
    }
    const acquired = await verifier.embed(input, options);
    if (acquired.kind !== "acquired") return acquired;
    const { template, face } = acquired;
    return { kind: "template", template: await this.#protect(template), face };
  }

  async #protect(template: Template): Promise<Template> {
    const { protection } = this.#options;
    if (!protection) return template;
    // The number of dimensions is known with the first template; the same for all that follow.
    this.#protection ??= Promise.resolve(protection()).then((key) =>
      createProtection(key, template.embedding.length)
    );
    this.#protection.catch(() => this.#protection = undefined);
    return (await this.#protection).protect(template);
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
