// The curve of the false match rate over the threshold, as measured, with the score and the threshold marked on it.
/// <reference lib="dom" />

import type { CurvePoint } from "../../model/calibration.ts";

const HEIGHT = 240, LEFT = 116, RIGHT = 16, TOP = 14, BOTTOM = 42;

/** The thresholds that the slider spans, and the plot too unless a score is beyond them. */
export const SHOWN: readonly [number, number] = [0, 0.7];

/** What is marked on the curve. */
export interface CurveMarks {
  readonly threshold?: number;
  /** The score, and the false match rate that it would have as the threshold. */
  readonly score?: { readonly value: number; readonly fmr: number };
}

/** Draws the curve, dotted where nothing was measured; a mark that is not there is left out. */
export function drawCurve(
  svg: SVGSVGElement,
  curve: readonly CurvePoint[],
  { threshold, score }: CurveMarks,
): void {
  // Drawn at the size it has, so that its text is as large as the page's.
  const width = Math.max(280, Math.round(svg.getBoundingClientRect().width));
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const marked = [threshold, score?.value].filter((value) => value !== undefined);
  const from = Math.floor(10 * Math.min(SHOWN[0], ...marked)) / 10;
  const to = Math.ceil(10 * Math.max(SHOWN[1], ...marked)) / 10;
  const rates = curve.map(([, fmr]) => fmr);
  const top = Math.ceil(Math.log10(Math.max(...rates))),
    low = Math.floor(Math.log10(Math.min(...rates)));
  const x = (value: number): number => LEFT + (value - from) / (to - from) * (width - LEFT - RIGHT);
  const y = (fmr: number): number =>
    TOP + (top - Math.log10(fmr)) / Math.max(1, top - low) * (HEIGHT - TOP - BOTTOM);
  const parts: SVGElement[] = [];
  for (let power = top; power >= low; power--) {
    const at = y(10 ** power);
    parts.push(element("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    const text = power === 0 ? "1 in 1" : `1 in ${(10 ** -power).toLocaleString("en")}`;
    parts.push(element("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, text));
  }
  // A label takes 34 pixels.
  const step = Math.ceil((to - from) * 10 * 34 / (width - LEFT - RIGHT));
  for (let tenth = Math.round(10 * from); tenth <= Math.round(10 * to); tenth += step) {
    const at = { x: x(tenth / 10), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" };
    parts.push(element("text", at, (tenth / 10).toFixed(1)));
  }
  const middle = { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" };
  parts.push(element("text", middle, "threshold"));
  const inside = curve.filter(([value]) => value >= from && value <= to);
  const points = inside.map(([value, fmr]) => `${x(value)},${y(fmr)}`).join(" ");
  parts.push(element("polyline", { class: "line", points }));
  // Beyond the measured scores only a bound is known: the rate of the last one.
  const [first, last] = [inside[0], inside[inside.length - 1]];
  const beyond = (value: number, fmr: number, end: number): SVGElement =>
    element("line", { class: "beyond", x1: x(value), x2: x(end), y1: y(fmr), y2: y(fmr) });
  if (first && first === curve[0] && first[0] > from) parts.push(beyond(first[0], first[1], from));
  if (last && last[0] < to) parts.push(beyond(last[0], last[1], to));
  if (threshold !== undefined) {
    const at = x(threshold);
    const line = { class: "threshold-mark", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM };
    parts.push(element("line", line));
  }
  if (score) parts.push(...scoreMark(score.value, x(score.value), y(score.fmr), width));
  svg.replaceChildren(svg.querySelector("title")!, ...parts);
}

/** The dot on the curve and what it says, within the border; the curve falls, so that it is free to the upper right. */
function scoreMark(score: number, cx: number, cy: number, width: number): SVGElement[] {
  const label = cx > width / 2
    ? { x: cx, y: cy - 14, "text-anchor": "end" }
    : { x: cx + 12, y: Math.max(TOP + 2, cy - 8), "text-anchor": "start" };
  return [
    element("circle", { class: "score-mark", cx, cy, r: 7 }),
    element("text", { ...label, class: "score-text" }, `score ${score.toFixed(3)}`),
  ];
}

function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  text?: string,
): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, `${value}`);
  if (text !== undefined) made.textContent = text;
  return made;
}
