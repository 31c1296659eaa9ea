// What a verification experiment is told by: the metrics of the field, each with its 95% interval.
// Terms of ISO/IEC 19795-1. verification_report.ts measures them.

import type { Separability } from "./moments.ts";
import type { ErrorPoint } from "./roc.ts";

/**
 * How an interval was made: by resampling persons (percentiles), by the rule of three where no error was seen, with the
 * number of persons as the trials, or by Student's t over the folds.
 */
export type IntervalMethod = "bootstrap" | "rule-of-three" | "folds";

/** A metric with its 95% interval. */
export interface Estimate {
  /** The metric on the scores at hand. */
  readonly value: number;
  /** The interval; absent if bootstrap was not asked for or the data has too few persons. */
  readonly interval?: readonly [number, number];
  /** How the interval was made. */
  readonly method?: IntervalMethod;
}

/** The true match rate at a false match rate. */
export interface TarAtFmr {
  /** The false match rate that is not exceeded. */
  readonly fmr: number;
  /** The lowest threshold that does not exceed it. */
  readonly threshold: number;
  /** Share of genuine comparisons that match there. */
  readonly tar: Estimate;
}

/** The error rates at a threshold that was not chosen on these scores. */
export interface RatesAtThreshold {
  /** Score from which on a comparison matches. */
  readonly threshold: number;
  /** Share of impostor comparisons that match. */
  readonly fmr: Estimate;
  /** Share of genuine comparisons that do not match. */
  readonly fnmr: Estimate;
}

/** A point of the DET curve with the interval of its FNMR. */
export interface BandPoint {
  /** The false match rate that is not exceeded. */
  readonly fmr: number;
  /** The lowest false non-match rate there, and its interval. */
  readonly fnmr: Estimate;
}

/** What {@linkcode verificationReport} finds. */
export interface VerificationMetrics {
  /** How many comparisons and persons there were. */
  readonly counts: {
    /** Genuine comparisons. */
    readonly genuine: number;
    /** Impostor comparisons. */
    readonly impostor: number;
    /** Persons in them. */
    readonly persons: number;
    /** Genuine comparisons that could not be made (failures to acquire): they count as no match. */
    readonly genuineNotCompared: number;
    /** Impostor comparisons that could not be made: they count as no match. */
    readonly impostorNotCompared: number;
  };
  /** Equal error rate, where the line between neighbouring operating points has FMR = FNMR. */
  readonly eer: Estimate;
  /** The threshold of the equal error rate. */
  readonly eerThreshold: number;
  /** Lowest FNMR with FMR <= 1%; absent if there are fewer than 100 impostor comparisons. */
  readonly fmr100?: Estimate;
  /** Lowest FNMR with FMR <= 0.1%; absent if there are fewer than 1000 impostor comparisons. */
  readonly fmr1000?: Estimate;
  /** Lowest FNMR without any false match. */
  readonly zeroFmr: Estimate;
  /** Area under the ROC curve, ties counted half. */
  readonly auc: Estimate;
  /** True match rate at each rate asked for that the number of impostor comparisons supports. */
  readonly tarAtFmr: readonly TarAtFmr[];
  /** Error rates at each threshold asked for. */
  readonly atThresholds: readonly RatesAtThreshold[];
  /** Accuracy over folds with exact thresholds; absent with fewer than two folds. */
  readonly accuracy?: Estimate & { readonly deviation: number };
  /** Accuracy as in the released code; absent with fewer than two folds. */
  readonly releasedAccuracy?: Estimate & { readonly deviation: number };
  /** VAL@FAR 0.001 as insightface's; absent if there are fewer than two folds, or one lacks a kind of scores. */
  readonly valAtFar?: Estimate & { readonly deviation: number; readonly far: number };
  /** Means, FDR and d' of the comparisons that could be made; absent if there are none of a kind. */
  readonly separability?: Separability;
  /** Operating points for ROC and DET plots. */
  readonly curve: readonly ErrorPoint[];
  /** FNMR with intervals at false match rates in equal steps of the logarithm, for bands around the curves. */
  readonly band: readonly BandPoint[];
}

/** Options of {@linkcode verificationReport}. */
export interface ReportOptions {
  /** False match rates of `tarAtFmr`; by default 0.01, 0.001 and 0.0001. */
  readonly rates?: readonly number[];
  /** Thresholds of `atThresholds`, such as those a model was calibrated to; by default none. */
  readonly thresholds?: readonly number[];
  /**
   * Bootstrap replicates; 0 for none. By default 1000, or as many as 200 million weighted scores make, but at least 100.
   */
  readonly replicates?: number;
  /** Seed of the bootstrap; by default 1. */
  readonly seed?: number;
  /** The most points of `curve`; by default 1000. */
  readonly points?: number;
}
