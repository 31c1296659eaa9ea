// The first line of a report: what was found, for readers who stop there.

import { counted } from "../../base/counted.ts";
import type { Evaluation, ScenarioResult } from "../run/evaluation.ts";
import { conditionLabel } from "./labels.ts";

/** False match rates to tell the true match rate at: the strictest that all results of a model support. */
const RATES = [1e-3, 1e-2];

/** A sentence per model. */
export function describeFindings({ dataset, models, results }: Evaluation): string {
  return models.map(({ label }) => {
    const found = results.filter(({ model }) => model === label);
    const pairs = Math.min(dataset.pairs, dataset.limit ?? Infinity);
    const rate = RATES.find((fmr) => found.every((result) => tarAt(result, fmr) !== undefined));
    const matches = rate === undefined ? "" : `at a false match rate of ${percent(rate)}, ` +
      `${listed(found, (result) => tarAt(result, rate))} of genuine pairs match; `;
    return `${label} on ${dataset.name} (${counted(pairs, "pair")}): ${matches}` +
      `the equal error rate is ${listed(found, ({ metrics }) => metrics.eer.value)}.`;
  }).join(" ");
}

function tarAt({ metrics }: ScenarioResult, fmr: number): number | undefined {
  return metrics.tarAtFmr.find((point) => point.fmr === fmr)?.tar.value;
}

/** A rate of each result, in words. */
function listed(
  results: readonly ScenarioResult[],
  of: (result: ScenarioResult) => number | undefined,
): string {
  const parts = results.map((result) =>
    `${percent(of(result) ?? NaN)} (${conditionLabel(result).replace(/ \((.*)\)$/, ", $1")})`
  );
  return parts.length < 2
    ? parts.join()
    : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

function percent(rate: number): string {
  return `${Number((100 * rate).toFixed(2))}%`;
}
