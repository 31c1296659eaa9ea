import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../mod.ts";
import { createHandler, PROBLEMS } from "../../src/serve/mod.ts";
import { ask, form, post, SlowVerifier, smallVerify, until } from "./requests.ts";

const KEY = "0123456789abcdef";

Deno.test("keys: none, wrong, as bearer, as X-API-Key and as a hash", async () => {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("f".repeat(20)));
  const keys = [KEY, `sha256:${new Uint8Array(hash).toHex()}`];
  await using handler = createHandler({ verifier: new SlowVerifier(), keys });
  const cases: [Record<string, string>, number][] = [
    [{}, 401],
    [{ authorization: "Bearer " }, 401],
    [{ authorization: `Basic ${KEY}` }, 401],
    [{ authorization: `Bearer ${KEY}0` }, 401],
    [{ "x-api-key": "wrong" }, 401],
    [{ "x-api-key": keys[1] }, 401],
    [{ authorization: `Bearer ${KEY}` }, 415],
    [{ "x-api-key": KEY }, 415],
    [{ authorization: `bearer ${"f".repeat(20)}` }, 415],
  ];
  for (const [headers, status] of cases) {
    const said = await ask(handler, post("/v1/verify", "", headers));
    assertEquals(said.status, status, JSON.stringify(headers));
    if (status === 401) assertStringIncludes(said.headers.get("www-authenticate")!, "Bearer");
    assert(!JSON.stringify(said.json).includes(KEY));
  }
  assertEquals((await ask(handler, "/metrics")).status, 401);
  assertEquals((await ask(handler, "/health")).status, 200);
  assertThrows(
    () => createHandler({ verifier: new SlowVerifier(), keys: ["short"] }),
    InvalidArgumentError,
    "fewer than 16",
  );
  assertThrows(
    () => createHandler({ verifier: new SlowVerifier(), keys: [] }),
    InvalidArgumentError,
  );
});

Deno.test("hostile bodies are refused with a problem that says what to do", async () => {
  await using handler = createHandler({
    verifier: new SlowVerifier(),
    limits: { maxBodyBytes: 100_000 },
  });
  const type = { "content-type": "multipart/form-data; boundary=x" };
  const json = { "content-type": "application/json" };
  const probe = btoa("a"), reference = btoa("b");
  const twice = new FormData();
  twice.append("probe", "a");
  twice.append("probe", "b");
  const cases: [BodyInit | object, Record<string, string>, number, string][] = [
    ["hello", { "content-type": "text/plain" }, 415, "type text/plain"],
    ["hello", { "content-type": "constructor" }, 415, "type constructor"],
    ["{", json, 400, "no JSON"],
    ["[]", json, 400, "no JSON object"],
    [new Uint8Array([34, 255, 34]), json, 400, "no JSON in UTF-8"],
    ["--y\r\n", type, 400, "no whole multipart form"],
    ["", type, 400, "no whole multipart form"],
    [twice, {}, 400, '"probe" is there twice'],
    [{ probe }, {}, 400, "there is no reference"],
    [{ probe, reference, photo: "" }, {}, 400, 'no field "photo"'],
    ['{"__proto__":1}', json, 400, 'no field "__proto__"'],
    [{ probe: "%", reference }, {}, 400, "probe is not base64"],
    [{ probe: 1, reference }, {}, 400, "probe is not base64 text"],
    [{ probe, reference, fmr: "0.1" }, {}, 400, "fmr is not a number"],
    [{ probe, reference, face: "any" }, {}, 400, 'face is "any"'],
    [await form({ probe: "text", reference: "@collins_crop" }), {}, 400, "probe is not a file"],
    [new Uint8Array(100_001), json, 413, "more than 100000 bytes"],
  ];
  for (const [body, headers, status, detail] of cases) {
    const said = await ask(handler, post("/v1/verify", body, headers));
    assertEquals(said.status, status, detail);
    assertEquals(said.headers.get("content-type"), "application/problem+json");
    assertEquals(Object.keys(said.json).slice(0, 4), ["type", "title", "status", "detail"]);
    assertStringIncludes(said.json.detail as string, detail);
    assertMatch(said.json.detail as string, /: \w/);
  }
});

Deno.test("bytes are counted as they come, whatever Content-Length says", async () => {
  await using handler = createHandler({
    verifier: new SlowVerifier(),
    limits: { maxBodyBytes: 1000 },
  });
  let sent = 0, cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 100;
      controller.enqueue(new Uint8Array(100));
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const headers = { "content-type": "application/json", "content-length": "10" };
  const said = await ask(handler, post("/v1/verify", endless, headers));
  assertEquals([said.status, said.json.type], [413, "/docs#body-too-large"]);
  assert(sent < 3000 && cancelled, `${sent} bytes were read`);
});

Deno.test("random bytes in place of a form never fail the server", async () => {
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  await using handler = createHandler({ verifier: new SlowVerifier(), onError });
  const whole = new Response(await form({ probe: "@collins_crop", fmr: "1" }));
  const type = whole.headers.get("content-type")!;
  const bytes = await whole.bytes();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.uint8Array({ maxLength: 20 }),
      async (at, put) => {
        const body = bytes.slice(0, at + 1000);
        body.set(put.subarray(0, body.length - at), at);
        const { status } = await ask(handler, post("/v1/verify", body, { "content-type": type }));
        assertEquals(status, 400);
      },
    ),
    { numRuns: 60 },
  );
  assertEquals(errors, []);
});

Deno.test("bodies that would keep a parser busy are refused before they are parsed", async () => {
  await using handler = createHandler({ verifier: new SlowVerifier() });
  const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
  const json = { "content-type": "application/json" };
  const type = { "content-type": "multipart/form-data; boundary=x" };
  const cases: [string, Record<string, string>, string][] = [
    [part.repeat(250_000), type, "too many parts"],
    ["[".repeat(15e6), json, "too many fields"],
    [`{${'"a":1,'.repeat(2e6)}"b":1}`, json, "too many fields"],
  ];
  for (const [body, headers, detail] of cases) {
    const said = await ask(handler, post("/v1/verify", body, headers));
    assertEquals(said.status, 400);
    assertStringIncludes(said.json.detail as string, detail);
  }
});

Deno.test("a full queue answers 503 with Retry-After, and goes on when there is room", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, limits: { lanes: 1, queue: 1 } });
  const first = ask(handler, smallVerify()), second = ask(handler, smallVerify());
  await until(() => verifier.started === 1);
  const third = await ask(handler, smallVerify());
  assertEquals([third.status, third.json.type], [503, "/docs#overloaded"]);
  assert(Number(third.headers.get("retry-after")) >= 1);
  assertEquals(verifier.started, 1);
  verifier.finish[0]();
  assertEquals((await first).status, 200);
  await until(() => verifier.started === 2);
  verifier.finish[1]();
  assertEquals((await second).status, 200);
  const metrics = await (await handler.fetch(new Request("http://localhost/metrics"))).text();
  assertStringIncludes(metrics, 'maskinv_requests_total{route="/v1/verify",status="200"} 2');
  assertStringIncludes(metrics, 'maskinv_requests_total{route="/v1/verify",status="503"} 1');
  assertStringIncludes(metrics, 'request_seconds_bucket{le="+Inf",route="/v1/verify"} 3');
  assertStringIncludes(metrics, "maskinv_admitted_requests 0\n");
  assertMatch(metrics, /process_resident_memory_bytes \d{7,}/);
});

Deno.test("too slow: 503, and the lane stays taken until the work has ended", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, limits: { timeoutMs: 50 } });
  const late = await ask(handler, smallVerify());
  assertEquals([late.status, late.json.type], [503, "/docs#too-slow"]);
  const waiting = await ask(handler, smallVerify());
  assertEquals([waiting.status, verifier.started], [503, 1]);
  verifier.finish[0]();
  const next = ask(handler, smallVerify());
  await until(() => verifier.started === 2);
  verifier.finish[1]();
  assertEquals((await next).status, 200);
});

Deno.test("a body that never comes ends with 408, a client that goes frees its place", async () => {
  const verifier = new SlowVerifier();
  await using handler = createHandler({ verifier, limits: { timeoutMs: 200, queue: 0 } });
  const json = { "content-type": "application/json" };
  const stuck = await ask(handler, post("/v1/verify", new ReadableStream<Uint8Array>(), json));
  assertEquals([stuck.status, stuck.json.type], [408, "/docs#body-too-slow"]);
  const gone = new AbortController();
  const { body } = smallVerify();
  const request = new Request(post("/v1/verify", body!, json), { signal: gone.signal });
  const answer = ask(handler, request);
  await until(() => verifier.started === 1);
  gone.abort();
  assertEquals((await answer).status, 499);
  verifier.finish[0]();
});

Deno.test("clients that go while they send are nobody's fault, over a real connection", async () => {
  const errors: unknown[] = [];
  await using handler = createHandler({
    verifier: new SlowVerifier(),
    onError: (error) => errors.push(error),
  });
  await using server = Deno.serve({ port: 0, onListen: () => {} }, handler.fetch);
  const metrics = async (): Promise<string> =>
    await (await handler.fetch(new Request("http://localhost/metrics"))).text();
  const admitted = async (count: number): Promise<void> => {
    while (!(await metrics()).includes(`admitted_requests ${count}\n`)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const head = "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\n" +
    "Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{";
  const connection = await Deno.connect({ port: server.addr.port });
  await connection.write(new TextEncoder().encode(head));
  await admitted(1);
  connection.close();
  await admitted(0);
  assertStringIncludes(await metrics(), 'route="/v1/detect",status="499"} 1');
  assertEquals(errors, []);
});

Deno.test("the rate limit is asked with the key's name and says when to come back", async () => {
  const asked: (string | undefined)[] = [];
  await using handler = createHandler({
    verifier: new SlowVerifier(),
    keys: [KEY],
    rateLimit: (_, key) => asked.push(key) > 1 ? 7.2 : 0,
  });
  const request = (): Request => post("/v1/verify", "", { "x-api-key": KEY });
  assertEquals((await ask(handler, request())).status, 415);
  const limited = await ask(handler, request());
  assertEquals([limited.status, limited.headers.get("retry-after")], [429, "8"]);
  assertEquals(asked[0], asked[1]);
  assertMatch(asked[0]!, /^[0-9a-f]{12}$/);
});

Deno.test("closing lets what is under way end and refuses the rest", async () => {
  const verifier = new SlowVerifier();
  const handler = createHandler({ verifier });
  const first = ask(handler, smallVerify());
  await until(() => verifier.started === 1);
  let closed = false;
  const closing = handler.close().then(() => closed = true);
  const refused = await ask(handler, smallVerify());
  assertEquals([refused.status, refused.json.type], [503, "/docs#shutting-down"]);
  assertEquals((await ask(handler, "/health")).status, 503);
  assertEquals(closed, false);
  verifier.finish[0]();
  assertEquals((await first).status, 200);
  await closing;
});

Deno.test("a fault of the server is told to its operator and not to the client", async () => {
  const errors: unknown[] = [];
  await using handler = createHandler({
    verifier: new SlowVerifier(),
    onError: (error) => errors.push(error),
  });
  const said = await ask(handler, post("/v1/detect", { photo: btoa("a") }));
  assertEquals([said.status, said.json.type], [500, "/docs#internal"]);
  assert(!JSON.stringify(said.json).includes("secret"));
  assertMatch(String(errors[0]), /secret of the server/);
});

Deno.test("paths, methods, openapi.json and the docs page fit each other", async () => {
  await using handler = createHandler({ verifier: new SlowVerifier(), keys: [KEY] });
  const wrong = await ask(handler, "/v1/verify");
  assertEquals([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  assertEquals((await ask(handler, "/v2")).status, 404);
  assertEquals((await ask(handler, post("/health", ""))).status, 405);
  const { json } = await ask(handler, "/openapi.json");
  assertEquals(json.openapi, "3.1.0");
  const page = await (await handler.fetch(new Request("http://localhost/docs"))).text();
  const paths = Object.keys(json.paths as object);
  assertEquals(paths.length, 7);
  // Every answer has a schema, and every reference leads to one.
  const text = JSON.stringify(json), { schemas } = json.components as { schemas: object };
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert(Object.hasOwn(schemas, name), name);
  }
  assertEquals(Object.keys(schemas).sort(), [
    ...["Detection", "Enrolment", "Identification", "Problem", "Verification"],
  ]);
  assert(!/"content":\{"[^"]+":\{\}/.test(text));
  for (const path of paths) assertStringIncludes(page, path);
  for (const type of Object.keys(PROBLEMS)) assertStringIncludes(page, `id="${type}"`);
  for (const path of paths.filter((path) => path.startsWith("/v1/"))) {
    const { status } = await ask(handler, post(path, "", { "x-api-key": KEY }));
    assertEquals(status, 415, path);
  }
});
