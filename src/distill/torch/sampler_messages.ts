// What the samplers and the trainers with torch say to each other.

import type { DataOptions } from "../data/data.ts";
import type { DrawnPairs, PairOptions } from "../data/pairs.ts";

/** What a sampler must know once. */
export type SamplerSetup =
  & {
    /** Folder of the shards. */
    readonly data: string;
    /** Samples of a step. */
    readonly batch: number;
  }
  & (
    | {
      /** Samples of the student's training. */
      readonly kind: "samples";
      /** How samples are drawn. */
      readonly samples: DataOptions;
    }
    | {
      /** Pairs of the detector's training. */
      readonly kind: "pairs";
      /** How pairs are drawn. */
      readonly pairs: PairOptions;
    }
  );

/** Some samples of a step: `from` to `to`, not included. */
export interface SampleRange {
  /** Which step, from 0. */
  readonly step: number;
  /** The first sample. */
  readonly from: number;
  /** Behind the last sample. */
  readonly to: number;
}

/** To a sampler: its setup, then range after range. */
export type ToSampler =
  | { readonly kind: "setup"; readonly setup: SamplerSetup }
  | { readonly kind: "draw"; readonly range: SampleRange };

/** Samples as they go to torch. */
export interface DrawnSamples {
  /** `[n, 112, 112, 3]` RGB grey levels. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** `[n, templateSize]`: the teacher's templates of the clean crops. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** The identity of each sample, -1 where it is not known. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** The fixed centre of each sample, see `centreTable`. */
  readonly classes: Int32Array<ArrayBuffer>;
}

/** What a sampler draws by its setup. */
export type Drawn = DrawnSamples | DrawnPairs;

/** From a sampler: that it is ready, samples, or why it cannot go on. */
export type FromSampler =
  | { readonly kind: "ready" }
  | { readonly kind: "drawn"; readonly samples: Drawn }
  | { readonly kind: "error"; readonly message: string };
