// The plots of a report as SVG text, as ISO/IEC 19795-1 has them: DET on logarithmic axes, ROC, and the scores'
// distributions. Drawn by Observable Plot on a document without a browser, which is loaded only when a report is written.
// Lines and texts take the page's colour, so that they fit light and dark.

import type { ScenarioResult } from "../run/evaluation.ts";
import { distribution, scoreRange } from "./distribution.ts";
import { drawing, type PlotModule, type PlotOptions } from "./drawing.ts";
import { resultLabel } from "./labels.ts";
import { COLORS, lineStyle } from "./legend.ts";

type Marks = NonNullable<PlotOptions["marks"]>;

/** A plot and what it shows. */
export interface ReportPlot {
  /** File name without its end. */
  readonly name: string;
  /** What it shows, in words. */
  readonly title: string;
  /** How it is to be read. */
  readonly note?: string;
  /** The drawing. */
  readonly svg: string;
}

const Y_LABEL = 58, FRAME_HEIGHT = 360;

/** Names in the middle of their axes, and space that keeps lines on an edge whole. */
const AXIS = { labelAnchor: "center", labelArrow: "none", inset: 5 } as const;

/** All plots of a report. */
export async function drawPlots(results: readonly ScenarioResult[]): Promise<ReportPlot[]> {
  const { Plot, draw } = await drawing();
  const lines = results.map((result, i) => ({ label: resultLabel(result), ...lineStyle(i) }));
  const range = scoreRange(results);
  return [
    {
      name: "det",
      title: "DET: false non-match rate over false match rate",
      note: "Both axes logarithmic; bands are 95% intervals; on the dotted line both rates are " +
        "equal (EER). On the lower or left edge no error was seen.",
      svg: draw(detPlot(Plot, results), lines, FRAME_HEIGHT),
    },
    {
      name: "roc",
      title: "ROC: true match rate over false match rate",
      note: "Axis of the false match rate logarithmic; bands are 95% intervals. A system without " +
        "errors stays at 1.",
      svg: draw(rocPlot(Plot, results), lines, FRAME_HEIGHT),
    },
    ...results.map((result, i): ReportPlot => ({
      name: `scores-${i + 1}`,
      title: `Distribution of comparison scores: ${lines[i].label}`,
      svg: draw(distribution(Plot, result, range, Y_LABEL), [
        { label: "impostor comparisons", color: COLORS[5], area: true },
        { label: "genuine comparisons", color: COLORS[0], area: true },
        { label: "threshold of the equal error rate", color: "currentColor", dash: "4 3" },
      ], 220),
    })),
  ];
}

/** The least rate that a plot shows: half a comparison of the largest experiment. */
function leastRate(results: readonly ScenarioResult[], kind: "genuine" | "impostor"): number {
  return 0.5 / Math.max(...results.map(({ metrics }) => metrics.counts[kind]));
}

function rateAxis(minRate: number, label: string): NonNullable<PlotOptions["x"]> {
  const domain = [minRate, 1];
  return { ...AXIS, type: "log", domain, label, grid: true, tickFormat: rate, ticks: 6 };
}

function detPlot(Plot: PlotModule, results: readonly ScenarioResult[]): PlotOptions {
  const minRate = leastRate(results, "impostor"), lowest = leastRate(results, "genuine");
  const equal = [Math.max(minRate, lowest), 1];
  return {
    x: rateAxis(minRate, "False match rate (FMR)"),
    y: { ...rateAxis(lowest, "False non-match rate (FNMR)"), labelOffset: Y_LABEL },
    marks: [
      Plot.frame({ strokeOpacity: 0.3 }),
      Plot.line(equal, { x: equal, y: equal, strokeDasharray: "1 4", strokeOpacity: 0.7 }),
      // Rates of zero have no place on a logarithmic axis: they lie on its edge.
      ...curves(Plot, results, minRate, (fnmr) => Math.max(lowest, fnmr)),
    ],
  };
}

function rocPlot(Plot: PlotModule, results: readonly ScenarioResult[]): PlotOptions {
  const minRate = leastRate(results, "impostor");
  const drawn = results.flatMap(({ metrics }) => metrics.band);
  const worst = Math.max(...drawn.map(({ fnmr }) => fnmr.interval?.[1] ?? fnmr.value));
  const floor = Math.max(0, Math.min(0.9, Math.floor(10 * (1 - worst)) / 10));
  return {
    x: rateAxis(minRate, "False match rate (FMR)"),
    y: {
      ...AXIS,
      labelOffset: Y_LABEL,
      domain: [floor, 1],
      label: "True match rate (1 - FNMR)",
      grid: true,
      tickFormat: (value: number) => String(Number(value.toFixed(4))),
    },
    marks: [
      Plot.frame({ strokeOpacity: 0.3 }),
      ...curves(Plot, results, minRate, (fnmr) => 1 - fnmr),
    ],
  };
}

/** Steps of the operating points, over bands where the interval of the FNMR is known. */
function curves(
  Plot: PlotModule,
  results: readonly ScenarioResult[],
  minRate: number,
  y: (fnmr: number) => number,
): Marks {
  const bands = results.map(({ metrics }, i) => {
    const band = metrics.band.flatMap(({ fmr, fnmr: { interval } }) =>
      interval ? [{ x: Math.max(minRate, fmr), low: y(interval[0]), high: y(interval[1]) }] : []
    );
    const fill = lineStyle(i).color;
    return Plot.areaY(band, { x: "x", y1: "low", y2: "high", fill, fillOpacity: 0.13, clip: true });
  });
  const lines = results.map(({ metrics }, i) => {
    const { color, dash } = lineStyle(i);
    const line = metrics.curve.map(({ fmr, fnmr }) => ({ x: Math.max(minRate, fmr), y: y(fnmr) }));
    return Plot.line(line, {
      x: "x",
      y: "y",
      stroke: color,
      strokeWidth: 2.2,
      strokeDasharray: dash,
      curve: "step-after",
      clip: true,
    });
  });
  return [...bands, ...lines];
}

function rate(value: number): string {
  return value >= 0.001 ? String(value) : value.toExponential(0);
}
