// A report as one page that needs nothing beside it: plots, tables, and the pairs that went most wrong.
// Names come from outside (files, folders, CSV) and are escaped wherever they are put in.

import { counted } from "../../base/counted.ts";
import type { Evaluation, ScenarioResult, WorstPair } from "../run/evaluation.ts";
import { escapeHtml } from "./escape.ts";
import { describeFindings } from "./findings.ts";
import { resultLabel } from "./labels.ts";
import type { ReportOrigin } from "./origin.ts";
import type { ReportPlot } from "./plots.ts";
import { COLUMNS, describeRun, NOTES, showInterval, showValue } from "./text.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem;
  background: Canvas; color: CanvasText; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
p { max-width: 60rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: Canvas; }
td small { display: block; opacity: .65; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .4rem; }
svg { max-width: 100%; height: auto; }
.found { font-size: 1.15rem; font-weight: 600; }
figcaption small { display: block; font-weight: 400; opacity: .75; }
.origin th, .origin td { white-space: normal; text-align: left; vertical-align: top; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
.pair { background: var(--soft); border-radius: .5rem; padding: .6rem; overflow-wrap: anywhere; }
.pair img { width: 48%; border-radius: .3rem; } .pair small { display: block; opacity: .75; }
code { background: var(--soft); padding: .1rem .3rem; border-radius: .2rem; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0; }
`;

/** The page. */
export function htmlReport(
  evaluation: Evaluation,
  plots: readonly ReportPlot[],
  origin: ReportOrigin,
  command?: string,
): string {
  const { results, dataset } = evaluation;
  const title = `Evaluation on ${dataset.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="found">${escapeHtml(describeFindings(evaluation))}</p>
${describeRun(evaluation).map((text) => `<p>${escapeHtml(text)}</p>`).join("\n")}
<h2>Metrics</h2>
<div class="wide">${table(results)}</div>
${NOTES.map((note) => `<p><small>${escapeHtml(note)}</small></p>`).join("\n")}
<h2>Plots</h2>
<div class="plots">${plots.map(figure).join("\n")}</div>
<h2>Pairs that went most wrong</h2>
${results.map(worst).join("\n")}
${failures(evaluation)}
${reproduce(origin, command)}
</body>
</html>
`;
}

function table(results: readonly ScenarioResult[]): string {
  const columns = COLUMNS.filter((column) => results.some(({ metrics }) => column.of(metrics)));
  const head = columns.map(({ head, help }) =>
    `<th title="${escapeHtml(help)}">${escapeHtml(head)}</th>`
  );
  const rows = results.map((result) => {
    const cells = columns.map((column) =>
      `<td>${showValue(column, result.metrics)}<small>${
        showInterval(column, result.metrics)
      }</small></td>`
    );
    const { genuine, impostor, genuineNotCompared, impostorNotCompared } = result.metrics.counts;
    const failed = genuineNotCompared + impostorNotCompared;
    return `<tr><td>${escapeHtml(resultLabel(result))}</td>${cells.join("")}` +
      `<td>${genuine} + ${impostor}<small>${failed} not made</small></td></tr>`;
  });
  return `<table><thead><tr><th></th>${head.join("")}` +
    `<th title="genuine + impostor">comparisons</th></tr></thead><tbody>${
      rows.join("")
    }</tbody></table>`;
}

function figure({ title, note, svg }: ReportPlot): string {
  const small = note ? `<small>${escapeHtml(note)}</small>` : "";
  return `<figure><figcaption>${escapeHtml(title)}${small}</figcaption>${svg}</figure>`;
}

function reproduce(origin: ReportOrigin, command?: string): string {
  const rows = Object.entries(origin).map(([name, value]) =>
    `<tr><th>${escapeHtml(name)}</th><td><code>${escapeHtml(value)}</code></td></tr>`
  );
  return `<h2>To reproduce this report</h2>${
    command ? `<p><code>${escapeHtml(command)}</code></p>` : ""
  }<table class="origin"><tbody>${rows.join("")}</tbody></table>`;
}

function worst(result: ScenarioResult): string {
  const list = (what: string, pairs: readonly WorstPair[]): string =>
    `<h4>${what}</h4><div class="pairs">${pairs.map(pair).join("")}</div>`;
  return `<details><summary>${escapeHtml(resultLabel(result))}</summary>${
    list("Genuine pairs with the lowest scores", result.worst.genuine)
  }${list("Impostor pairs with the highest scores", result.worst.impostor)}</details>`;
}

function pair({ probe, reference, score, pictures }: WorstPair): string {
  const images = (pictures ?? []).filter((url) => url !== "")
    .map((url) => `<img src="${escapeHtml(url)}" alt="">`).join(" ");
  return `<div class="pair">${images}<small>score ${score.toFixed(3)}</small>` +
    `<small>${escapeHtml(probe)}<br>${escapeHtml(reference)}</small></div>`;
}

/** At most this many failures are listed; the JSON file has them all. */
const MAX_LISTED = 200;

function failures({ failures }: Evaluation): string {
  if (failures.length === 0) return "";
  const lines = failures.slice(0, MAX_LISTED).map(({ photo, masked, kind, message }) =>
    `<li>${escapeHtml(`${photo}${masked ? ", masked" : ""}: ${message ?? kind}`)}</li>`
  );
  const more = failures.length > MAX_LISTED
    ? `<p>and ${failures.length - MAX_LISTED} more</p>`
    : "";
  return `<h2>Failures</h2><details><summary>${counted(failures.length, "sample")}</summary><ul>${
    lines.join("")
  }</ul>${more}</details>`;
}
