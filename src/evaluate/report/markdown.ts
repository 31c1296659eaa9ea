// A report as Markdown: for a README, an issue, a paper's appendix.

import type { Evaluation, ScenarioResult } from "../run/evaluation.ts";
import { describeFindings } from "./findings.ts";
import { resultLabel } from "./labels.ts";
import type { ReportOrigin } from "./origin.ts";
import { COLUMNS, describeRun, NOTES, showInterval, showValue } from "./text.ts";

/** The report without plots. */
export function markdownReport(
  evaluation: Evaluation,
  origin: ReportOrigin,
  command?: string,
): string {
  const { results, dataset } = evaluation;
  const columns = COLUMNS.filter((column) => results.some(({ metrics }) => column.of(metrics)));
  const head = ["", ...columns.map(({ head }) => head), "genuine", "impostor"];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  const row = (result: ScenarioResult): string =>
    line([
      resultLabel(result),
      ...columns.map((column) => {
        const interval = showInterval(column, result.metrics);
        return showValue(column, result.metrics) + (interval && ` (${interval})`);
      }),
      String(result.metrics.counts.genuine),
      String(result.metrics.counts.impostor),
    ]);
  return [
    `# Evaluation on ${cell(dataset.name)}`,
    `**${cell(describeFindings(evaluation))}**`,
    ...describeRun(evaluation).map(cell),
    [line(head), `|${" --- |".repeat(head.length)}`, ...results.map(row)].join("\n"),
    ...NOTES,
    "## To reproduce this report",
    ...(command ? [`\`${command.replaceAll("`", "'")}\``] : []),
    Object.entries(origin).map(([name, value]) => `- ${cell(name)}: ${cell(value)}`).join("\n"),
  ].join("\n\n") + "\n";
}

/** Text that cannot break out of its cell or become markup. */
function cell(text: string): string {
  return text.replace(/[\\|<>`*_[\]]/g, "\\$&").replace(/\s+/g, " ");
}
