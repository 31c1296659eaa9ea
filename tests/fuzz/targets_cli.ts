// Arguments of every sort, for every command that ends by itself: an exit code, never an exception.
// Models are looked for where there are none, so that no case gets as far as the networks.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { main } from "../../src/cli/main.ts";
import { fuzzTarget } from "./target.ts";

/** `serve` would stay, `prepare` and `distill` would work. */
const COMMANDS = [
  ...["verify", "detect", "embed", "mask", "enrol", "identify", "gallery", "evaluate", "calibrate"],
];

const OPTIONS = [
  ...["--device", "--max-faces", "--max-pixels", "--threads", "--face", "--model", "--fmr"],
  ...["--threshold", "--json", "--mirror", "--annotate", "--key-file", "--plain", "--index", "-o"],
  ...["--kind", "--color", "--seed", "--coverage", "--all", "--kind", "--limit", "--templates"],
  ...["--k", "--fpir", "--replace", "--protection-key-file", "--help", "--no-json", "--force", ...[
    "--pattern",
    "--yes",
    "--merge",
    "--create",
    "--folder",
    "--journal",
  ], "--scenarios"],
];

const text = fc.oneof(
  fc.constantFrom("0", "-1", "1e999", "0.001", "NaN", "", "constructor", "wasm", "only", "list"),
  fc.string({ maxLength: 10 }),
  fc.double().map(String),
);

const argument = fc.oneof(
  fc.constantFrom(...OPTIONS),
  fc.tuple(fc.constantFrom(...OPTIONS), text).map(([name, value]) => `${name}=${value}`),
  text,
);

const commandLines = fuzzTarget("cli", 450, async () => {
  const folder = await Deno.makeTempDir();
  const arbitrary = fc.record({
    command: fc.oneof(fc.constantFrom(...COMMANDS), fc.string({ maxLength: 8 })),
    rest: fc.array(argument, { maxLength: 6 }),
  });
  return { arbitrary, state: { folder } };
}, ({ command, rest }, { folder }) => runCli(command, rest, folder));

async function runCli(command: string, rest: readonly string[], folder: string): Promise<void> {
  if (["serve", "prepare", "distill"].includes(command)) return;
  // What is read or written lies in an empty folder; nothing is fetched.
  const args = rest.map((argument) =>
    argument.startsWith("-") ? argument.replace(/^(-o|--annotate).*/, "--json") : `./${argument}`
  ).map((argument) => argument.replaceAll(/[/\\]/g, "_").replace(/^_+/, ""));
  const own = ["--models", `${folder}/none`];
  if (["enrol", "identify", "gallery"].includes(command)) own.push("--gallery", `${folder}/none`);
  const out: string[] = [];
  const code = await main([command, ...args, ...own], {
    out: (line) => out.push(line),
    err: (line) => out.push(line),
    progress: () => {},
    colors: false,
  });
  assertEquals([0, 1, 2].includes(code), true, `${code}`);
  assertEquals(out.length > 0, true, "says something");
}

/** Keys as people paste them: never shown in a message. */
const keyFiles = fuzzTarget("cli-key", 110, async () => {
  const arbitrary = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.base64String({ maxLength: 64 }),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), maxLength: 70 }),
  );
  return { arbitrary, state: { folder: await Deno.makeTempDir() } };
}, async (key, { folder }) => {
  await Deno.writeTextFile(`${folder}/key`, key);
  const out: string[] = [];
  const say = (line: string): void => void out.push(line);
  const terminal = { out: say, err: say, progress: (): void => {}, colors: false };
  const place = ["--gallery", `${folder}/gallery`, "--key-file", `${folder}/key`];
  const args = ["gallery", ...place, "--create", "import", `${folder}/key`];
  const code = await main(args, terminal);
  assertEquals([0, 1, 2].includes(code), true);
  if (key.trim().length > 8) assertEquals(out.join("\n").includes(key.trim()), false);
  await Deno.remove(`${folder}/gallery`, { recursive: true }).catch(() => {});
});

/** The targets of this file. */
export const cliTargets = [commandLines, keyFiles];
