// How often Deno asks a user at a terminal for permission. `script` of util-linux gives the command line a
// pseudo-terminal.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { photo } from "../hosts.ts";
import { NO_GPU, root } from "./process.ts";

/** A question that is not answered would wait for ever. In milliseconds. */
const MAX_WAIT = 120_000;

const PROMPT = /Deno requests (\w+)/g;

const hasScript = await new Deno.Command("script", { args: ["--version"] }).output()
  .then(({ success, stdout }) => success && new TextDecoder().decode(stdout).includes("util-linux"))
  .catch(() => false);

/** Runs `deno run` at a terminal, answers each question, and gives what was asked for. */
async function runAtTerminal(
  flags: readonly string[],
  args: readonly string[],
  answer = "y",
): Promise<{ asked: string[]; text: string; code: number }> {
  const line = [Deno.execPath(), "run", ...flags, "cli.ts", ...args].map((word) => `'${word}'`);
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", line.join(" "), "/dev/null"],
    cwd: root,
    env: { ...NO_GPU, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    signal: AbortSignal.timeout(MAX_WAIT),
  }).spawn();
  const keyboard = child.stdin.getWriter();
  let text = "", answered = 0;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    // Deno drops what was typed before a question stands there in full.
    const questions = text.split(/Allow\? .*> /).length - 1;
    if (questions > answered) {
      answered = questions;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await keyboard.write(new TextEncoder().encode(`${answer}\n`));
    }
  }
  await keyboard.close().catch(() => {});
  const { code } = await child.status;
  return { asked: [...text.matchAll(PROMPT)].map(([, what]) => what), text, code };
}

for (
  const [flags, asked] of [
    [[], ["read"]],
    [["--allow-read"], []],
    [["-P"], []],
  ] as const
) {
  Deno.test({
    name:
      `verify at a terminal with ${flags.join(" ") || "no flag"}: Deno asks ${asked.length} times` +
      (hasScript ? "" : " (skipped: no util-linux script)"),
    ignore: !hasScript,
    fn: async () => {
      const run = await runAtTerminal(flags, ["verify", photo("collins"), photo("hopper")]);
      assertEquals(run.asked, [...asked]);
      assertEquals(run.code, 1, run.text);
      assertStringIncludes(run.text, "no match");
    },
  });
}

Deno.test({
  name: "verify at a terminal whose user says no: nothing more is asked, and the flag is named" +
    (hasScript ? "" : " (skipped: no util-linux script)"),
  ignore: !hasScript,
  fn: async () => {
    const run = await runAtTerminal([], ["verify", photo("collins"), photo("hopper")], "n");
    assertEquals([run.code, run.asked], [2, ["read"]], run.text);
    assertStringIncludes(run.text, "run it with --allow-read");
  },
});

Deno.test("verify with no flag and no terminal: nothing is asked, and the flag is named", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "cli.ts", "verify", photo("collins"), photo("hopper")],
    cwd: root,
    env: NO_GPU,
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals([code, [...text.matchAll(PROMPT)].length], [2, 0], text);
  assertStringIncludes(text, "--allow-read");
});
