// Observable Plot on a document without a browser: plots as SVG text. Loaded only when something is drawn.

import { type LegendEntry, legendHeight, withLegend } from "./legend.ts";

/** Observable Plot. */
export type PlotModule = typeof import("npm:@observablehq/plot@0.6.17");
/** What it draws. */
export type PlotOptions = NonNullable<Parameters<PlotModule["plot"]>[0]>;

/** Plot and what draws with it. */
export interface Drawing {
  readonly Plot: PlotModule;
  /** A plot as SVG text, with its legend above it; `height` is without the legend. */
  readonly draw: (options: PlotOptions, legend: readonly LegendEntry[], height: number) => string;
}

const WIDTH = 620, LEFT = 72;

/** Loads Plot and a document for it. */
export async function drawing(): Promise<Drawing> {
  const Plot = await import("npm:@observablehq/plot@0.6.17");
  const { parseHTML } = await import("npm:linkedom@0.18.15");
  // The types of a browser's document are not at hand outside of one.
  const page: unknown = parseHTML("<!doctype html><html><body></body></html>");
  const { document } = page as { readonly document: never };
  return {
    Plot,
    draw: (options, legend, height) => {
      const { marginTop: above = 0 } = options, marginTop = legendHeight(legend) + above;
      const svg = Plot.plot({
        width: WIDTH,
        marginLeft: LEFT,
        marginBottom: 48,
        marginRight: 28,
        ...options,
        height: height + marginTop,
        marginTop,
        document,
        style: { background: "transparent", overflow: "visible", fontSize: "13px" },
      });
      // A file of its own needs the name space; in a page it does no harm.
      svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      svg.setAttribute("role", "img");
      return withLegend(svg.outerHTML, legend, LEFT);
    },
  };
}
