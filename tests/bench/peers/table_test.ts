import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import type { PeerAccuracy } from "./accuracy.ts";
import { replaceTables, type Results, tables } from "./table.ts";

const peer = (warm: number): { warm: number } & Record<string, number> => ({
  warm,
  fastest: warm,
  processor: 2 * warm,
  cold: 10 * warm,
  memory: 250,
  size: 100,
});
const measured = (value: number): PeerAccuracy["clean"] => ({
  failures: 2,
  photos: 300,
  accuracy: { value, interval: [value - 0.01, value + 0.005] },
  eer: { value: 1 - value },
  tar: { value },
});
const accuracy = (value: number, pairs = 1000): PeerAccuracy => ({
  version: "1",
  pairs,
  clean: measured(value),
  masked: measured(value - 0.05),
});
const results = (pairs?: number): Results => ({
  times: {
    date: "2026-01-02",
    machine: "2 cores",
    rounds: 40,
    peers: { maskinv: peer(100), human: peer(250) },
  } as unknown as Results["times"],
  accuracy: { maskinv: accuracy(0.99), human: accuracy(0.97, pairs) },
});

Deno.test("the tables give each peer with its ratio to maskinv", () => {
  const text = tables(results());
  assertStringIncludes(text, "| 100 ms ");
  assertMatch(text, /\| 250 ms \(2\.50x\) +\| 500 ms \(2\.50x\) +\| 2\.50 s \(2\.50x\) /);
  assertStringIncludes(text, "| LFW, 1,000 pairs |");
  assertStringIncludes(text, "| 97.0% (96.0 to 97.5) (3.0x the errors)");
  assertStringIncludes(text, "| probe masked");
  assertStringIncludes(text, "2026-01-02, 2 cores, median of 40 rounds");
});

Deno.test("tables replace what stood between the markers and nothing else", () => {
  const begin = "<!-- peers: written by `deno task bench:peers --write` -->";
  const text = `before\n\n${begin}\nyesterday's\n<!-- /peers -->\n\nafter\n`;
  const once = replaceTables(text, results());
  assertEquals(once.includes("yesterday"), false);
  assertEquals(once.startsWith("before\n\n") && once.endsWith("<!-- /peers -->\n\nafter\n"), true);
  assertEquals(replaceTables(once, results()), once);
  assertThrows(() => replaceTables("no markers", results()), Error, "lacks the lines");
});

Deno.test("peers that saw different pairs are not put into one table", () => {
  assertThrows(() => replaceTables("", results(500)), Error, "maskinv 1000, human 500");
});
