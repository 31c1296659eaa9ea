// The order of the rooms: a room imports only rooms above it in this list, types included, and says what it is for.
// `deno info` reads the imports, so that what counts is what Deno itself would load.

import { assert, assertEquals, assertMatch } from "@std/assert";

/** Folders of src and the two public modules, lowest first. */
const ROOMS = [
  "std",
  "base",
  "math",
  "onnx",
  "pickle",
  "image",
  "runtime",
  "kernels",
  "model",
  "pipeline",
  "mask",
  "verify",
  "evaluate",
  "gallery",
  "convert",
  "distill",
  "cohort",
  "quantize",
  "mod.ts",
  "serve",
  "cli",
  "cli.ts",
];

/** Rooms that are made of rooms, which have the same duty to say what they are for. */
const INNER = ["kernels", "pipeline"];

const root = new URL("../", import.meta.url);
const graph = await importGraph();

Deno.test("every file of src is in a room of the list", () => {
  const strangers = [...graph.keys()].filter((file) => !ROOMS.includes(roomOf(file)));
  assertEquals(strangers, []);
});

Deno.test("imports point to rooms that are lower in the list", () => {
  const upward = arrows().filter(([from, to]) =>
    ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(from))
  );
  assertEquals(upward.map((arrow) => arrow.join(" -> ")), []);
});

Deno.test("kernels do not know of each other", () => {
  const kernelOf = (file: string): string | undefined => /^src\/kernels\/(\w+)\//.exec(file)?.[1];
  const known = arrows().filter(([from, to]) =>
    kernelOf(from) && kernelOf(to) && kernelOf(from) !== kernelOf(to)
  );
  assertEquals(known.map((arrow) => arrow.join(" -> ")), []);
});

Deno.test("no file imports itself by way of others", () => {
  assertEquals(findCycle() ?? [], []);
});

Deno.test("every room says in its first lines what it is for and what may be changed there", async () => {
  for (const room of ROOMS.filter((name) => !name.endsWith(".ts"))) await assertIntroduced(room);
  for (const room of INNER) {
    for (const inner of foldersOf(`src/${room}`)) await assertIntroduced(`${room}/${inner}`);
  }
});

Deno.test("every kernel has its definition, its launch and its shader", async () => {
  for (const kernel of foldersOf("src/kernels")) {
    for (
      const file of [
        `src/kernels/${kernel}/cpu.ts`,
        `src/kernels/${kernel}/gpu.ts`,
        `shaders/${kernel}.wgsl`,
      ]
    ) assert((await Deno.stat(new URL(file, root))).isFile);
  }
});

async function assertIntroduced(room: string): Promise<void> {
  const text = await Deno.readTextFile(new URL(`src/${room}/mod.ts`, root));
  const [introduction] = /^(\/\/ .+\n)+/.exec(text) ?? [""];
  assert(introduction.length > 100, `src/${room}/mod.ts opens with no introduction`);
  assertMatch(introduction, /\b(changed?|added)\b/i, `src/${room}/mod.ts`);
}

/** The folder below src that a file is in; the file itself at the root. */
function roomOf(file: string): string {
  const [first, second] = file.split("/");
  return first === "src" ? second : file;
}

/** All imports as [from, to]. */
function arrows(): [string, string][] {
  return [...graph].flatMap(([from, all]) => all.map((to): [string, string] => [from, to]));
}

/** The files of some cycle, the first one again at its end. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}

function foldersOf(path: string): string[] {
  const entries = [...Deno.readDirSync(new URL(path, root))];
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

function* modulesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* modulesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

/** What `deno info --json` says of a module. */
interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
    readonly type?: { readonly specifier: string };
  }[];
}

/** The files of this project that each of its files imports, as paths from the root. */
async function importGraph(): Promise<Map<string, string[]>> {
  const files = ["mod.ts", "cli.ts", ...modulesBelow("src")];
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = files.map((file) => `import ${JSON.stringify(new URL(file, root).href)};`);
    await Deno.writeTextFile(entry, lines.join("\n"));
    const config = decodeURIComponent(new URL("deno.json", root).pathname);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--config", config, entry],
      stderr: "inherit",
    }).output();
    assertEquals(code, 0, "deno info");
    const { modules }: { modules: ModuleInfo[] } = JSON.parse(new TextDecoder().decode(stdout));
    const pathOf = (specifier: string): string | undefined =>
      specifier.startsWith(root.href) ? specifier.slice(root.href.length) : undefined;
    const found = new Map<string, string[]>();
    for (const { specifier, dependencies = [] } of modules) {
      const file = pathOf(specifier);
      if (file === undefined || !file.endsWith(".ts")) continue;
      const imports = dependencies.flatMap(({ code, type }) => [code, type])
        .flatMap((imported) => imported ? pathOf(imported.specifier) ?? [] : []);
      found.set(file, [...new Set(imports)]);
    }
    for (const file of files) assert(found.has(file), `deno info did not see ${file}`);
    return found;
  } finally {
    await Deno.remove(entry);
  }
}
