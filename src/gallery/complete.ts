// Normalisations of a gallery's templates from what is stored, so that galleries from before there were any, and templates
// that were made elsewhere, are compared as all others. Templates under a gallery's protection are scored with the cohort
// under the same rotation, which keeps every cosine.

import { TemplateMismatchError } from "../base/errors.ts";
import type { Cohort } from "../model/cohort.ts";
import { normalizationsOf } from "../pipeline/score/normalize.ts";
import { type Normalization, Template } from "../pipeline/score/template.ts";
import { originOf } from "./model_check.ts";
import { Product } from "./product.ts";
import type { TemplateProtection } from "./protect.ts";
import type { GalleryStore } from "./store.ts";

/** Asks for the protection of templates of a size; `undefined` if the gallery has none. */
export type ProtectionSource = (size: number) => Promise<TemplateProtection | undefined>;

/** Normalises the templates of one gallery. */
export class Completer {
  readonly #cohort: Cohort;
  readonly #protection: ProtectionSource;
  #rotated: Promise<Float32Array> | undefined;

  constructor(cohort: Cohort, protection: ProtectionSource) {
    this.#cohort = cohort;
    this.#protection = protection;
  }

  /** Whether templates of a model are of the cohort's network. */
  fits(model: string): boolean {
    return originOf({ model }).sha256 === this.#cohort.entry.network;
  }

  /**
   * A template with its normalisation.
   *
   * @throws {TemplateMismatchError} If it is protected by a key that the gallery lacks.
   */
  async normalize(template: Template): Promise<Template> {
    if (template.normalization?.cohort === this.#cohort.entry.sha256) return template;
    await using product = new Product(this.#cohort.size);
    const [made] = await this.#normalizations([template], product);
    return new Template(template.embedding, template.model, made);
  }

  /**
   * Completes the templates of a store; returns how many had to be. Those of another network are left: a search says so.
   *
   * @throws {TemplateMismatchError} If they are protected by a key that the gallery lacks.
   */
  async complete(store: GalleryStore): Promise<number> {
    const held = await store.model();
    if (!held || !this.fits(held.model) || held.size !== this.#cohort.size) return 0;
    await using product = new Product(held.size);
    return await store.complete(
      this.#cohort.entry.sha256,
      (templates) => this.#normalizations(templates, product),
    );
  }

  async #normalizations(
    templates: readonly Template[],
    product: Product,
  ): Promise<Normalization[]> {
    const { size } = this.#cohort, values = new Float32Array(templates.length * size);
    templates.forEach(({ embedding }, i) => values.set(embedding, i * size));
    const rows = await this.#rows(templates[0].model);
    return normalizationsOf(await product.scores(values, rows), this.#cohort);
  }

  /** The cohort as the templates of a model are: rotated if they are. */
  async #rows(model: string): Promise<Float32Array> {
    const { rows, size } = this.#cohort, { keyId } = originOf({ model });
    if (keyId === undefined) return rows;
    const protection = await this.#protection(size);
    if (protection?.keyId !== keyId) {
      throw new TemplateMismatchError(
        `Cannot normalise templates that are protected by the key with the number ${keyId}: give that ` +
          `protection key, or compare cosines (normalize "none")`,
      );
    }
    this.#rotated ??= Promise.resolve(rotated(this.#cohort, protection));
    return await this.#rotated;
  }
}

function rotated({ rows, size, entry }: Cohort, protection: TemplateProtection): Float32Array {
  const out = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += size) {
    const row = new Template(rows.subarray(start, start + size), entry.network);
    out.set(protection.protect(row).embedding, start);
  }
  return out;
}
