// What deno.json says, held against deno.jsr.json and the sources.

import { assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

const read = (name: string): Promise<{ imports: Record<string, string> }> =>
  Deno.readTextFile(new URL(name, ROOT)).then(JSON.parse);

Deno.test("deno.jsr.json is deno.json with @std from JSR", async () => {
  const local = await read("deno.json"), jsr = await read("deno.jsr.json");
  for (const name of ["@std/assert", "@std/cli"]) {
    assertMatch(local.imports[name], /^\.\/src\/std\//);
    assertMatch(jsr.imports[name], /^jsr:@std\//);
    jsr.imports[name] = local.imports[name];
  }
  assertEquals(jsr, local);
});

Deno.test("every npm dependency is pinned to one version", async () => {
  for (const target of Object.values((await read("deno.json")).imports)) {
    if (target.startsWith("npm:")) {
      assertMatch(target, /^npm:(@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+(\/|$)/);
    }
  }
});

Deno.test("sources name packages as npm: with the version that deno.json pins", async () => {
  const pins = Object.values((await read("deno.json")).imports)
    .flatMap((target) => /^npm:(?:@[^/]+\/)?[^/]+/.exec(target) ?? []);
  const found = new Set<string>();
  for (const file of ["mod.ts", "cli.ts", ...modulesBelow("src")]) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const code = text.replace(/^ *(\*|\/\/).*$/gm, ""); // examples in docs are for readers who have a map
    for (const [, specifier] of code.matchAll(/(?:\bfrom|import|\(|resolve\()\s*"([^"\s]+)"/g)) {
      const [pin] = /^npm:(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
      if (pin) found.add(pin);
    }
    const bare = [...code.matchAll(/(?:\bfrom|\bimport\(?)\s*"([\w@:./-]+)"/g)]
      .map(([, specifier]) => specifier).filter((name) => !/^(\.|npm:|node:)/.test(name));
    assertEquals([file, bare], [file, []]);
  }
  assertEquals([...found].filter((pin) => !pins.includes(pin)), []);
  assertEquals(found.size > 15, true, [...found].join(" "));
});

function* modulesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* modulesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
