// The package is imported by path and by URL, as JSR serves it: from a folder without deno.json, so without its import map.

import { assertEquals } from "@std/assert";
import { createVerifier } from "../mod.ts";
import config from "../deno.json" with { type: "json" };
import { photo } from "./hosts.ts";

const ROOT = new URL("../", import.meta.url);

/** Runs a script in an empty folder and gives what it prints. */
async function runElsewhere(code: string, ...flags: string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, code);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-lock", ...flags, "script.ts"],
      cwd: folder,
    }).output();
    assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A script that verifies two photos; `photos` are expressions. */
const verifying = (module: string, ...photos: string[]): string => `
  import { createVerifier } from ${JSON.stringify(module)};
  await using verifier = await createVerifier({ device: "wasm" });
  console.log((await verifier.verify(${photos.join()})).score.toFixed(4));`;

const PATHS = [photo("collins"), photo("collins_masked")];
const paths = PATHS.map((path) => JSON.stringify(path));

/** What the package says under its import map. */
async function expected(): Promise<string> {
  await using verifier = await createVerifier({ device: "wasm" });
  const result = await verifier.verify(PATHS[0], PATHS[1]);
  return result.kind === "compared" ? result.score.toFixed(4) : result.kind;
}

Deno.test("mod.ts verifies when it is imported by its path, and by its file: URL", async () => {
  const module = new URL("mod.ts", ROOT);
  const score = await expected();
  assertEquals(await runElsewhere(verifying(module.pathname, ...paths), "--allow-read"), score);
  assertEquals(await runElsewhere(verifying(module.href, ...paths), "--allow-read"), score);
});

Deno.test("every export of deno.json can be imported by its path", async () => {
  const exported = Object.entries(config.exports).filter(([name]) => name !== "./cli"); // runs a command
  const out = await runElsewhere(
    exported.map(([name, path], i) =>
      `import * as m${i} from ${JSON.stringify(new URL(path, ROOT).pathname)};
       console.log(${JSON.stringify(name)}, Object.keys(m${i}).length > 0);`
    ).join("\n"),
    "--allow-read",
  );
  assertEquals(out, exported.map(([name]) => `${name} true`).join("\n"));
});

Deno.test("cli.ts runs from another folder", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-read", new URL("cli.ts", ROOT).href, "verify"]
      .concat("--device", "wasm", PATHS),
    cwd: Deno.makeTempDirSync(),
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("mod.ts verifies when a server has the published files, as JSR has", async () => {
  const hidden = config.publish.exclude;
  const score = await expected();
  await using server = Deno.serve({ port: 0, onListen: () => {} }, async ({ url }) => {
    const path = new URL(url).pathname.slice(1);
    if (hidden.some((name) => path.startsWith(name))) return new Response(null, { status: 404 });
    const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    const body = await Deno.readFile(new URL(path, ROOT)).catch(() => null);
    return new Response(body, { status: body ? 200 : 404, headers: { "content-type": type } });
  });
  const host = `localhost:${server.addr.port}`;
  const out = await runElsewhere(
    verifying(`http://${host}/mod.ts`, ...paths),
    "--allow-read",
    `--allow-import=${host}`,
    `--allow-net=${host}`,
  );
  assertEquals(out, score);
});
