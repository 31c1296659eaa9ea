// Legends of plots, drawn into the SVG itself so that a file taken out of the report still says what its lines are.
// Results differ by colour and by dashes: curves that lie on each other can both be seen.

import { escapeHtml } from "./escape.ts";

/** How something is drawn, and what it is called. */
export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  /** Dashes of a line; none for a solid one. */
  readonly dash?: string;
  /** Whether it is an area. */
  readonly area?: boolean;
}

/** Colours that can be told apart by the colour-blind and on white as well as on black (Okabe and Ito). */
export const COLORS = ["#0f8fd6", "#e07b00", "#00a077", "#c86aa2", "#b8a200", "#d1495b", "#7a7fd6"];

/** Later lines are drawn over earlier ones and leave gaps through which these are seen. */
const DASHES = [undefined, "9 8", "3 6", "14 5 2 5", "5 11"];

/** The style of the result with a number; so many results that it repeats are told apart by no eye. */
export function lineStyle(index: number): Pick<LegendEntry, "color" | "dash"> {
  return { color: COLORS[index % COLORS.length], dash: DASHES[index % DASHES.length] };
}

const ROW = 20, SAMPLE = 34;

/** Room that a legend takes above its plot. */
export function legendHeight(entries: readonly LegendEntry[]): number {
  return ROW * entries.length + 16;
}

/** Puts a legend into the top margin of a plot. */
export function withLegend(svg: string, entries: readonly LegendEntry[], left: number): string {
  const rows = entries.map(({ label, color, dash, area }, i) => {
    const y = ROW * i + ROW / 2 + 2;
    const sample = area
      ? `<rect x="${left}" y="${y - 6}" width="${SAMPLE}" height="12" fill="${color}" ` +
        `fill-opacity="0.5" stroke="${color}"/>`
      : `<line x1="${left}" x2="${left + SAMPLE}" y1="${y}" y2="${y}" stroke="${color}" ` +
        `stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
    return `${sample}<text x="${left + SAMPLE + 8}" y="${y}" dy="0.35em" ` +
      `fill="currentColor" text-anchor="start">${escapeHtml(label)}</text>`;
  });
  return svg.replace(/<\/svg>\s*$/, `<g class="legend">${rows.join("")}</g></svg>`);
}
