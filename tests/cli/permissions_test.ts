// The least permissions of every command, as the table in SECURITY.md has them: with these each does its work, and
// without one of them it ends with exit code 2 and a line that names what is missing.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { photo } from "../hosts.ts";
import { command, deno, NO_GPU, root } from "./process.ts";

const temp = await Deno.makeTempDir();
const collins = photo("collins"), hopper = photo("hopper");
const GALLERY = ["--gallery", `${temp}/people`, "--key-file", `${temp}/key`];
const KEY_VARIABLE = "--allow-env=MASKINV_PROTECTION_KEY";

await Deno.writeTextFile(`${temp}/key`, "0f".repeat(32));
await Deno.writeTextFile(`${temp}/api-keys`, "0123456789abcdef\n");
await Deno.writeTextFile(
  `${temp}/pairs.csv`,
  `probe,reference,genuine\n${collins},${photo("collins_dark")},true\n${collins},${hopper},false\n`,
);
await Deno.mkdir(`${temp}/photos`);
await Deno.copyFile(hopper, `${temp}/photos/hopper.jpg`);

/** Lines of the table: the commands, and the flags for them. */
const documented = [
  ...(await Deno.readTextFile(`${root}SECURITY.md`)).matchAll(
    /^\| (`.*?) +\| (`--allow.*?) *\|$/gm,
  ),
].map(([, commands, flags]) => ({ commands, flags }));

/** A command, what it needs beside `--allow-read`, and the exit code of its work. */
interface Row {
  readonly args: readonly string[];
  readonly needs: readonly string[];
  readonly code: number;
}

const write = (name: string): string => `--allow-write=${temp}/${name}`;
const ROWS: readonly Row[] = [
  { args: ["verify", collins, hopper], needs: [], code: 1 },
  {
    args: ["verify", "--annotate", `${temp}/a.png`, collins, hopper],
    needs: [write("a.png")],
    code: 1,
  },
  { args: ["detect", collins], needs: [], code: 0 },
  { args: ["embed", "--json", collins], needs: [], code: 0 },
  { args: ["mask", collins, "--out", `${temp}/m.png`], needs: [write("m.png")], code: 0 },
  {
    args: ["enrol", ...GALLERY, "Hopper", hopper],
    needs: [write("people"), KEY_VARIABLE],
    code: 0,
  },
  {
    args: ["identify", ...GALLERY, photo("hopper_masked")],
    needs: [write("people"), KEY_VARIABLE],
    code: 0,
  },
  { args: ["gallery", ...GALLERY, "list"], needs: [write("people")], code: 0 },
  { args: ["evaluate", "--cache", "none", `${temp}/pairs.csv`], needs: [], code: 0 },
  {
    args: ["evaluate", "--cache", "none", "--report", `${temp}/report`, `${temp}/pairs.csv`],
    needs: [write("report")],
    code: 0,
  },
  {
    args: ["prepare", "--out", `${temp}/shards`, `${temp}/photos`],
    needs: [write("shards")],
    code: 0,
  },
];

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
  for (const missing of needs) {
    const [flag] = missing.split("=");
    Deno.test(`${name}: without ${flag} the error names it`, async () => {
      const rest = needs.filter((need) => need !== missing);
      const run = await deno(["--allow-read", ...rest], args, NO_GPU);
      assertEquals(run.code, 2, run.err);
      assertStringIncludes(run.err, flag);
      assertEquals(run.err.includes("    at "), false, "a stack trace");
    });
  }
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
