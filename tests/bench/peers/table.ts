// The tables of the README: made from results.json alone, between two comments that mark their place.

import type { Measured, PeerAccuracy, Share } from "./accuracy.ts";
import { PEERS } from "./install.ts";
import type { Times } from "./timing.ts";

/** What the benchmark has measured so far. */
export interface Results {
  times?: Times;
  accuracy: Record<string, PeerAccuracy>;
}

const BEGIN = "<!-- peers: written by `deno task bench:peers --write` -->", END = "<!-- /peers -->";

/** The text with the tables between its markers; an error if it has none, or if peers saw different pairs. */
export function replaceTables(text: string, results: Results): string {
  const counts = Object.entries(results.accuracy).map(([name, { pairs }]) => `${name} ${pairs}`);
  if (new Set(Object.values(results.accuracy).map(({ pairs }) => pairs)).size > 1) {
    throw new Error(
      `Cannot write the tables as the peers saw different numbers of pairs (${
        counts.join(", ")
      }): ` +
        `run those that differ again with the same --step`,
    );
  }
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot write the tables as README.md lacks the lines ${BEGIN} and ${END}`);
  }
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables(results)}\n${text.slice(end)}`;
}

/** Both tables with what stands under them, as Markdown. */
export function tables(results: Results): string {
  return [timeTable(results.times), accuracyTable(results.accuracy)].filter(Boolean).join("\n");
}

function timeTable(times: Times | undefined): string {
  if (!times) return "";
  const { maskinv } = times.peers;
  const measured = PEERS.filter(({ name }) => times.peers[name]);
  const rows = measured.map(({ name, title }) => {
    const { warm, processor, cold, memory, size } = times.peers[name];
    const against = (value: number, own: number | undefined): string =>
      own && name !== "maskinv" ? ` (${(value / own).toFixed(2)}x)` : "";
    return [
      title,
      `${warm.toFixed(0)} ms${against(warm, maskinv?.warm)}`,
      `${processor.toFixed(0)} ms${against(processor, maskinv?.processor)}`,
      `${(cold / 1000).toFixed(2)} s${against(cold, maskinv?.cold)}`,
      `${memory.toFixed(0)} MB${against(memory, maskinv?.memory)}`,
      `${size.toFixed(0)} MB${against(size, maskinv?.size)}`,
    ];
  });
  return markdown([
    [
      "Peer",
      "Warm verify",
      "Its processor time",
      "Cold start to the first score",
      "Peak memory",
      "Installed",
    ],
    ...rows,
  ]) +
    `\nIn brackets: times maskinv's. ${times.date}, ${times.machine}, median of ${times.rounds} rounds in turn.\n`;
}

function accuracyTable(accuracy: Record<string, PeerAccuracy>): string {
  const measured = PEERS.filter(({ name }) => accuracy[name]);
  if (measured.length === 0) return "";
  const { maskinv } = accuracy;
  const rows = (["clean", "masked"] as const).flatMap((situation) =>
    measured.map(({ name, title }, i) => {
      const result = accuracy[name][situation];
      const own = name !== "maskinv" ? maskinv?.[situation] : undefined;
      const ratio = own ? ` (${errors(result, own)}x the errors)` : "";
      return [
        i > 0 ? "" : situation === "clean" ? "unmasked" : "probe masked",
        title,
        withInterval(result.accuracy) + ratio,
        withInterval(result.eer),
        withInterval(result.tar),
        `${result.failures} of ${result.photos}`,
      ];
    })
  );
  const pairs = Object.values(accuracy)[0].pairs.toLocaleString("en");
  return markdown([
    [`LFW, ${pairs} pairs`, "Peer", "10-fold accuracy", "EER", "TAR@FMR 1e-2", "No face found"],
    ...rows,
  ]);
}

function errors({ accuracy }: Measured, own: Measured): string {
  return ((1 - accuracy.value) / (1 - own.accuracy.value)).toFixed(1);
}

function withInterval({ value, interval }: Share): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}`;
  return interval
    ? `${percent(value)}% (${percent(interval[0])} to ${percent(interval[1])})`
    : `${percent(value)}%`;
}

/** Rows as a Markdown table whose columns are as wide as `deno fmt` makes them. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |\n`;
  const [head, ...body] = rows;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + body.map(line).join("");
}
