// `evaluate <dataset>`: metrics of models in masked and unmasked scenarios, as a table and as a report in a folder.
// Ctrl-C stops it; the same command goes on where it was, as templates are kept.

import { DATASET_KINDS } from "../evaluate/dataset/dataset.ts";
import { openDataset } from "../evaluate/dataset/open.ts";
import {
  COLUMNS,
  describeRun,
  resultLabel,
  showInterval,
  showValue,
} from "../evaluate/report/text.ts";
import { writeReport } from "../evaluate/report/write.ts";
import { evaluate } from "../evaluate/run/evaluate.ts";
import type { Evaluation } from "../evaluate/run/evaluation.ts";
import { PROTOCOLS, SCENARIOS } from "../evaluate/run/protocol.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import {
  DATASET,
  MODEL_OPTIONS,
  modelChoices,
  readRunOptions,
  RUN_OPTIONS,
  stoppable,
} from "./evaluate_options.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const evaluateCommand: Command = {
  name: "evaluate",
  takes: DATASET,
  options: [
    ...MODEL_OPTIONS,
    {
      kind: "choices",
      name: "scenarios",
      value: "uu,um,mm",
      of: SCENARIOS,
      help: `of ${SCENARIOS.join(", ")} (uu,um,mm)`,
    },
    {
      kind: "choices",
      name: "protocol",
      value: "name",
      of: PROTOCOLS,
      help: `of ${PROTOCOLS.join(", ")} (corrected)`,
    },
    { kind: "folder", name: "report", help: "write report.html, .md, .json and plots there" },
    { kind: "whole", name: "limit", min: 1, help: "most pairs per scenario (all)" },
    {
      kind: "flag",
      name: "mirror",
      help: "add the mirror image's template in the corrected protocol too",
    },
    {
      kind: "flag",
      name: "count-missing",
      help: "count photos that are not there as failures to acquire",
    },
    {
      kind: "flag",
      name: "no-images",
      with: ["report"],
      help: "no pictures of pairs in the report",
    },
    ...RUN_OPTIONS,
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [path] = args.operands;
  const scenarios = args.choices("scenarios", SCENARIOS) ?? (["uu", "um", "mm"] as const);
  const protocols = args.choices("protocol", PROTOCOLS) ?? (["corrected"] as const);
  const models = modelChoices(args);
  const report = args.text("report"), limit = args.number("limit");
  using dataset = await openDataset(path, {
    kind: args.choice("kind", DATASET_KINDS),
    seed: args.number("seed"),
    countMissing: args.flag("count-missing"),
  });
  const options = await readRunOptions(args, terminal, dataset);
  return await stoppable(terminal, options, async (signal) => {
    const evaluation = await evaluate(dataset, models, {
      ...options,
      signal,
      scenarios,
      protocols,
      mirror: args.flag("mirror"),
      pictures: report !== undefined && !args.flag("no-images"),
      ...(limit !== undefined && { limit }),
    });
    terminal.progress("");
    const command = `maskinv evaluate ${commandLine(args)}`;
    const files = report === undefined ? [] : await writeReport(evaluation, report, { command });
    if (args.flag("json")) terminal.out(JSON.stringify(summaryOf(evaluation)));
    else printTable(evaluation, terminal);
    if (files.length > 0) terminal.err(`Report: ${files[0]}`);
    return 0;
  });
}

/** The options that the report should tell, in a form that can be run again. */
function commandLine(args: Arguments): string {
  const texts = evaluateCommand.options.flatMap(({ kind, name }) => {
    if (kind === "flag") return args.flag(name) ? [`--${name}`] : [];
    const text = args.given(name);
    return text === undefined ? [] : [`--${name} ${text}`];
  });
  return [...args.operands, ...texts].join(" ");
}

function printTable(evaluation: Evaluation, terminal: Terminal): void {
  for (const result of evaluation.results) {
    const cells = COLUMNS.filter((column) => column.of(result.metrics)).map((column) => {
      const interval = showInterval(column, result.metrics);
      return `${column.head} ${showValue(column, result.metrics)}${interval && ` (${interval})`}`;
    });
    terminal.out(`${resultLabel(result)}: ${cells.join("  ")}`);
  }
  for (const line of describeRun(evaluation)) terminal.out(line);
}

/** What scripts want: no curves, scores or pictures. */
function summaryOf(evaluation: Evaluation): object {
  const results = evaluation.results.map(({ model, scenario, protocol, mirrored, metrics }) => {
    const { curve: _curve, band: _band, ...headline } = metrics;
    return { model, scenario, protocol, mirrored, ...headline };
  });
  return { ...evaluation, results };
}
