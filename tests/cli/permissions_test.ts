// The least permissions of every command, as the table in SECURITY.md has them: with these each does its work.
// permissions_long_test.ts takes one of them away.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROWS, temp } from "./permission_rows.ts";
import { command, deno, NO_GPU, root } from "./process.ts";

/** Lines of the table: the commands, and the flags for them. */
const documented = [
  ...(await Deno.readTextFile(`${root}SECURITY.md`)).matchAll(
    /^\| (`.*?) +\| (`--allow.*?) *\|$/gm,
  ),
].map(([, commands, flags]) => ({ commands, flags }));

Deno.test("SECURITY.md has every command of this table, with the same flags", () => {
  const flags = (text: string): string[] => text.match(/--allow-[a-z]+/g) ?? [];
  const proved = new Map(documented.map((line) => [line, new Set(["--allow-read"])]));
  for (const { args: [name, ...options], needs } of ROWS) {
    const called = options.includes("--annotate") ? `${name} --annotate\`` : name;
    const line = documented.find(({ commands }) => commands.includes(`\`${called}`));
    assertEquals([name, line !== undefined], [name, true]);
    needs.flatMap(flags).forEach((flag) => proved.get(line!)!.add(flag));
  }
  for (const [{ commands, flags: said }, found] of proved) {
    if (commands.includes("serve")) continue; // has a test of its own below
    assertEquals([commands, new Set(flags(said))], [commands, found]);
  }
});

for (const { args, needs, code } of ROWS) {
  const name = args.filter((word) => !word.startsWith("/")).join(" ");
  Deno.test(`${name}: --allow-read ${needs.join(" ").replaceAll(temp, "")} is enough`, async () => {
    const run = await deno(["--allow-read", ...needs], args, NO_GPU);
    assertEquals(run.code, code, run.err);
  });
}

Deno.test("serve: --allow-read --allow-net of its address is enough", async () => {
  const args = ["serve", "--port", "0", "--api-keys", `${temp}/api-keys`];
  const server = command(["--allow-read", "--allow-net=127.0.0.1"], args, NO_GPU).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  const [base] = ((await lines.next()).value ?? "").match(/http:\/\/127\.0\.0\.1:\d+/) ?? [""];
  const health = await fetch(`${base}/health`);
  await health.body?.cancel();
  assertEquals(health.status, 200);
  server.kill("SIGTERM");
  assertEquals((await server.status).code, 0);
  await server.stderr.cancel();
  await lines.return?.();
});

Deno.test("serve: without --allow-net, or to read its keys' variable, the error names it", async () => {
  const port = ["serve", "--port", "0"];
  const closed = await deno(["--allow-read"], [...port, "--api-keys", `${temp}/api-keys`], NO_GPU);
  assertEquals(closed.code, 2, closed.err);
  assertStringIncludes(closed.err, "--allow-net");
  const keyless = await deno(["--allow-read", "--allow-net=127.0.0.1"], port, NO_GPU);
  assertEquals(keyless.code, 2, keyless.err);
  assertStringIncludes(keyless.err, "--allow-env=MASKINV_API_KEYS");
});

Deno.test("evaluate: without a cache named, the error names both ways", async () => {
  const run = await deno(["--allow-read"], ["evaluate", `${temp}/pairs.csv`], NO_GPU);
  assertEquals(run.code, 2, run.err);
  assertStringIncludes(run.err, "--allow-env=XDG_CACHE_HOME");
  assertStringIncludes(run.err, "--cache none");
});
