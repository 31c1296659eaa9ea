// `evaluate <dataset>`: metrics of models in masked and unmasked scenarios, as a table and as a report in a folder.
// Ctrl-C stops it; the same command goes on where it was, as templates are kept.

import { DATASET_KINDS, type DatasetKind } from "../evaluate/dataset/dataset.ts";
import { openDataset } from "../evaluate/dataset/open.ts";
import { describeFindings } from "../evaluate/report/findings.ts";
import { resultLabel, SCENARIO_WORDS } from "../evaluate/report/labels.ts";
import { COLUMNS, describeRun, showInterval, showValue } from "../evaluate/report/text.ts";
import { writeReport } from "../evaluate/report/write.ts";
import { evaluate } from "../evaluate/run/evaluate.ts";
import type { Evaluation } from "../evaluate/run/evaluation.ts";
import {
  type Protocol,
  PROTOCOLS,
  type Scenario,
  SCENARIOS,
  scenariosOf,
} from "../evaluate/run/protocol.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { type Arguments, type Command, JSON_OPTION } from "./command.ts";
import {
  keptBy,
  MODEL_OPTIONS,
  modelChoices,
  readRunOptions,
  RUN_OPTIONS,
  stoppable,
} from "./evaluate_options.ts";
import type { Terminal } from "./terminal.ts";

const SCENARIO_HELP = SCENARIOS.map((name) => `${name}: ${SCENARIO_WORDS[name]}`).join(", ");

/** The command. */
export const evaluateCommand: Command = {
  name: "evaluate",
  usage: "evaluate [options] <dataset>",
  takes: [["data set", "data sets"], 1, 1],
  options: [
    ...MODEL_OPTIONS,
    {
      name: "scenarios",
      value: "uu,um,mm",
      help: `of ${SCENARIO_HELP} (those that the data set has)`,
    },
    { name: "protocol", value: "name", help: `of ${PROTOCOLS.join(", ")} (corrected)` },
    { name: "report", value: "folder", help: "write report.html, .md, .json and plots there" },
    { name: "limit", value: "n", help: "most pairs per scenario (all)" },
    { name: "mirror", help: "add the mirror image's template in the corrected protocol too" },
    { name: "no-images", help: "no pictures of pairs in the report" },
    ...RUN_OPTIONS,
    JSON_OPTION,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [path] = args.operands;
  const asked = listOf<Scenario | "">(args, "scenarios", SCENARIOS, [""]);
  const protocols = listOf<Protocol>(args, "protocol", PROTOCOLS, ["corrected"]);
  const models = modelChoices(args);
  const report = args.text("report"), limit = args.number("limit");
  const kind = listOf<DatasetKind | "">(args, "kind", DATASET_KINDS, [""])[0] || undefined;
  using dataset = await openDataset(path, { kind, seed: args.number("seed") });
  const scenarios = asked[0] === "" ? scenariosOf(dataset) : asked as readonly Scenario[];
  const options = await readRunOptions(args, terminal, dataset);
  return await stoppable(terminal, keptBy(options), async (signal) => {
    terminal.progress("loading models ...");
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
    const command = commandLine(args);
    const files = report === undefined ? [] : await writeReport(evaluation, report, { command });
    if (args.flag("json")) terminal.out(JSON.stringify(summaryOf(evaluation)));
    else printTable(evaluation, terminal);
    if (files.length > 0) terminal.err(`Report: ${files[0]}`);
    return 0;
  });
}

function listOf<T extends string>(
  args: Arguments,
  option: string,
  known: readonly string[],
  byDefault: readonly T[],
): readonly T[] {
  const names = args.text(option)?.split(",");
  const strange = names?.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new InvalidArgumentError(
      `There is no "${strange}" for --${option}: use ${known.join(", ")}`,
    );
  }
  return names as T[] | undefined ?? byDefault;
}

/** The command line that makes the report again. */
function commandLine(args: Arguments): string {
  const options = evaluateCommand.options.flatMap(({ name, value }) => {
    if (!value) return args.flag(name) ? [`--${name}`] : [];
    const text = args.text(name);
    return text === undefined ? [] : [`--${name}`, quoted(text)];
  });
  const words = ["deno run -A cli.ts evaluate", ...options, ...args.operands.map(quoted)];
  return words.join(" ");
}

/** A word as a POSIX shell takes it for one. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function printTable(evaluation: Evaluation, terminal: Terminal): void {
  terminal.out(describeFindings(evaluation));
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
