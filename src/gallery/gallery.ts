// The gallery: who is known, and who is this. Ties a store, a verifier, the quality gate, the protection of templates
// and the thresholds together; each of them can be had alone.

import { unlessAborted } from "../base/abort.ts";
import type { EmbeddedFace } from "../pipeline/embed/embed.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import type { MaskState } from "../pipeline/embed/mask_state.ts";
import { Template } from "../pipeline/score/template.ts";
import type { PhotoOptions } from "../verify/options.ts";
import type { Acquisition, NoFace, SeveralFaces } from "../verify/result.ts";
import { clusterPairs, type DuplicatePair, findDuplicates } from "./duplicates.ts";
import { exportStore, importStore } from "./exchange.ts";
import type { KeySource } from "./file_cipher.ts";
import { createProtection, type TemplateProtection } from "./protect.ts";
import { qualityDefects, type QualityGate, resolveGate } from "./quality.ts";
import type { Enrolment, Identification, SearchRates } from "./result.ts";
import { checkIdentity, type GalleryCount, type GalleryStore, type PutMode } from "./store.ts";
import { fmrForFpir, type ThresholdAt } from "./threshold.ts";

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
  /** Thresholds for false match rates, of `openThresholds`; without it each search needs a threshold. */
  readonly thresholdAt?: ThresholdAt;
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
 * const thresholdAt = await openThresholds();
 * await using gallery = createGallery({ store: createMemoryStore(), verifier, thresholdAt });
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
   * @returns That the template is stored, or why the photo was refused.
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
   * Says who a person is, or that nobody enrolled looks like them (open-set identification).
   *
   * @param input A photo or a template.
   * @param options How many candidates, and how rare a false positive must be.
   * @returns The best identities and whether they reach the threshold; or that no face or several were found.
   * @throws {InvalidArgumentError} If an option is out of its range, or the rate asks for more than was measured.
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
    const search = Promise.all([this.store.search([template], k), this.store.count()]);
    const [[found], { templates }] = await unlessAborted(search, photo.signal);
    const rule = this.#rule({ fpir, threshold }, templates, face);
    const candidates = found.map((candidate) => ({
      ...candidate,
      decision: candidate.score >= rule.threshold ? "match" as const : "no-match" as const,
    }));
    const kind = candidates[0]?.decision === "match" ? "identified" : "unknown";
    return { kind, candidates, ...rule, templates, face };
  }

  /** The number of identities and templates. */
  count(): Promise<GalleryCount> {
    return this.store.count();
  }

  /** The identities with their number of templates, in no particular order. */
  async *identities(): AsyncGenerator<{ identity: string; templates: number }, void, void> {
    for await (const { identity, templates } of this.store.entries()) {
      yield { identity, templates: templates.length };
    }
  }

  /** The gallery as lines of text; see {@linkcode exportStore}. */
  export(): AsyncGenerator<string, void, void> {
    return exportStore(this.store);
  }

  /** Puts exported lines into the gallery; see {@linkcode importStore}. By default beside what is there. */
  import(
    lines: AsyncIterable<string> | Iterable<string>,
    mode: PutMode = "add",
  ): Promise<GalleryCount> {
    return importStore(this.store, lines, mode);
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
    { gate, ...photo }: EnrolOptions,
    mode: PutMode,
  ): Promise<Enrolment> {
    const identity = checkIdentity(name);
    const made = await this.#template(input, photo);
    if (made.kind !== "template") return made;
    const { template, face } = made;
    if (face) {
      const defects = qualityDefects(face, resolveGate(this.#options.gate ?? {}, gate ?? {}));
      if (defects.length > 0) return { kind: "refused", identity, defects, face };
    }
    // From here on it is stored: an answer that may be wrong would be worse than one that comes later.
    photo.signal?.throwIfAborted();
    await this.store.put([{ identity, templates: [template] }], mode);
    return { kind: "enrolled", identity, face };
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

  #rule(
    { fpir, threshold }: Pick<IdentifyOptions, "fpir" | "threshold">,
    templates: number,
    face: EmbeddedFace | undefined,
  ): { threshold: number; rates?: SearchRates } {
    if (threshold !== undefined) {
      if (fpir === undefined && threshold >= -1 && threshold <= 1) return { threshold };
      throw new InvalidArgumentError(
        `Cannot use threshold ${threshold} with FPIR ${fpir ?? "unset"}: ` +
          `give a cosine between -1 and 1, or a FPIR, not both`,
      );
    }
    const { thresholdAt } = this.#options;
    if (!thresholdAt) {
      throw new InvalidArgumentError(
        "Cannot decide as this gallery has no measured thresholds: give createGallery thresholdAt of " +
          "openThresholds, or give a threshold",
      );
    }
    // References that came past the gate wear no mask, unless it lets masks in.
    const lets = resolveGate(this.#options.gate ?? {}).maskStates;
    const reference = lets.every((state) => state === "none") ? BARE : undefined;
    const rates = { fpir: fpir ?? 0.01, fmr: fmrForFpir(fpir ?? 0.01, templates) };
    return { threshold: thresholdAt(rates.fmr, [face?.mask, reference]), rates };
  }
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
