// The plots of a report as SVG text, by Observable Plot on a document without a browser.
// Loaded only when a report is written. Lines and texts take the page's colour, so that they fit light and dark.

import { NOT_COMPARED } from "../scores.ts";
import type { ScenarioResult } from "../run/evaluation.ts";
import { resultLabel } from "./text.ts";

type Plot = typeof import("npm:@observablehq/plot@0.6.17");
type Marks = NonNullable<NonNullable<Parameters<Plot["plot"]>[0]>["marks"]>;

/** A plot and what it shows. */
export interface ReportPlot {
  /** File name without its end. */
  readonly name: string;
  /** What it shows, in words. */
  readonly title: string;
  /** The drawing. */
  readonly svg: string;
}

/** Colours that can be told apart by the colour-blind and on white as well as on black (Okabe and Ito). */
const COLORS = ["#0f8fd6", "#e07b00", "#00a077", "#c86aa2", "#b8a200", "#d1495b", "#7a7fd6"];

/** The colours of the results, in their order; after seven they begin again. */
export function plotColors(count: number): string[] {
  return Array.from({ length: count }, (_, i) => COLORS[i % COLORS.length]);
}

/** All plots of a report. */
export async function drawPlots(results: readonly ScenarioResult[]): Promise<ReportPlot[]> {
  const Plot = await import("npm:@observablehq/plot@0.6.17");
  const { parseHTML } = await import("npm:linkedom@0.18.15");
  // The types of a browser's document are not at hand outside of one.
  const page: unknown = parseHTML("<!doctype html><html><body></body></html>");
  const { document } = page as { readonly document: never };
  const draw = (options: Parameters<Plot["plot"]>[0]): string => {
    const svg = Plot.plot({
      ...options,
      document,
      style: { background: "transparent", overflow: "visible" },
    });
    // A file of its own needs the name space; in a page it does no harm.
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    svg.setAttribute("role", "img");
    return svg.outerHTML;
  };
  const labels = results.map(resultLabel);
  const color = { domain: labels, range: plotColors(labels.length) };
  const histograms = results.map((result, i): ReportPlot => ({
    name: `scores-${i + 1}`,
    title: `Scores of impostor (red) and genuine (blue) pairs, EER threshold dashed: ${labels[i]}`,
    svg: draw(histogram(Plot, result)),
  }));
  return [
    {
      name: "det",
      title: "DET: false non-match rate over false match rate, 95% intervals",
      svg: draw({ ...detAxes(results), color, marks: curves(Plot, results, (fnmr) => fnmr) }),
    },
    {
      name: "roc",
      title: "ROC: true match rate over false match rate, 95% intervals",
      svg: draw({ ...rocAxes(results), color, marks: curves(Plot, results, (fnmr) => 1 - fnmr) }),
    },
    ...histograms,
  ];
}

const SIZE = { width: 620, height: 420, marginLeft: 60, marginBottom: 44 };

/** The least rate that a plot shows: half a comparison of the largest experiment. */
function leastRate(results: readonly ScenarioResult[], kind: "genuine" | "impostor"): number {
  return 0.5 / Math.max(...results.map(({ metrics }) => metrics.counts[kind]));
}

function fmrAxis(results: readonly ScenarioResult[]): object {
  return {
    type: "log",
    domain: [leastRate(results, "impostor"), 1],
    label: "False match rate",
    grid: true,
    tickFormat: rate,
    ticks: 6,
  };
}

function detAxes(results: readonly ScenarioResult[]): object {
  const domain = [leastRate(results, "genuine"), 1];
  const label = "False non-match rate";
  return {
    ...SIZE,
    x: fmrAxis(results),
    y: { type: "log", domain, label, grid: true, tickFormat: rate, ticks: 6 },
  };
}

function rocAxes(results: readonly ScenarioResult[]): object {
  const worst = Math.max(
    ...results.flatMap(({ metrics }) => metrics.band.map((p) => p.fnmr.value)),
  );
  const least = Math.max(0, Math.min(0.9, Math.floor(10 * (1 - worst)) / 10));
  return {
    ...SIZE,
    x: fmrAxis(results),
    y: { domain: [least, 1], label: "True match rate", grid: true },
  };
}

/** Steps of the operating points, with a band where the interval of the FNMR is known. */
function curves(
  Plot: Plot,
  results: readonly ScenarioResult[],
  toY: (fnmr: number) => number,
): Marks {
  const leastX = leastRate(results, "impostor"), leastY = leastRate(results, "genuine");
  const y = (fnmr: number): number => toY(Math.max(leastY, fnmr));
  return results.flatMap((result) => {
    const stroke = resultLabel(result), { metrics } = result;
    const band = metrics.band.flatMap(({ fmr, fnmr: { interval } }) =>
      interval
        ? [{ x: Math.max(leastX, fmr), low: y(interval[0]), high: y(interval[1]), stroke }]
        : []
    );
    const line = metrics.curve.map(({ fmr, fnmr }) => ({
      x: Math.max(leastX, fmr),
      y: y(fnmr),
      stroke,
    }));
    return [
      Plot.areaY(band, {
        x: "x",
        y1: "low",
        y2: "high",
        fill: "stroke",
        fillOpacity: 0.16,
        clip: true,
      }),
      Plot.line(line, {
        x: "x",
        y: "y",
        stroke: "stroke",
        strokeWidth: 1.8,
        curve: "step-after",
        clip: true,
      }),
    ];
  });
}

/** Shares of genuine and impostor scores in 60 bins; comparisons that could not be made are left out. */
function histogram(Plot: Plot, result: ScenarioResult): Parameters<Plot["plot"]>[0] {
  const BINS = 60, kinds = ["impostor", "genuine"] as const;
  const bars = kinds.flatMap((kind) => {
    const counts = new Array<number>(BINS).fill(0);
    let all = 0;
    for (const fold of result.folds) {
      for (const score of fold[kind]) {
        if (score === NOT_COMPARED) continue;
        counts[Math.min(BINS - 1, Math.max(0, Math.floor((score + 1) / 2 * BINS)))]++;
        all++;
      }
    }
    return counts.map((count, i) => ({
      low: 2 * i / BINS - 1,
      high: 2 * (i + 1) / BINS - 1,
      share: count / Math.max(1, all),
      kind,
    }));
  }).filter(({ share }) => share > 0);
  return {
    ...SIZE,
    height: 220,
    x: { domain: [-0.6, 1], label: "Comparison score" },
    y: {
      label: "Share of comparisons",
      grid: true,
      tickFormat: (value: number) => `${Number((100 * value).toPrecision(3))}%`,
    },
    color: { domain: [...kinds], range: [COLORS[5], COLORS[0]] },
    marks: [
      // Not rectY, which would stack the two kinds.
      Plot.rect(bars, {
        x1: "low",
        x2: "high",
        y1: 0,
        y2: "share",
        fill: "kind",
        fillOpacity: 0.6,
        insetRight: 0.5,
        clip: true,
      }),
      Plot.ruleX([result.metrics.eerThreshold], { strokeDasharray: "4 3" }),
      Plot.ruleY([0]),
    ],
  };
}

function rate(value: number): string {
  return value >= 0.001 ? String(value) : value.toExponential(0);
}
