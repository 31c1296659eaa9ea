import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { writeReport } from "../../src/evaluate/mod.ts";
import { temporaryFolder } from "./dataset_fixtures.ts";
import { drawPlots } from "../../src/evaluate/report/plots.ts";
import { EVIL, perfectResults, someEvaluation } from "./some_evaluation.ts";

Deno.test("a report is a page by itself, with plots, numbers and escaped names", async () => {
  using folder = temporaryFolder();
  const evaluation = someEvaluation();
  const files = await writeReport(evaluation, folder.path, { command: EVIL });
  assertEquals(files.map((file) => file.replace(/.*\//, "")), [
    ...["report.html", "report.md", "report.json", "det.svg", "roc.svg"],
    ...["scores-1.svg", "scores-2.svg"],
  ]);
  const html = await Deno.readTextFile(files[0]);
  const parsed: unknown = parseHTML(html);
  const { document } = parsed as {
    document: {
      querySelectorAll(selector: string): {
        readonly length: number;
        [Symbol.iterator](): Iterator<{ textContent: string; getAttribute(name: string): string }>;
      };
    };
  };
  assertEquals(document.querySelectorAll("script").length, 0);
  assert(!html.includes("<script"));
  assertEquals(document.querySelectorAll("figure > svg").length, 4);
  assertEquals(document.querySelectorAll(".wide tbody tr").length, 2);
  const [name] = document.querySelectorAll("tbody td");
  assertEquals(name.textContent, `${EVIL}, one masked (with mirror images)`);
  const [found] = document.querySelectorAll("h1 + p");
  assertMatch(found.textContent, /false match rate of 0\.1%, \d+.*equal error rate is \d/);
  // What makes the report again is its end, for the shell as it was given.
  const [command, ...origin] = document.querySelectorAll("h2:last-of-type ~ * code");
  assertEquals(command.textContent, EVIL);
  assert(origin.some(({ textContent }) => textContent.includes(`Deno ${Deno.version.deno}`)));
  assert(origin.some(({ textContent }) => textContent === "0".repeat(64)));
  assertStringIncludes(html, `${(100 * evaluation.results[0].metrics.eer.value).toFixed(2)}%`);
  // Nothing is fetched: pictures are in the page, an empty one is left out.
  assertEquals(
    [...document.querySelectorAll("[src], [href]")].map((node) => node.getAttribute("src")),
    ["data:image/jpeg;base64,/9j/", "data:image/jpeg;base64,/9j/"],
  );
  for (const svg of files.filter((file) => file.endsWith(".svg"))) {
    const text = await Deno.readTextFile(svg);
    assert(text.startsWith("<svg") && text.includes('xmlns="http://www.w3.org/2000/svg"'), svg);
    assert(!text.includes("NaN") && !text.includes("Infinity"), svg);
  }
});

Deno.test("JSON has the metrics and no scores, Markdown a table of whole rows", async () => {
  using folder = temporaryFolder();
  const evaluation = someEvaluation();
  const [, md, json] = await writeReport(evaluation, folder.path);
  const read = JSON.parse(await Deno.readTextFile(json));
  assertEquals(read.results[0].metrics.eer.value, evaluation.results[0].metrics.eer.value);
  assertEquals([read.results[0].folds, read.results[0].worst.genuine[0].pictures], [
    undefined,
    undefined,
  ]);
  const rows = (await Deno.readTextFile(md)).split("\n").filter((line) => line.startsWith("| "));
  const cells = rows.map((row) => row.replaceAll("\\|", "").split("|").length);
  assertEquals(new Set(cells).size, 1);
  // The head, the line below it, and a row per result.
  assertEquals(rows.length, 4);
});

Deno.test("a system without errors is at 1 of the ROC, and equal curves differ in colour and dashes", async () => {
  const plots = await drawPlots(perfectResults());
  const { svg } = plots.find(({ name }) => name === "roc")!;
  const paths = [
    ...svg.matchAll(/aria-label="line"><g([^>]*stroke-width="2.2"[^>]*)><path d="([^"]*)"/g),
  ];
  assertEquals(paths.length, 2);
  assertEquals(paths[0][2], paths[1][2], "the same curve");
  const colors = paths.map(([, style]) => /stroke="([^"]*)"/.exec(style)![1]);
  const dashes = paths.map(([, style]) => /stroke-dasharray="([^"]*)"/.exec(style)?.[1]);
  assert(colors[0] !== colors[1] && dashes[0] !== dashes[1]);
  // The curve ends where the axis says 1.
  const ends = paths[0][2].split(/[LHV,M]/).map(Number);
  const one = /translate\([\d.]+,([\d.]+)\)" y="0.32em">1<\/text>/.exec(svg)![1];
  assertEquals(ends.at(-1), Number(one));
  // Each file has its legend, in words.
  for (const { svg } of plots.slice(0, 2)) {
    assertStringIncludes(svg, ">student, bare against bare<");
    assertStringIncludes(svg, ">student, both masked<");
  }
});
