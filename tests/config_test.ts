import { assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../src/base/version.ts";

const read = (name: string): Promise<{ imports: Record<string, string> }> =>
  Deno.readTextFile(new URL(`../${name}`, import.meta.url)).then(JSON.parse);

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

Deno.test("the version that is written and served is deno.json's", async () => {
  const { version } = await read("deno.json") as unknown as { version: string };
  assertEquals(VERSION, version);
});
