// The public face: mod.ts stays small enough to be read, and everything that it exports says what it is.

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";

/** The most symbols, types included, that mod.ts exports. */
const MAX_SYMBOLS = 40;

/** What a program needs of mod.ts, whatever else is there. */
const NEEDED = ["createVerifier", "compareTemplates", "applyMask", "createGallery", "MaskinvError"];

const root = new URL("../", import.meta.url);

/** The part of `deno doc --json` that is read here (version 2). */
interface DocumentedModule {
  readonly module_doc?: { readonly doc?: string };
  readonly symbols: readonly {
    readonly name: string;
    readonly declarations: readonly { readonly jsDoc?: { readonly doc?: string } }[];
  }[];
}

async function documented(file: string): Promise<DocumentedModule> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", file],
    cwd: root,
    stderr: "null",
  }).output();
  assertEquals(code, 0, `deno doc --json ${file}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  return nodes[new URL(file, root).href];
}

Deno.test("mod.ts exports what a program needs, at most 40 symbols, each with a docstring", async () => {
  const { module_doc, symbols } = await documented("mod.ts");
  const names = symbols.map(({ name }) => name);
  assertLessOrEqual(names.length, MAX_SYMBOLS, names.join(", "));
  for (const name of NEEDED) assert(names.includes(name), `${name} is missing`);
  const silent = symbols.filter(({ declarations }) =>
    !declarations.some(({ jsDoc }) => jsDoc?.doc)
  );
  assertEquals(silent.map(({ name }) => name), []);
  assert(module_doc?.doc, "mod.ts has no module docs");
});

Deno.test("mod.ts names every other subpath of the package", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const text = await Deno.readTextFile(new URL("mod.ts", root));
  const unnamed = Object.keys(exports).filter((path) =>
    path !== "." && path !== "./cli" && !text.includes(`\`${path}\``)
  );
  assertEquals(unnamed, []);
});
