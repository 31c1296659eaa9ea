import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { promisePlot, promiseTable } from "../../src/evaluate/report/promise.ts";
import type { CurvePoint, GroupCalibration } from "../../src/model/calibration.ts";
import type { ModelEntry } from "../../src/model/manifest.ts";

function group(name: string, start: number): GroupCalibration {
  const curve = Array.from({ length: 4 }, (_, i): CurvePoint => {
    const fmr = 10 ** (-1 - i);
    return [start + 0.1 * i, fmr, fmr / 2, 2 * fmr];
  });
  return { name, people: 300, impostors: 44850, curve };
}

const groups = [group("easy", 0), group("hard", 0.2)];
const none = {
  source: "s",
  impostors: 9,
  genuine: 9,
  points: [],
  curve: groups[0].curve,
  worst: {
    source: "s",
    points: [{ fmr: 0.001, threshold: 0.44, worst: "hard", fnmr: 0.0321 }],
    groups,
  },
};
const entry = { name: "m", calibration: { single: { none } } } as unknown as ModelEntry;

Deno.test("the table of promises has a row for each group, and the worst in bold", () => {
  const lines = promiseTable(entry).split("\n");
  assertEquals(lines.length, 4);
  assertStringIncludes(lines[2], "neither masked: threshold 0.4400, FNMR 3.2%");
  assertMatch(lines[2], /easy \| 300 \| 44850 \| below 0\.02%/);
  assertStringIncludes(lines[3], "**hard**");
});

Deno.test("the plot of promises has a line for each group", async () => {
  const svg = await promisePlot(entry);
  assert(svg.includes("<svg"));
  assertEquals(svg.match(/stroke="#0f8fd6"/g) !== null, true);
  assertStringIncludes(svg, "neither masked");
});
