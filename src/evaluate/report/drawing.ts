// Observable Plot on a document without a browser: plots as SVG text. Loaded only when something is drawn.

type PlotModule = typeof import("@observablehq/plot");

/** Plot and what draws with it. */
export interface Drawing {
  readonly Plot: PlotModule;
  /** A plot as SVG text. */
  readonly draw: (options: Parameters<PlotModule["plot"]>[0]) => string;
}

/** Loads Plot and a document for it. */
export async function drawing(): Promise<Drawing> {
  const Plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  // The types of a browser's document are not at hand outside of one.
  const page: unknown = parseHTML("<!doctype html><html><body></body></html>");
  const { document } = page as { readonly document: never };
  return {
    Plot,
    draw: (options) => {
      const svg = Plot.plot({
        ...options,
        document,
        style: { background: "transparent", overflow: "visible" },
      });
      // A file of its own needs the name space; in a page it does no harm.
      svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      svg.setAttribute("role", "img");
      return svg.outerHTML;
    },
  };
}
