// What browsers and proxies ask of a server beside its routes: CORS, ETag, compression, HEAD, a prefix.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../mod.ts";
import { createHandler, folderAssets, type Handler } from "../../src/serve/mod.ts";
import { ask, post, SlowVerifier } from "./requests.ts";

const ORIGIN = "https://app.example.com";

async function get(handler: Handler, path: string, init: RequestInit = {}): Promise<Response> {
  return await handler.fetch(new Request(`http://localhost${path}`, init));
}

Deno.test("CORS is off by default and lets in the origins of the list alone", async () => {
  const verifier = new SlowVerifier();
  await using closed = createHandler({ verifier });
  await using open = createHandler({ verifier, origins: [ORIGIN] });
  const preflight = { method: "OPTIONS", headers: preflightHeaders(ORIGIN) };
  assertEquals((await get(closed, "/v1/verify", preflight)).headers.has(ALLOW), false);
  const allowed = await get(open, "/v1/verify", preflight);
  assertEquals([allowed.status, allowed.headers.get(ALLOW)], [204, ORIGIN]);
  assertMatch(allowed.headers.get("access-control-allow-headers")!, /x-api-key/);
  const other = { method: "OPTIONS", headers: preflightHeaders("https://evil.example.com") };
  assertEquals((await get(open, "/v1/verify", other)).headers.has(ALLOW), false);
  // Also on an error, which the page could not read otherwise.
  const wrong = await ask(open, post("/v1/verify", "", { origin: ORIGIN }));
  assertEquals([wrong.status, wrong.headers.get(ALLOW)], [415, ORIGIN]);
  for (const bad of ["example.com", "https://example.com/", "https://example.com/a", ""]) {
    assertThrows(() => createHandler({ verifier, origins: [bad] }), InvalidArgumentError, "origin");
  }
});

const ALLOW = "access-control-allow-origin";

function preflightHeaders(origin: string): HeadersInit {
  return { origin, "access-control-request-method": "POST" };
}

Deno.test("files: an ETag and 304, compression if asked for, HEAD with the length and no body", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const text = "body { color: red }\n".repeat(500);
    await Deno.writeTextFile(`${folder}/style.css`, text);
    await Deno.writeTextFile(`${folder}/index.html`, "<h1>page</h1>");
    await Deno.writeFile(`${folder}/net.onnx`, new Uint8Array(50_000));
    await Deno.writeTextFile(`${folder}/secret.key`, "0123");
    await Deno.writeTextFile(`${folder}/.env`, "KEY=1");
    const assets = await folderAssets(folder);
    await using handler = createHandler({ verifier: new SlowVerifier(), assets });
    await using server = Deno.serve({ port: 0, onListen: () => {} }, handler.fetch);
    const at = `http://localhost:${server.addr.port}`;
    const plain = await fetch(`${at}/style.css`, { headers: { "accept-encoding": "identity" } });
    const etag = plain.headers.get("etag")!;
    assertEquals(await plain.text(), text);
    assertEquals(plain.headers.get("content-length"), `${text.length}`);
    const again = await fetch(`${at}/style.css`, { headers: { "if-none-match": etag } });
    assertEquals([again.status, await again.text()], [304, ""]);
    await Deno.writeTextFile(`${folder}/style.css`, `${text} `);
    const changed = await fetch(`${at}/style.css`, { headers: { "if-none-match": etag } });
    assertEquals([changed.status, (await changed.text()).length], [200, text.length + 1]);

    for (const path of ["/style.css", "/net.onnx", "/openapi.json"]) {
      const packed = await get(handler, path, { headers: { "accept-encoding": "gzip" } });
      assertEquals(packed.headers.get("content-encoding"), "gzip", path);
      const bytes = await packed.bytes();
      const whole = await (await get(handler, path)).arrayBuffer();
      const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      assertEquals(await new Response(unpacked).arrayBuffer(), whole);
      assert(bytes.length < whole.byteLength / 2, path);
    }
    for (const path of ["/", "/docs"]) {
      const whole = await (await fetch(`${at}${path}`)).bytes();
      const head = await fetch(`${at}${path}`, { method: "HEAD" });
      assertEquals([head.status, head.headers.get("content-length")], [200, `${whole.length}`]);
      assertEquals((await head.bytes()).length, 0);
    }
    for (const path of ["/secret.key", "/.env", "/../style.css.bak", "/%2e%2e/x.css"]) {
      const missing = await get(handler, path);
      assertEquals(missing.status, 404, path);
      await missing.body?.cancel();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("below a prefix: links lead there, whether the proxy takes it away or not", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, prefix: "/faces" });
  for (const path of ["/faces/v1/verify", "/v1/verify"]) {
    const { status, json } = await ask(handler, post(path, ""));
    assertEquals([status, json.type], [415, "/faces/docs#unsupported-media-type"]);
  }
  const docs = await (await get(handler, "/faces/docs")).text();
  assertMatch(docs, /href="openapi.json"/);
  assertMatch(docs, /this-server\/faces\/v1\/verify/);
  const { json } = await ask(handler, "/faces/openapi.json");
  assertEquals(json.servers, [{ url: "/faces" }]);
  assertEquals((await ask(handler, "/facesx/health")).status, 404);
  for (const bad of ["faces", "/faces/", "/a b", "//"]) {
    assertThrows(() => createHandler({ verifier, prefix: bad }), InvalidArgumentError, "below");
  }
});
