// The description that /openapi.json gives is valid OpenAPI 3.1, by a validator that is not ours, and describes what is
// answered.

import { assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import * as v from "valibot";
import { createHandler } from "../../src/serve/mod.ts";
import { openApi } from "../../src/serve/openapi.ts";
import { problemSchema } from "../../src/serve/problem.ts";
import { ROUTES } from "../../src/serve/routes.ts";
import { ask, post, SlowVerifier } from "./requests.ts";

const KEY = "0123456789abcdef";

for (const [keyed, prefix] of [[false, ""], [true, ""], [true, "/faces"]] as const) {
  Deno.test(`openapi.json is valid OpenAPI 3.1${keyed ? ", with keys" : ""} ${prefix}`, async () => {
    const validator = new Validator();
    const document = JSON.parse(JSON.stringify(openApi(keyed, prefix)));
    const { valid, errors } = await validator.validate(document);
    assertEquals([valid, errors], [true, undefined]);
    assertEquals(validator.version, "3.1");
  });
}

Deno.test("the validator of these tests refuses a document with a mistake", async () => {
  const document = JSON.parse(JSON.stringify(openApi(false)));
  document.paths["/v1/verify"].post.responses = "none";
  assertEquals((await new Validator().validate(document)).valid, false);
});

Deno.test("openapi.json asks for the fields of each route, for a key where one is needed, and lists problems", async () => {
  await using handler = createHandler({ verifier: new SlowVerifier(), keys: [KEY] });
  const { json } = await ask(handler, "/openapi.json");
  const paths = json.paths as Record<string, Record<string, Record<string, unknown>>>;
  for (const { path, request } of ROUTES) {
    const { content } = paths[path].post.requestBody as {
      content: Record<string, { schema: { properties: object; required: string[] } }>;
    };
    for (const type of ["multipart/form-data", "application/json"]) {
      const { properties, required } = content[type].schema;
      assertEquals(Object.keys(properties), Object.keys(request.entries));
      const wanted = Object.entries(request.entries).filter(([, e]) => e.type !== "optional");
      assertEquals(required, wanted.map(([name]) => name));
    }
  }
  assertEquals(paths["/health"].get.security, []);
  assertEquals((await ask(handler, "/health")).status, 200);
  assertEquals(paths["/metrics"].get.security, undefined);
  assertEquals((await ask(handler, "/metrics")).status, 401);
});

for (const prefix of ["", "/faces"]) {
  Deno.test(`problems are as their schema says, below the prefix "${prefix}"`, async () => {
    await using handler = createHandler({ verifier: new SlowVerifier(), keys: [KEY], prefix });
    const key = { "x-api-key": KEY };
    for (
      const [request, status] of [
        [post("/v1/verify", ""), 401],
        [post("/v1/verify", "", key), 415],
        [post("/v1/verify", {}, key), 400],
        [post("/v1/identify", { photo: btoa("a") }, key), 404],
        [post("/v1/detect", { photo: btoa("a") }, key), 500],
        [new Request("http://localhost/v1/verify", { headers: key }), 405],
        [new Request("http://localhost/none"), 404],
      ] as const
    ) {
      const answer = await ask(handler, request);
      assertEquals(answer.status, status);
      assertEquals(v.safeParse(problemSchema(prefix), answer.json).issues, undefined);
      assertEquals(answer.json.status, status);
    }
  });
}
