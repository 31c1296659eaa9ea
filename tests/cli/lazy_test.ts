// Commands are imported when they are called: `deno info` says what each would load.

import { assertEquals, assertGreater } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { root } from "./process.ts";

/** Rooms that comparing two photos does without. */
const NOT_FOR_VERIFY = ["evaluate", "distill", "gallery", "serve", "convert", "quantize"];

const base = new URL(`file://${root}`).href;
const graph = await importGraph();

Deno.test("verify loads no module of evaluate, distill, gallery, serve, convert or quantize", () => {
  // What it may import later counts as well.
  const loaded = loadedBy("src/cli/verify.ts", { later: true });
  const strangers = loaded.filter((file) => NOT_FOR_VERIFY.includes(file.split("/")[1]));
  assertEquals(strangers, []);
  assertGreater(loaded.length, 50, "its modules are in the graph");
});

Deno.test("--help and --version load only what the terminal needs", () => {
  const commands = COMMANDS.map(({ name }) => `src/cli/${name}.ts`);
  const later = loadedBy("cli.ts", { later: true });
  assertEquals(later.filter((file) => commands.includes(file)), [], "not even read beforehand");
  assertEquals(loadedBy("cli.ts", { later: false }).sort(), [
    "cli.ts",
    "src/base/errors.ts",
    "src/base/write_error.ts",
    "src/cli/commands.ts",
    "src/cli/help.ts",
    "src/cli/main.ts",
    "src/cli/nearest_name.ts",
    "src/cli/option.ts",
    "src/cli/terminal.ts",
    "src/cli/usage.ts",
  ]);
});

Deno.test("no command loads another", () => {
  const files = COMMANDS.map(({ name }) => `src/cli/${name}.ts`);
  for (const file of files) {
    const others = files.filter((other) => other !== file);
    const loaded = loadedBy(file, { later: true }).filter((found) => others.includes(found));
    assertEquals([file, ...loaded], [file]);
  }
});

interface Import {
  readonly to: string;
  /** Whether it is imported only when code that needs it runs. */
  readonly later: boolean;
}

/** All modules that a module loads, itself too; with those that it may import later, if told so. */
function loadedBy(start: string, { later }: { readonly later: boolean }): string[] {
  const found = new Set([start]);
  for (const file of found) {
    for (const imported of graph.get(file) ?? []) {
      if (later || !imported.later) found.add(imported.to);
    }
  }
  return [...found];
}

/** The imports of each file, without those of types, which are erased. */
async function importGraph(): Promise<Map<string, Import[]>> {
  const files = ["cli.ts", ...COMMANDS.map(({ name }) => `src/cli/${name}.ts`)];
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(entry, files.map((file) => `import "${base}${file}";`).join("\n"));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", `${root}deno.json`, entry],
    stderr: "inherit",
  }).output();
  await Deno.remove(entry);
  assertEquals(code, 0, "deno info");
  const { modules }: { modules: ModuleInfo[] } = JSON.parse(new TextDecoder().decode(stdout));
  return new Map(modules.map(({ specifier, dependencies = [] }) => {
    const imports = dependencies.flatMap(({ code, isDynamic = false }) =>
      code?.specifier ? [{ to: pathOf(code.specifier), later: isDynamic }] : []
    );
    return [pathOf(specifier), imports];
  }));
}

function pathOf(specifier: string): string {
  return specifier.startsWith(base) ? specifier.slice(base.length) : specifier;
}

/** What `deno info --json` says of a module. */
interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}
