// Help is made from what the parser reads; README's table of commands is what `help --markdown` prints.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS, loadCommand } from "../../src/cli/commands.ts";
import { root } from "./process.ts";
import { run } from "./run.ts";

Deno.test("help is there for the tool and for every command, with all its options", async () => {
  const { code, out } = await run("--help");
  assertEquals([code, (await run("help")).out, (await run("-h")).out], [0, out, out]);
  for (const entry of COMMANDS) {
    const { name, summary } = entry;
    assertStringIncludes(out, summary);
    const help = await run(name, "--help");
    assertEquals([help.code, (await run("help", name)).out], [0, help.out]);
    assertStringIncludes(help.out, `Usage: deno run -A cli.ts ${name}`);
    for (const option of (await loadCommand(entry)).options) {
      assertStringIncludes(help.out, `--${option.name}`);
      assertEquals([option.name, option.help.length > 0], [option.name, true]);
    }
  }
  const { out: verify } = await run("verify", "--help");
  assertStringIncludes(verify, "--device <auto|webgpu|wasm>");
  assertStringIncludes(verify, "verify [options] <probe> <reference>");
  assertEquals((await run()).code, 2);
});

Deno.test("what follows -- is an operand, also --help", async () => {
  const { code, err } = await run("verify", "--", "--help");
  assertEquals(code, 2);
  assertStringIncludes(err, "Cannot verify 1 photo:");
});

Deno.test("README has the table that help --markdown prints", async () => {
  const { code, out } = await run("help", "--markdown");
  assertEquals(code, 0);
  const readme = await Deno.readTextFile(`${root}README.md`);
  assertStringIncludes(readme, `\n\n${out}\n\n`);
  assertEquals(out.split("\n").length, COMMANDS.length + 2);
  for (const { name, more } of COMMANDS) {
    assertStringIncludes(out, `| \`${name}\``);
    if (more) assertEquals((await Deno.stat(`${root}${more[1]}`)).isFile, true);
  }
});

Deno.test("--version and help of no command", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  assertEquals(await run("--version"), { code: 0, out: `maskinv ${version}`, err: "" });
  const { code, err } = await run("help", "compare");
  assertEquals(code, 2);
  assertMatch(err, /no command "compare": use one of verify, /);
  const mistyped = await run("verfy", "a.jpg", "b.jpg");
  assertEquals(mistyped.code, 2);
  assertMatch(mistyped.err, /no command "verfy": did you mean verify\? Or use one of verify, /);
});
