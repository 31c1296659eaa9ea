// The table of hardware in docs/devices.md, from files of `deno task bench:gpu` alone, between two comments that mark its place.

import type { GpuResult, Measurement } from "./result.ts";

const BEGIN = "<!-- hardware: written by `deno task bench:gpu --write file.json ...` -->";
const END = "<!-- /hardware -->";

/** The text with the table between its markers; an error if it has none. */
export function replaceTable(text: string, results: readonly GpuResult[]): string {
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot write the table as the text lacks the lines ${BEGIN} and ${END}`);
  }
  return `${text.slice(0, begin + BEGIN.length)}\n\n${table(results)}\n${text.slice(end)}`;
}

/** A row for each task, a column for each machine: WebGPU's time, wasm's, and how many times faster WebGPU is. */
export function table(results: readonly GpuResult[]): string {
  const tasks = new Map<string, Measurement>();
  for (const measurement of results.flatMap(({ measurements }) => measurements)) {
    tasks.set(keyOf(measurement), measurement);
  }
  const rows = [...tasks].sort(([, a], [, b]) => compare(a, b)).map(([key]) => [
    key,
    ...results.map(({ measurements }) => {
      const found = measurements.find((measurement) => keyOf(measurement) === key);
      return found ? cell(found) : "";
    }),
  ]);
  const head = ["", ...results.map(title)];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("") + `\n${results.map(origin).join("\n")}\n`;
}

const ORDER = ["verify", "embedAll", "1:N", "mask overlay"];

function compare(a: Measurement, b: Measurement): number {
  const place = ({ task }: Measurement): number =>
    ORDER.findIndex((start) => task.startsWith(start));
  return place(a) - place(b) || a.count - b.count;
}

function keyOf({ task, count }: Measurement): string {
  return count === 1 ? task : `${task}: ${count.toLocaleString("en")}`;
}

function cell({ webgpu, wasm, bytes }: Measurement): string {
  const rate = bytes ? `, ${(bytes / webgpu.median / 1e6).toFixed(1)} GB/s` : "";
  const ratio = (wasm.median / webgpu.median).toPrecision(2);
  return `${time(webgpu.median)}${rate}; wasm ${time(wasm.median)} (${Number(ratio)}x)`;
}

function time(milliseconds: number): string {
  return milliseconds < 10
    ? `${milliseconds.toFixed(1)} ms`
    : milliseconds < 10_000
    ? `${milliseconds.toFixed(0)} ms`
    : `${(milliseconds / 1000).toFixed(0)} s`;
}

function title({ adapter, small }: GpuResult): string {
  const notes = [adapter.software ? "software" : "", small ? "small" : ""].filter(Boolean);
  return adapter.name.replaceAll("|", "/") + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}

function origin({ adapter, date, machine, versions }: GpuResult): string {
  const { system, cores, load } = machine;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `- ${adapter.name}: ${date.slice(0, 10)}, ${system}, ${cores} cores, load ${
    load.toFixed(1)
  }; ${list}`;
}
