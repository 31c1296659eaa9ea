// What a model's thresholds promise, made of its manifest entry: group by group as a table and a plot (docs/promise.md), and
// across all people (docs/scores.md).
//   deno task promise

import type { GroupCalibration, MaskSituation } from "../../model/calibration.ts";
import { type ModelEntry, parseManifest } from "../../model/manifest.ts";
import { calibrationsOf } from "../../pipeline/score/decide.ts";
import { fmrAtScore } from "../../pipeline/score/fmr.ts";
import { thresholdForBound, thresholdForGroups } from "../../pipeline/score/groups.ts";
import { drawing, type PlotOptions } from "./drawing.ts";
import { lineStyle } from "./legend.ts";

/** The rate whose thresholds are shown. */
const FMR = 0.001;

const SITUATIONS: Record<MaskSituation, string> = {
  none: "neither masked",
  one: "one masked",
  both: "both masked",
};

/** The groups of each situation with the threshold that holds for all. */
function measured(entry: ModelEntry): {
  situation: string;
  threshold: number;
  worst: string;
  fnmr?: number;
  groups: readonly GroupCalibration[];
}[] {
  return Object.entries(calibrationsOf(entry, false)).flatMap(([name, { worst }]) => {
    if (!worst) return [];
    const { threshold, groups, fnmr } = thresholdForGroups(worst, FMR, entry.name);
    const situation = SITUATIONS[name as MaskSituation];
    return [{ situation, threshold, worst: groups.worst, fnmr, groups: worst.groups }];
  });
}

/**
 * The table: for each group, how many people and pairs, how often pairs match at the threshold for all groups, and which
 * threshold the group alone would need.
 */
export function promiseTable(entry: ModelEntry): string {
  const percent = (rate: number): string => `${Number((100 * rate).toPrecision(2))}%`;
  const lines = measured(entry).flatMap(({ situation, threshold, worst, fnmr, groups }) => {
    const missed = fnmr === undefined ? "" : `, FNMR ${percent(fnmr)}`;
    return groups.map((group, i) => {
      const { fmr, interval, bound } = fmrAtScore(group, threshold);
      const alone = thresholdForBound(group.curve, FMR)?.toFixed(3) ?? "";
      const head = i === 0 ? `${situation}: threshold ${threshold.toFixed(4)}${missed}` : "";
      const rate = bound === "below" ? `below ${percent(interval[1])}` : percent(fmr);
      return `| ${head} | ${
        group.name === worst ? `**${group.name}**` : group.name
      } | ${group.people} | ` +
        `${group.impostors} | ${rate} | ${percent(interval[1])} | ${alone} |`;
    });
  });
  return [
    "| Situation | Group (worst in bold) | People | Pairs | Match | At most (95%) | Threshold alone |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** The thresholds of cosines across all people, as they were measured. */
export function pooledTable({ calibration }: ModelEntry): string {
  const percent = (rate: number): string => `${Number((100 * rate).toPrecision(3))}%`;
  const kinds = [["single (default)", calibration?.single], [
    "`--mirror`",
    calibration?.mirrored,
  ]] as const;
  const lines = kinds.flatMap(([kind, situations]) =>
    Object.entries(situations ?? {}).flatMap(([situation, { points }]) =>
      points.map(({ fmr, threshold, measuredFmr, interval: [low, high], fnmr }) =>
        `| ${kind} | ${situation === "none" ? "neither" : situation} | ${fmr} | ${threshold} | ` +
        `${percent(measuredFmr)} (${percent(low)} to ${percent(high)}) | ${percent(fnmr)} |`
      )
    )
  );
  return [
    "| Templates | Masked | FMR aimed at | Threshold | FMR measured (95%) | FNMR |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** The plot: the upper end of each group's false match rate over the threshold, a panel for each situation. */
export async function promisePlot(entry: ModelEntry): Promise<string> {
  const { Plot, draw } = await drawing();
  const parts = measured(entry);
  const names = [...new Set(parts.flatMap(({ groups }) => groups.map(({ name }) => name)))];
  const points = parts.flatMap(({ situation, groups }) =>
    groups.flatMap(({ name, curve }) =>
      curve.map(([score, , , high]) => ({ situation, name, score, high }))
    )
  );
  const legend = names.map((label, i) => ({ label, ...lineStyle(i) }));
  const options = {
    width: 900,
    // The names of the panels stand below the legend.
    marginTop: 20,
    x: { label: "Threshold", domain: [0.1, 0.7] },
    y: {
      type: "log",
      // The page says what it is; there is no room for it beside the legend.
      label: null,
      ticks: [1e-4, 1e-3, 1e-2, 1e-1],
      tickFormat: (rate: number) => `${Number((100 * rate).toPrecision(2))}%`,
      domain: [3e-5, 0.1],
      grid: true,
    },
    fx: { label: null, domain: Object.values(SITUATIONS) },
    marks: [
      ...legend.map(({ label, color, dash }) =>
        Plot.line(points.filter(({ name }) => name === label), {
          x: "score",
          y: "high",
          fx: "situation",
          stroke: color,
          strokeDasharray: dash,
          clip: true,
        })
      ),
      Plot.ruleY([FMR], { strokeDasharray: "4 3" }),
      Plot.ruleX(parts, { x: "threshold", fx: "situation" }),
    ],
  } satisfies PlotOptions;
  return draw(options, legend, 300);
}

if (import.meta.main) {
  const root = new URL("../../../", import.meta.url);
  const text = await Deno.readTextFile(new URL("models/manifest.json", root));
  const { student } = parseManifest(text);
  const begin = "<!-- table: written by `deno task promise` -->", end = "<!-- /table -->";
  const pages = [["promise", promiseTable(student)], ["scores", pooledTable(student)]];
  for (const [name, table] of pages) {
    const page = new URL(`docs/${name}.md`, root);
    const [head, rest] = (await Deno.readTextFile(page)).split(begin);
    await Deno.writeTextFile(page, `${head}${begin}\n\n${table}\n\n${end}${rest.split(end)[1]}`);
  }
  await Deno.writeTextFile(new URL("docs/promise.svg", root), await promisePlot(student));
}
