// What the trainer and its workers say to each other.

import type { DataOptions } from "../data/data.ts";
import type { LossOptions } from "../loss/loss.ts";
import type { LossValues, SampleTemplates, TrainingDevice } from "./gradient.ts";

/** What a worker must know once. */
export interface WorkerSetup {
  /** Folder of the shards. */
  readonly data: string;
  /** How samples are drawn. */
  readonly samples: DataOptions;
  /** Name of the student. */
  readonly network: string;
  /** Numbers of its templates, if they are not the network's own. */
  readonly templateSize?: number;
  /** The ONNX file of an `edgenext`. */
  readonly graph?: Uint8Array<ArrayBuffer>;
  /** Learnt centres. */
  readonly identities: number;
  /** What is minimised. */
  readonly loss: LossOptions;
  /** Samples per step over all workers. */
  readonly batch: number;
  /** The part of the batch that this worker does: samples `from` to `to`, not included. */
  readonly from: number;
  /** See `from`. */
  readonly to: number;
  /** Where to compute. */
  readonly device: TrainingDevice;
}

/**
 * To a worker: its setup, then step after step with the parameters. A loss that looks at the whole batch needs the
 * templates of all its samples before.
 */
export type ToWorker =
  | { readonly kind: "setup"; readonly setup: WorkerSetup }
  | {
    readonly kind: "step";
    readonly step: number;
    readonly parameters: Float32Array<ArrayBuffer>;
    /** What the other workers' samples are. */
    readonly others?: SampleTemplates;
  }
  | {
    readonly kind: "templates";
    readonly step: number;
    readonly parameters: Float32Array<ArrayBuffer>;
  };

/** From a worker: that it is ready, its share of a step, or why it cannot go on. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "templates"; readonly samples: SampleTemplates }
  | {
    readonly kind: "gradient";
    readonly losses: LossValues;
    readonly gradient: Float32Array<ArrayBuffer>;
    /** Milliseconds that the samples took. */
    readonly loading: number;
    /** Milliseconds that the gradient took. */
    readonly computing: number;
  }
  | { readonly kind: "error"; readonly message: string };
