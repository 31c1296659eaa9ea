import { assert, assertEquals, assertMatch } from "@std/assert";
import { durationText } from "../../src/base/duration.ts";
import { INTERRUPTED } from "../../src/cli/evaluate_options.ts";
import { ProgressLine } from "../../src/cli/progress.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { photo } from "../hosts.ts";
import { command, NO_GPU } from "./process.ts";

/** A terminal that remembers what it was told. */
function recorder(): Terminal & { readonly lines: string[]; readonly shown: string[] } {
  const lines: string[] = [], shown: string[] = [];
  return {
    lines,
    shown,
    out: () => {},
    err: (line) => lines.push(line),
    progress: (text) => shown.push(text),
    colors: false,
  };
}

Deno.test("progress tells the time left at the pace since the first step, and in files a line every 30 s", () => {
  const terminal = recorder();
  let now = 0;
  const line = new ProgressLine(terminal, true, () => now);
  line.show(0, 100, "0/100 photos");
  for (let done = 1; done <= 40; done++) {
    now += 2000;
    line.show(done, 100, `${done}/100 photos`);
  }
  assertEquals(terminal.shown[0], "0/100 photos");
  assertEquals(terminal.shown[10], "10/100 photos, 3 min 0 s left");
  assertEquals(terminal.lines, [
    "15/100 photos, 2 min 50 s left",
    "30/100 photos, 2 min 20 s left",
  ]);
  const live = recorder();
  new ProgressLine(live, false, () => now += 60_000).say("1 of 2");
  assertEquals([live.lines, live.shown], [[], ["1 of 2"]]);
});

Deno.test("durations in words", () => {
  assertEquals(
    [0.2, 59, 61, 3599, 7300, Infinity, NaN].map(durationText),
    ["1 s", "59 s", "1 min 1 s", "59 min 59 s", "2 h 1 min", "months", "months"],
  );
});

Deno.test({
  name: "evaluate: Ctrl-C keeps the templates made so far, and the same command goes on from there",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir(), cache = `${folder}/cache`, lines = [];
    try {
      const bytes = await Deno.readFile(photo("collins_crop"));
      for (let i = 0; i < 24; i++) {
        // What comes after a JPEG is not read, but makes another photo of it for the cache.
        await Deno.writeFile(`${folder}/${i}.jpg`, new Uint8Array([...bytes, i]));
        if (i > 0) lines.push(`0.jpg,${i}.jpg,${i % 2}`);
      }
      await Deno.writeTextFile(`${folder}/pairs.csv`, lines.join("\n"));
      const args = ["evaluate", "--json", "--scenarios", "uu", "--cache", cache];
      const run = command(["-A"], [...args, `${folder}/pairs.csv`], NO_GPU);
      const first = run.spawn();
      let ended = false;
      first.status.then(() => ended = true);
      while (!ended && !await hasTemplates(cache)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert(!ended, "it ended before it had made a template");
      first.kill("SIGINT");
      const stopped = await first.output();
      assertEquals(stopped.code, INTERRUPTED);
      assertMatch(new TextDecoder().decode(stopped.stderr), /Stopped\. The templates made so far/);
      const { code, stdout } = await run.output();
      assertEquals(code, 0);
      const { run: facts } = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals(facts.samples, 24);
      assert(facts.embedded > 0 && facts.embedded < 24, `${facts.embedded} embedded again`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Whether a file of a folder has more than its head. */
async function hasTemplates(folder: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if ((await Deno.stat(`${folder}/${name}`)).size > 1000) return true;
    }
  } catch {
    // It is not there yet.
  }
  return false;
}
