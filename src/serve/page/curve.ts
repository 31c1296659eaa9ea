// The curve of the false match rate over the threshold, as measured, with the score and the threshold marked on it.
/// <reference lib="dom" />

import type { CurvePoint } from "../../model/calibration.ts";

const HEIGHT = 240, LEFT = 116, RIGHT = 16, TOP = 14, BOTTOM = 42;

/** The thresholds that the slider and the plot show. */
export const SHOWN: readonly [number, number] = [0, 0.7];

/** Draws the curve; a mark that is not there is left out, one beyond the border stands on it. */
export function drawCurve(
  svg: SVGSVGElement,
  curve: readonly CurvePoint[],
  marks: { readonly threshold?: number; readonly score?: number },
): void {
  // Drawn at the size it has, so that its text is as large as the page's.
  const width = Math.max(280, Math.round(svg.getBoundingClientRect().width));
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const rates = curve.map(([, fmr]) => fmr);
  const top = Math.ceil(Math.log10(Math.max(...rates))),
    low = Math.floor(Math.log10(Math.min(...rates)));
  const x = (score: number): number => {
    const part = (score - SHOWN[0]) / (SHOWN[1] - SHOWN[0]);
    return LEFT + Math.min(1, Math.max(0, part)) * (width - LEFT - RIGHT);
  };
  const y = (fmr: number): number =>
    TOP + (top - Math.log10(fmr)) / Math.max(1, top - low) * (HEIGHT - TOP - BOTTOM);
  const parts: SVGElement[] = [];
  for (let power = top; power >= low; power--) {
    const at = y(10 ** power);
    parts.push(element("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    const text = power === 0 ? "1 in 1" : `1 in ${(10 ** -power).toLocaleString("en")}`;
    parts.push(element("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, text));
  }
  for (let score = SHOWN[0]; score <= SHOWN[1] + 1e-9; score += 0.1) {
    const at = { x: x(score), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" };
    parts.push(element("text", at, score.toFixed(1)));
  }
  const middle = { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" };
  parts.push(element("text", middle, "threshold (comparison score)"));
  const points = curve.filter(([score]) => score >= SHOWN[0] && score <= SHOWN[1])
    .map(([score, fmr]) => `${x(score)},${y(fmr)}`).join(" ");
  parts.push(element("polyline", { class: "line", points }));
  if (marks.threshold !== undefined) {
    const at = x(marks.threshold);
    const line = { class: "threshold-mark", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM };
    parts.push(element("line", line));
  }
  if (marks.score !== undefined) {
    const place = { class: "score-mark", cx: x(marks.score), cy: HEIGHT - BOTTOM, r: 7 };
    // Towards the middle, so that no end of the label is beyond the border.
    const anchor = place.cx > width / 2 ? "end" : "start";
    const label = { x: place.cx, y: place.cy - 14, "text-anchor": anchor };
    parts.push(element("circle", place), element("text", label, `score ${marks.score.toFixed(3)}`));
  }
  svg.replaceChildren(svg.querySelector("title")!, ...parts);
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
