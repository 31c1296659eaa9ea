import { assertAlmostEquals, assertEquals } from "@std/assert";
import { createVerifier } from "../../mod.ts";
import { folderAssets } from "../../src/serve/mod.ts";
import { buildPage } from "../../src/serve/page/build.ts";
import { photo } from "../hosts.ts";
import { form } from "./requests.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

Deno.test("an edge host that may read nothing gives the library's score, below 512 MB", async () => {
  const folder = await Deno.makeTempDir();
  await buildPage(folder);
  const assets = await folderAssets(folder);
  await using files = Deno.serve(
    { port: 0, onListen: () => {} },
    async ({ url }) => await assets(new URL(url).pathname) ?? new Response(null, { status: 404 }),
  );
  const main = `${folder}/main.ts`;
  await Deno.writeTextFile(
    main,
    `import { createEdge } from "${ROOT}src/serve/mod.ts";
    const base = new URL("http://localhost:${files.addr.port}/");
    export default createEdge({ base, onError: console.error });`,
  );
  const options = ["--no-lock", "--config", `${ROOT}deno.json`, "--port", "0", "--allow-net"];
  const edge = new Deno.Command(Deno.execPath(), {
    args: ["serve", "--no-prompt", ...options, main],
    stdout: "inherit",
    stderr: "piped",
  }).spawn();
  const said = edge.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let heard = "", port: string | undefined;
  while (!port) {
    const { value, done } = await said.next();
    if (done) throw new Error(`deno serve ended: ${heard}`);
    heard += value;
    port = heard.match(/Listening on \S+:(\d+)/)?.[1];
  }
  try {
    const body = await form({ probe: "@collins", reference: "@collins_masked" });
    const url = `http://localhost:${port}/v1/verify`;
    const answer = await (await fetch(url, { method: "POST", body })).json();
    assertEquals(answer.kind, "compared", answer.detail);
    await using verifier = await createVerifier({ device: "wasm" });
    const own = await verifier.verify(photo("collins"), photo("collins_masked"));
    assertEquals(own.kind, "compared");
    assertAlmostEquals(answer.score, own.kind === "compared" ? own.score : NaN, 1e-6);
    const metrics = await (await fetch(`http://localhost:${port}/metrics`)).text();
    const [, bytes] = metrics.match(/process_resident_memory_bytes (\d+)/) ?? [];
    assertEquals(Number(bytes) < 512e6, true, `${bytes} bytes`);
  } finally {
    edge.kill("SIGKILL");
    await edge.status;
    await said.return?.();
    await Deno.remove(folder, { recursive: true });
  }
});
