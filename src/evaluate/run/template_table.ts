// What a run has found out: templates by model, kind and sample, what went wrong, and what it took.
// collect.ts fills it; scores are computed from it.

import type { TemplateKind } from "./embedder.ts";
import type { Sample } from "./protocol.ts";

/** A sample without a template, or without the mask planned for it. */
export interface Failure {
  /** The photo as the data set calls it. */
  readonly photo: string;
  /** Whether a mask was planned for it. */
  readonly masked: boolean;
  /** `no-face` and `error` are failures to acquire; `bare` was compared without the mask, as no mesh was found for it. */
  readonly kind: "no-face" | "error" | "bare";
  /** What was wrong with the file, for `error`. */
  readonly message?: string;
}

/** What the making of templates took. */
export interface RunFacts {
  /** The device that computed. */
  readonly device: "webgpu" | "wasm";
  /** Samples (photos in a state) that were asked for. */
  readonly samples: number;
  /** Of them, how many were embedded in this run by at least one model. */
  readonly embedded: number;
  /** Seconds that embedding took, decoding and masks included. */
  readonly seconds: number;
  /** Share of the time that was spent in the networks; on wasm only, where it can be seen. */
  readonly networkShare?: number;
}

/** Templates of samples, by model and kind. */
export class TemplateTable {
  readonly #rows: Map<string, Float32Array>[][];
  readonly #kinds: readonly TemplateKind[];
  /** What went wrong, in the order of the photos. */
  readonly failures: Failure[] = [];

  constructor(models: number, kinds: readonly TemplateKind[]) {
    this.#kinds = kinds;
    this.#rows = Array.from({ length: models }, () => kinds.map(() => new Map()));
  }

  /** The template of a sample, if there is one. */
  get(model: number, kind: TemplateKind, sample: Sample): Float32Array | undefined {
    return this.#rows[model][this.#kinds.indexOf(kind)].get(sampleKey(sample));
  }

  /** Adds a template. */
  set(model: number, kind: TemplateKind, sample: Sample, embedding: Float32Array): void {
    this.#rows[model][this.#kinds.indexOf(kind)].set(sampleKey(sample), embedding);
  }
}

/** Names a sample. */
export function sampleKey({ image, mask }: Sample): string {
  return mask ? `${image} ${JSON.stringify(mask)}` : `${image}`;
}
