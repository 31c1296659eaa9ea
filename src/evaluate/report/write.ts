// Writes a report to a folder: one page for people, and the same as Markdown, JSON and SVG files for what comes after.

import { asWriteError } from "../../base/write_error.ts";
import type { Evaluation } from "../run/evaluation.ts";
import { htmlReport } from "./html.ts";
import { markdownReport } from "./markdown.ts";
import { describeFindings } from "./findings.ts";
import { resultLabel } from "./labels.ts";
import { originOf, type ReportOrigin } from "./origin.ts";
import { drawPlots } from "./plots.ts";

/** Options of {@linkcode writeReport}. */
export interface ReportFileOptions {
  /** The command line that makes it again, to be told at the report's end. */
  readonly command?: string;
}

/**
 * Writes `report.html` (self-contained), `report.md`, `report.json` (metrics, curves, failures; no scores, no pictures)
 * and an SVG file per plot.
 *
 * @param evaluation What `evaluate` gave.
 * @param folder Where to; made if it is missing.
 * @param options See {@linkcode ReportFileOptions}.
 * @returns The paths of the files.
 * @throws {WriteError} If the folder cannot be written to.
 *
 * @example
 * ```ts
 * import { evaluate, openDataset, writeReport } from "@maskinv/maskinv/evaluate";
 *
 * const folder = await Deno.makeTempDir(), photos = `${Deno.cwd()}/tests/photos`;
 * await Deno.writeTextFile(`${folder}/pairs.csv`, `probe,reference,genuine
 * ${photos}/collins.jpg,${photos}/collins_crop.jpg,true
 * ${photos}/collins.jpg,${photos}/hopper.jpg,false`);
 * using dataset = await openDataset(`${folder}/pairs.csv`);
 * const evaluation = await evaluate(dataset, [{ label: "student", name: "student" }]);
 * const [page] = await writeReport(evaluation, `${folder}/report`);
 * console.log(page.endsWith("report.html")); // true
 * ```
 */
export async function writeReport(
  evaluation: Evaluation,
  folder: string,
  options: ReportFileOptions = {},
): Promise<string[]> {
  const { results } = evaluation, { command } = options;
  const plots = await drawPlots(results), origin = await originOf(evaluation);
  const files: [string, string][] = [
    ["report.html", htmlReport(evaluation, plots, origin, command)],
    ["report.md", markdownReport(evaluation, origin, command)],
    ["report.json", jsonReport(evaluation, origin, command)],
    ...plots.map(({ name, svg }): [string, string] => [`${name}.svg`, svg]),
  ];
  const { mkdir, writeFile } = await import("node:fs/promises");
  try {
    await mkdir(folder, { recursive: true });
    const written = files.map(async ([name, text]) => {
      await writeFile(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    });
    return await Promise.all(written);
  } catch (error) {
    throw asWriteError(folder, error);
  }
}

/** Everything but scores and pictures. */
function jsonReport(evaluation: Evaluation, origin: ReportOrigin, command?: string): string {
  const results = evaluation.results.map((result) => {
    const { folds: _folds, worst, ...rest } = result;
    const bare = worst.genuine.concat(worst.impostor).map(({ pictures: _pictures, ...pair }) =>
      pair
    );
    return {
      label: resultLabel(result),
      ...rest,
      worst: {
        genuine: bare.slice(0, worst.genuine.length),
        impostor: bare.slice(worst.genuine.length),
      },
    };
  });
  const found = describeFindings(evaluation);
  return `${JSON.stringify({ found, command, origin, ...evaluation, results }, null, 1)}\n`;
}
