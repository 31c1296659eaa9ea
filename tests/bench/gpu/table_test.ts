import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkResult, FORM, type GpuResult } from "./result.ts";
import { replaceTable, table } from "./table.ts";

const times = (median: number): { median: number; fastest: number } => ({
  median,
  fastest: median / 2,
});
const result = (name: string, software: boolean, counts: readonly number[]): GpuResult => ({
  form: FORM,
  date: "2026-01-02T03:04:05Z",
  adapter: { name, software },
  machine: { system: "linux x86_64", cores: 8, load: 0.25 },
  versions: { maskinv: "1.2.3", deno: "2.9.6" },
  small: software,
  measurements: counts.map((count) => ({
    task: count < 100 ? "embedAll" : "1:N, 512 numbers",
    count,
    rounds: 5,
    webgpu: times(20),
    wasm: times(50),
    ...(count >= 100 && { bytes: 2048 * count }),
  })),
});

Deno.test("the table has a row for each task and a column for each machine", () => {
  const text = table([result("NVIDIA X", false, [32, 1e6]), result("llvmpipe", true, [1, 32])]);
  const [head, , ...rows] = text.split("\n");
  assertEquals(head, "|  | NVIDIA X | llvmpipe (software, small) |");
  assertEquals(rows.slice(0, 3), [
    "| embedAll |  | 20 ms; wasm 50 ms (2.5x) |",
    "| embedAll: 32 | 20 ms; wasm 50 ms (2.5x) | 20 ms; wasm 50 ms (2.5x) |",
    "| 1:N, 512 numbers: 1,000,000 | 20 ms, 102.4 GB/s; wasm 50 ms (2.5x) |  |",
  ]);
  assertStringIncludes(text, "- NVIDIA X: 2026-01-02, linux x86_64, 8 cores, load 0.3; maskinv");
});

Deno.test("only what is between the markers of docs/devices.md is replaced", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/devices.md", import.meta.url));
  const once = replaceTable(page, [result("A", false, [1])]);
  assertStringIncludes(once, "| embedAll |");
  const twice = replaceTable(once, [result("B", false, [32])]);
  assertEquals(twice.includes("| A |"), false);
  const outside = (text: string): string => text.replace(/<!-- hardware[^]*\/hardware -->/, "");
  assertEquals(outside(twice), outside(page));
  assertThrows(() => replaceTable("no markers", []), Error, "lacks the lines");
});

Deno.test("a file of another kind is refused by its name", () => {
  for (const value of [null, 3, {}, { form: FORM + 1 }, { form: FORM, adapter: { name: "x" } }]) {
    assertThrows(() => checkResult(value, "a.json"), Error, "a.json");
  }
  const good = result("A", false, [1]);
  assertEquals(checkResult(good, "a.json"), good);
});
