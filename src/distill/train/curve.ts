// The curve of a training as SVG: losses on a logarithmic axis, and the cosines of the validations.

import type { LogLine, StepLine, ValidationLine } from "./log.ts";

const WIDTH = 900, HEIGHT = 320, LEFT = 60, RIGHT = 20, TOP = 30, BOTTOM = 40;

interface Line {
  readonly label: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Draws a log. */
export function drawCurve(log: readonly LogLine[]): string {
  const steps = log.filter((line): line is StepLine => "loss" in line);
  const found = log.filter((line): line is ValidationLine => "validation" in line);
  const last = Math.max(1, ...log.map(({ step }) => step));
  const part = (name: keyof StepLine["loss"]): [number, number][] =>
    smooth(steps.map(({ step, loss }) => [step, loss[name] ?? 0]))
      .filter(([, value]) => value > 0).map(([step, value]) => [step, Math.log10(value)]);
  const cosines = (name: keyof ValidationLine["validation"]): [number, number][] =>
    found.flatMap(({ step, validation: { [name]: value } }) =>
      value === undefined ? [] : [[step, value]]
    );
  const losses: Line[] = [
    { label: "loss (log10)", color: "#333", points: part("total") },
    { label: "templates (MSE)", color: "#1668b8", points: part("templates") },
    { label: "identities (cross entropy)", color: "#c2571a", points: part("classes") },
    { label: "centres (cross entropy)", color: "#c2571a", points: part("centres") },
    { label: "relational", color: "#2a8a3e", points: part("relational") },
  ];
  const quality: Line[] = [
    { label: "cosine masked, median", color: "#1668b8", points: cosines("maskedMedian") },
    { label: "cosine clean, median", color: "#2a8a3e", points: cosines("cleanMedian") },
    { label: "TAR at FMR 1%", color: "#c2571a", points: cosines("tar") },
    { label: "TAR at FMR 0.1%", color: "#e0a030", points: cosines("tar1000") },
    { label: "the same, bare", color: "#808080", points: cosines("bareTar1000") },
    { label: "EER", color: "#a02c6f", points: cosines("eer") },
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${2 * HEIGHT}" ` +
    `font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n` +
    `${panel(losses, last, 0)}\n${panel(quality, last, HEIGHT)}\n</svg>\n`;
}

function panel(lines: readonly Line[], last: number, top: number): string {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const values = drawn.flatMap(({ points }) => points.map(([, y]) => y));
  const low = Math.min(...values, Infinity), high = Math.max(...values, -Infinity);
  if (!(low <= high)) return "";
  const span = high - low || 1;
  const x = (step: number): string => (LEFT + step / last * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string =>
    (top + HEIGHT - BOTTOM - (value - low) / span * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = low + share * span, step = Math.round(share * last);
    return `<text x="${LEFT - 8}" y="${y(value)}" text-anchor="end">${value.toFixed(2)}</text>` +
      `<text x="${x(step)}" y="${top + HEIGHT - 20}" text-anchor="middle">${step}</text>` +
      `<path d="M${LEFT} ${y(value)}H${WIDTH - RIGHT}" stroke="#ddd"/>`;
  });
  const curves = drawn.map(({ label, color, points }, i) => {
    const path = points.map(([step, value], j) => `${j === 0 ? "M" : "L"}${x(step)} ${y(value)}`);
    return `<path d="${path.join("")}" fill="none" stroke="${color}" stroke-width="1.5"/>` +
      `<text x="${LEFT + 10 + 200 * i}" y="${top + 18}" fill="${color}">${label}</text>`;
  });
  return [...ticks, ...curves].join("\n");
}

/** Means of so many neighbours that at most 300 points remain. */
function smooth(points: readonly [number, number][]): [number, number][] {
  const width = Math.ceil(points.length / 300) || 1;
  return Array.from({ length: Math.ceil(points.length / width) }, (_, i) => {
    const part = points.slice(i * width, (i + 1) * width);
    return [part[0][0], part.reduce((sum, [, y]) => sum + y, 0) / part.length];
  });
}
