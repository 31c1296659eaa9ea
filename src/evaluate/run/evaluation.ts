// What an evaluation is made of when it is done: metrics of each model in each scenario, and what they were measured on.
// report/ turns it into pages and files.

import type { LeftOutFile } from "../dataset/dataset.ts";
import type { DatasetKind } from "../dataset/dataset.ts";
import type { VerificationMetrics } from "../metrics.ts";
import type { LabelledScores } from "../scores.ts";
import type { MaskKind } from "../../mask/kinds.ts";
import type { Failure, RunFacts } from "./template_table.ts";
import type { Protocol, Scenario } from "./protocol.ts";

/** A pair that went wrong, or nearly did. */
export interface WorstPair {
  /** The probe as the data set calls it. */
  readonly probe: string;
  /** The reference. */
  readonly reference: string;
  /** Comparison score. */
  readonly score: number;
  /** Both faces as small JPEG pictures in `data:` URLs, if pictures were asked for. */
  readonly pictures?: readonly [string, string];
}

/** A model in a scenario. */
export interface ScenarioResult {
  /** The model's label. */
  readonly model: string;
  /** Which photos wear masks. */
  readonly scenario: Scenario;
  /** By whose rules. */
  readonly protocol: Protocol;
  /** Whether templates have the mirror image's added. */
  readonly mirrored: boolean;
  /** The metrics. */
  readonly metrics: VerificationMetrics;
  /** The scores behind them, fold by fold. */
  readonly folds: readonly LabelledScores[];
  /** Pairs that went most wrong. */
  readonly worst: {
    /** Genuine pairs with the lowest scores. */
    readonly genuine: readonly WorstPair[];
    /** Impostor pairs with the highest scores. */
    readonly impostor: readonly WorstPair[];
  };
}

/** What `evaluate` gives. */
export interface Evaluation {
  /** The data set. */
  readonly dataset: {
    /** Its name. */
    readonly name: string;
    /** How it was read. */
    readonly kind: DatasetKind;
    /** Photos in it. */
    readonly images: number;
    /** Pairs in its list. */
    readonly pairs: number;
    /** Pairs per scenario that were asked for, if not all. */
    readonly limit?: number;
    /** Whether its photos are aligned crops. */
    readonly aligned: boolean;
    /** Files that are no photos; their comparisons are left out. */
    readonly leftOut?: readonly LeftOutFile[];
  };
  /** The models. */
  readonly models: readonly {
    /** What results call it. */
    readonly label: string;
    /** SHA-256 of its file. */
    readonly sha256: string;
    /** Numbers in a template. */
    readonly dim: number;
  }[];
  /** The masks: their style and seed; `"real"` where the photos themselves have masks. */
  readonly masks: {
    readonly style: "ours" | "maskinv" | "real";
    readonly seed: number;
    /** The only kind that was applied, if there was one. */
    readonly kind?: MaskKind;
  };
  /** A result per protocol, scenario and model. */
  readonly results: readonly ScenarioResult[];
  /** Samples without a template or without their mask. */
  readonly failures: readonly Failure[];
  /** What the run took. */
  readonly run: RunFacts;
}
