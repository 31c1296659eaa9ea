// The configurations agree: deno.json, the same for JSR, and that of the tests, whose packages nobody else downloads.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../src/base/version.ts";
import { importedPackages } from "./supply/packages.ts";

/** The packages that only tests and benchmarks import. */
const FOR_TESTS = [
  "@electric-sql/pglite",
  "@electric-sql/pglite-pgvector",
  "@electric-sql/pglite-socket",
  "@seriousme/openapi-schema-validator",
  "fast-check",
  "playwright-core",
];

const ROOT = new URL("../", import.meta.url);

interface Config {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  readonly imports: Record<string, string>;
  readonly unstable: readonly string[];
  readonly compilerOptions: object;
  readonly fmt: { readonly lineWidth: number };
  readonly lint: object;
}

const read = (name: string): Promise<Config> =>
  Deno.readTextFile(new URL(name, ROOT)).then(JSON.parse);

/** The npm packages of a lock file. */
async function packagesIn(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(`../${name}`, import.meta.url))).npm;
}

Deno.test("deno.jsr.json is deno.json with @std from JSR", async () => {
  const local = await read("deno.json"), jsr = await read("deno.jsr.json");
  for (const name of ["@std/assert", "@std/cli"]) {
    assertMatch(local.imports[name], /^\.\/src\/std\//);
    assertMatch(jsr.imports[name], /^jsr:@std\//);
    jsr.imports[name] = local.imports[name];
  }
  assertEquals(jsr, local);
});

Deno.test("tests/deno.json is deno.json, with the package by its name and what only tests import", async () => {
  const local = await read("deno.json"), tests = await read("tests/deno.json");
  const wanted = new Map(
    Object.entries(local.exports).map(([path, file]) => [local.name + path.slice(1), `.${file}`]),
  );
  for (const [name, target] of Object.entries(local.imports)) {
    wanted.set(name, target.startsWith("./") ? `.${target}` : target);
  }
  const rest = Object.keys(tests.imports).filter((name) => !wanted.has(name));
  assertEquals(rest, FOR_TESTS);
  for (const [name, target] of wanted) assertEquals([name, tests.imports[name]], [name, target]);
  for (const key of ["unstable", "compilerOptions", "lint"] as const) {
    assertEquals(tests[key], local[key]);
  }
  assertEquals(tests.fmt.lineWidth, local.fmt.lineWidth);
});

Deno.test("what only tests import is in no lock file of users, who would download it with deno task", async () => {
  const used = await importedPackages();
  const npm = await packagesIn("deno.lock"), all = await packagesIn("tests/deno.lock");
  for (const entry of Object.keys(npm)) assertEquals([entry, all[entry]], [entry, npm[entry]]);
  const locked = Object.keys(npm).map((entry) => entry.replace(/(?<=.)@.*$/, ""));
  assert(locked.includes("onnxruntime-web"));
  for (const name of FOR_TESTS) {
    assertEquals([name, used.has(name), locked.includes(name)], [name, false, false]);
  }
});

Deno.test("every npm dependency is pinned to one version", async () => {
  for (const config of ["deno.json", "tests/deno.json"]) {
    for (const target of Object.values((await read(config)).imports)) {
      if (target.startsWith("npm:")) {
        assertMatch(target, /^npm:(@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+(\/|$)/);
      }
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

Deno.test("CI names no host, as machines have mirrors of their own", async () => {
  const script = await Deno.readTextFile(new URL("../.ci/run", import.meta.url));
  assertEquals(script.match(/https?:\/\/|\b[\w-]+\.(org|com|net|io|dev|land)\b/g), null);
});

Deno.test("the version that is written and served is deno.json's", async () => {
  const { version } = await read("deno.json");
  assertEquals(VERSION, version);
});
