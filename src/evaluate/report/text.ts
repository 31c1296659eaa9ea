// Numbers and names as reports write them, in one place, so that page, Markdown and terminal agree.

import { describeLeftOut } from "../dataset/left_out.ts";
import type { Estimate, VerificationMetrics } from "../metrics.ts";
import type { Evaluation, ScenarioResult } from "../run/evaluation.ts";

/** A column of the table. */
export interface MetricColumn {
  /** Its head. */
  readonly head: string;
  /** What it says, in words. */
  readonly help: string;
  /** The metric, if the data supports it. */
  of(metrics: VerificationMetrics): Estimate | undefined;
  /** Whether the metric is a rate, shown in percent. */
  readonly percent: boolean;
}

const plain = (value: number | undefined): Estimate | undefined =>
  value === undefined ? undefined : { value };

/** The columns, in the field's order. */
export const COLUMNS: readonly MetricColumn[] = [
  { head: "EER", help: "equal error rate", percent: true, of: ({ eer }) => eer },
  {
    head: "FMR100",
    help: "lowest FNMR with FMR <= 1%",
    percent: true,
    of: ({ fmr100 }) => fmr100,
  },
  {
    head: "FMR1000",
    help: "lowest FNMR with FMR <= 0.1%",
    percent: true,
    of: ({ fmr1000 }) => fmr1000,
  },
  {
    head: "ZeroFMR",
    help: "lowest FNMR without a false match",
    percent: true,
    of: ({ zeroFmr }) => zeroFmr,
  },
  {
    head: "accuracy",
    help: "over folds, thresholds from the others",
    percent: true,
    of: ({ accuracy }) => accuracy,
  },
  {
    head: "accuracy (released)",
    help: "as the paper's code: squared distance, thresholds 0 to 4 by 0.01",
    percent: true,
    of: ({ releasedAccuracy }) => releasedAccuracy,
  },
  {
    head: "VAL@FAR 1e-3",
    help: "as insightface's calculate_val",
    percent: true,
    of: ({ valAtFar }) => valAtFar,
  },
  { head: "AUC", help: "area under the ROC curve", percent: true, of: ({ auc }) => auc },
  {
    head: "G-mean",
    help: "mean of genuine scores",
    percent: false,
    of: ({ separability }) => plain(separability?.genuineMean),
  },
  {
    head: "I-mean",
    help: "mean of impostor scores",
    percent: false,
    of: ({ separability }) => plain(separability?.impostorMean),
  },
  {
    head: "FDR",
    help: "Fisher discriminant ratio",
    percent: false,
    of: ({ separability }) => plain(separability?.fdr),
  },
  {
    head: "d'",
    help: "sensitivity index",
    percent: false,
    of: ({ separability }) => plain(separability?.dPrime),
  },
];

/** What tells a result from the others. */
export function resultLabel({ model, scenario, protocol, mirrored }: ScenarioResult): string {
  return `${model} ${scenario} ${protocol}${mirrored && protocol !== "released" ? " +mirror" : ""}`;
}

/** A value, `-` where the data does not support it. */
export function showValue({ percent, of }: MetricColumn, metrics: VerificationMetrics): string {
  const estimate = of(metrics);
  return estimate ? show(estimate.value, percent) : "-";
}

/** The interval, empty where there is none. */
export function showInterval({ percent, of }: MetricColumn, metrics: VerificationMetrics): string {
  const interval = of(metrics)?.interval;
  return interval ? `${show(interval[0], percent)} to ${show(interval[1], percent)}` : "";
}

function show(value: number, percent: boolean): string {
  return percent ? `${(100 * value).toFixed(2)}%` : value.toFixed(3);
}

/** What was evaluated, in sentences. */
export function describeRun({ dataset, masks, run, failures, models }: Evaluation): string[] {
  const count = (kind: string): number =>
    failures.filter((failure) => failure.kind === kind).length;
  const acquired = count("no-face") + count("error"), bare = count("bare");
  const masksAre = masks.style === "real"
    ? "as the photos have them"
    : masks.style === "ours"
    ? `drawn by maskinv, ${masks.kind ? `all of kind ${masks.kind}, ` : ""}seed ${masks.seed}`
    : `the paper's, seed ${masks.seed}`;
  return [
    `${dataset.name} (${dataset.kind}): ${dataset.images} photos, ${dataset.pairs} pairs` +
    `${dataset.limit === undefined ? "" : `, of which ${dataset.limit} were used`}` +
    `${
      dataset.aligned
        ? ", aligned crops embedded as they are"
        : ", from the photos through the whole pipeline"
    }. ` +
    `Masks: ${masksAre}.`,
    ...describeLeftOut(dataset.leftOut ?? []),
    `Failures to acquire: ${acquired} of ${run.samples} samples (a photo, or a photo with its mask); their ` +
    `comparisons count as no match. ${bare} photos showed no face mesh to fit a mask on and were compared without it.`,
    `Models: ${
      models.map(({ label, sha256, dim }) => `${label} (${sha256.slice(0, 12)}, ${dim} numbers)`)
        .join(", ")
    }. ` +
    `${run.embedded} samples embedded on ${run.device} in ${run.seconds.toFixed(0)} s` +
    `${
      run.networkShare === undefined
        ? ""
        : `, ${(100 * run.networkShare).toFixed(0)}% of it in the networks`
    }` +
    `${
      run.embedded > 0 ? `, ${(run.embedded / run.seconds).toFixed(1)} a second` : ""
    }; the rest was in the cache.`,
  ];
}

/** What columns and intervals mean. */
export const NOTES: readonly string[] = [
  "uu: neither photo masked; um: one masked; mm: both masked; listed: the pairs with their photos as they are. " +
  "corrected: exactly the probe is masked in um; released: as the paper's code, which masks both photos of the second " +
  "half of the pairs and adds the mirror image's template.",
  "Intervals are 95%: by resampling persons (bootstrap), by the rule of three where no error was seen, and by Student's " +
  "t over the folds for accuracies and VAL. Terms of ISO/IEC 19795-1.",
];
