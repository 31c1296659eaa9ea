// The distributions of genuine and impostor scores, as shares of the comparisons that could be made.

import type { ScenarioResult } from "../run/evaluation.ts";
import { NOT_COMPARED } from "../scores.ts";
import { COLORS } from "./legend.ts";

type Plot = typeof import("npm:@observablehq/plot@0.6.17");

const BINS = 60;

const CENTRED = { labelAnchor: "center", labelArrow: "none" } as const;

/** The scores that all plots of a report span, so that these can be compared: from the least to the greatest. */
export function scoreRange(results: readonly ScenarioResult[]): readonly [number, number] {
  let low = 1, high = -1;
  for (const { folds } of results) {
    for (const { genuine, impostor } of folds) {
      for (const scores of [genuine, impostor]) {
        for (const score of scores) {
          if (score === NOT_COMPARED) continue;
          low = Math.min(low, score);
          high = Math.max(high, score);
        }
      }
    }
  }
  return low < high ? [Math.floor(10 * low) / 10, Math.ceil(10 * high) / 10] : [-1, 1];
}

/** The options of the plot. */
export function distribution(
  Plot: Plot,
  { folds, metrics }: ScenarioResult,
  [low, high]: readonly [number, number],
  labelOffset: number,
): NonNullable<Parameters<Plot["plot"]>[0]> {
  const width = (high - low) / BINS;
  const areas = (["impostor", "genuine"] as const).flatMap((kind) => {
    const counts = new Array<number>(BINS).fill(0);
    let all = 0;
    for (const fold of folds) {
      for (const score of fold[kind]) {
        if (score === NOT_COMPARED) continue;
        counts[Math.min(BINS - 1, Math.max(0, Math.floor((score - low) / width)))]++;
        all++;
      }
    }
    const bars = counts.map((count, i) => ({
      low: low + i * width,
      high: low + (i + 1) * width,
      share: count / Math.max(1, all),
    }));
    const color = COLORS[kind === "impostor" ? 5 : 0];
    const outline = bars.flatMap(({ low, high, share }) => [[low, share], [high, share]]);
    return [
      Plot.rect(bars, { x1: "low", x2: "high", y1: 0, y2: "share", fill: color, fillOpacity: 0.4 }),
      Plot.line(outline, { stroke: color, strokeWidth: 1.5 }),
    ];
  });
  return {
    x: { domain: [low, high], label: "Comparison score", ...CENTRED },
    y: {
      ...CENTRED,
      labelOffset,
      label: "Share of comparisons",
      grid: true,
      ticks: 5,
      tickFormat: (value: number) => `${Number((100 * value).toPrecision(3))}%`,
    },
    marks: [
      ...areas,
      Plot.ruleX([metrics.eerThreshold], { strokeDasharray: "4 3", clip: true }),
      Plot.ruleY([0]),
    ],
  };
}
