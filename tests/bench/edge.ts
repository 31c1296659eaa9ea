// The server on hosts with little: starts each variant as a process of its own and prints, for README's table, how long
// it takes until the first answer and how much memory it has after some verifies.
//   deno run -A tests/bench/edge.ts
// deno-lint-ignore-file no-console

import { folderAssets } from "../../src/serve/mod.ts";
import { buildPage } from "../../src/serve/page/build.ts";
import { photo } from "../hosts.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const PORT = 8321, VERIFIES = 30;

const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));

const folder = await Deno.makeTempDir();
await buildPage(folder);
const assets = await folderAssets(folder);
const files = Deno.serve(
  { port: 0, onListen: () => {} },
  async (request) =>
    await assets(new URL(request.url).pathname) ?? new Response("", { status: 404 }),
);
const given = `${folder}/given.ts`;
await Deno.writeTextFile(
  given,
  `import { createEdge } from "${ROOT}src/serve/mod.ts";
export default createEdge({ base: new URL("http://localhost:${files.addr.port}/") });`,
);

const deno = [Deno.execPath(), "serve", "--no-lock", "--config", `${ROOT}deno.json`];
const port = ["--port", `${PORT}`];
await measure("deno serve, package readable, 1 thread", [
  ...deno,
  ...port,
  "--allow-net",
  `--allow-read=${ROOT},${npmCache}`,
  `${ROOT}src/serve/edge.ts`,
]);
await measure("deno serve, nothing readable, 1 thread", [...deno, ...port, "--allow-net", given]);
await measure("cli.ts serve, wasm, threads", [
  ...[Deno.execPath(), "run", "--no-lock", "-A", `${ROOT}cli.ts`, "serve", "--device", "wasm"],
  ...port,
]);
await files.shutdown();
await Deno.remove(folder, { recursive: true });

async function measure(name: string, [command, ...args]: string[]): Promise<void> {
  const start = performance.now();
  const server = new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).spawn();
  while (!await answers("/health")) await new Promise((resolve) => setTimeout(resolve, 20));
  const ready = performance.now() - start;
  const first = await verify() - ready;
  let warm = Infinity;
  for (let i = 0; i < VERIFIES; i++) {
    const before = performance.now() - start;
    warm = Math.min(warm, await verify() - before);
  }
  const status = await Deno.readTextFile(`/proc/${server.pid}/status`);
  const megabytes = (field: string): string =>
    (Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))![1]) / 1024).toFixed(0);
  console.log(
    `${name}: listening after ${ready.toFixed(0)} ms, first verify ${
      first.toFixed(0)
    } ms, best of ` +
      `${VERIFIES} ${warm.toFixed(0)} ms, RSS ${megabytes("VmRSS")} MB, at most ${
        megabytes("VmHWM")
      } MB`,
  );
  server.kill("SIGKILL");
  const said = await new Response(server.stderr).text();
  if (/error/i.test(said)) console.log(said);
  await server.status;

  async function verify(): Promise<number> {
    const body = new FormData();
    for (const [field, file] of [["probe", "collins"], ["reference", "collins_masked"]]) {
      body.set(field, new Blob([await Deno.readFile(photo(file))]));
    }
    const response = await fetch(`http://localhost:${PORT}/v1/verify`, { method: "POST", body });
    const { decision, detail } = await response.json();
    if (decision !== "match") throw new Error(`${name} answered ${response.status}: ${detail}`);
    return performance.now() - start;
  }
}

async function answers(path: string): Promise<boolean> {
  try {
    return (await (await fetch(`http://localhost:${PORT}${path}`)).json()).status === "ok";
  } catch {
    return false;
  }
}
