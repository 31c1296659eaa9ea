// What the condition head changes in results: faces that are not compared, children, and enrolment.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createVerifier, explainFinding, type VerifierOptions } from "../../mod.ts";
import { createGallery, createMemoryStore } from "../../src/gallery/mod.ts";
import { verificationJson } from "../../src/verify/json.ts";
import type { Verification } from "../../src/verify/result.ts";
import { createHandler } from "../../src/serve/mod.ts";
import { LIMITS, modelsWithHead, type Said } from "../heads.ts";
import { photo, testOnDevices } from "../hosts.ts";
import { ask, form, post } from "../serve/requests.ts";

async function verify(said: Said, options: VerifierOptions = {}): Promise<Verification> {
  const models = await modelsWithHead(said);
  await using verifier = await createVerifier({ device: "wasm", ...options, models });
  return await verifier.verify(photo("hopper"), photo("hopper_crop"));
}

testOnDevices("a good photo is compared, and both faces have their condition", async (device) => {
  const result = await verify({ similarity: 0.75, covering: "full" }, { device });
  assert(result.kind === "compared", result.kind);
  for (const { condition, incomparable, child, mask } of result.faces) {
    assert(Math.abs(condition!.expectedSimilarity - 0.75) < 1e-4);
    assertEquals([condition!.covering, mask!.state], ["full", "full"]);
    assertEquals([incomparable, child], [undefined, false]);
  }
  assertEquals(result.rule.measured?.situation, "both");
});

Deno.test("templates do not change by a bit when the student gets a head, mirrored or not", async () => {
  const models = await modelsWithHead({});
  for (const mirror of [false, true]) {
    await using before = await createVerifier({ device: "wasm", mirror });
    await using after = await createVerifier({ device: "wasm", mirror, models });
    const [one, other] = [
      await before.embed(photo("collins")),
      await after.embed(photo("collins")),
    ];
    assert(one.kind === "acquired" && other.kind === "acquired");
    assertEquals(one.template.embedding, other.template.embedding);
  }
});

Deno.test("below the floor nothing is compared, and the finding says why and what to do", async () => {
  const result = await verify({ similarity: 0.1, fault: "too-dark" });
  assert(result.kind === "not-compared");
  const [finding] = result.findings;
  assert(finding.kind === "not-comparable");
  assertEquals(finding.face.incomparable.causes, ["too-dark"]);
  assertEquals(finding.face.incomparable.floor, LIMITS.floor);
  const text = explainFinding(finding, "a.jpg");
  for (const part of ["a.jpg", "too dark", "0.10", "0.40", "more light"]) {
    assertStringIncludes(text, part);
  }
  const json = JSON.parse(JSON.stringify(verificationJson(result, ["a.jpg", "b.jpg"])));
  assertEquals(json.findings[0].kind, "not-comparable");
  assertEquals(json.findings[0].face.incomparable.causes, ["too-dark"]);
  assertEquals(json.score, undefined);
});

Deno.test("a caller may ask for less, or for more, than the model's floor", async () => {
  assertEquals((await verify({ similarity: 0.1 }, { minSimilarity: 0 })).kind, "compared");
  assertEquals((await verify({ similarity: 0.7 }, { minSimilarity: 0.9 })).kind, "not-compared");
});

Deno.test("two children are compared only where that is asked for", async () => {
  const result = await verify({ child: 0.9 });
  assert(result.kind === "not-compared");
  assertEquals(result.findings.map(({ kind }) => kind), ["child", "child"]);
  assert(result.findings[0].kind === "child");
  const text = explainFinding(result.findings[0], "a.jpg");
  for (const part of ["child", "90%", "29%"]) assertStringIncludes(text, part);
  const asked = await verify({ child: 0.9 }, { compareChildren: true });
  assert(asked.kind === "compared");
  assertEquals(asked.faces.map(({ child }) => child), [true, true]);
});

Deno.test("a gallery neither enrols nor seeks a face of which too little is to be seen", async () => {
  const models = await modelsWithHead({ similarity: 0.2, fault: "blurred" });
  await using verifier = await createVerifier({ device: "wasm", models });
  await using gallery = createGallery({ store: createMemoryStore(), verifier });
  const refused = await gallery.enrol("Grace", photo("hopper"));
  assert(refused.kind === "refused");
  assertEquals(refused.defects.map(({ kind }) => kind), ["incomparable"]);
  assertStringIncludes(refused.defects[0].message, "blurred");
  const sought = await gallery.identify(photo("hopper"), { threshold: 0.3 });
  assertEquals(sought.kind, "not-comparable");
  assertEquals((await gallery.enrol("Grace", photo("hopper"), { force: true })).kind, "enrolled");
});

Deno.test("the server answers 422 not-comparable, with what was found", async () => {
  const models = await modelsWithHead({ similarity: 0.2, covering: "other" });
  await using verifier = await createVerifier({ device: "wasm", models });
  await using gallery = createGallery({ store: createMemoryStore(), verifier });
  await using handler = createHandler({ verifier, gallery });
  const body = await form({ probe: "@hopper", reference: "@hopper_crop" });
  const { status, json } = await ask(handler, post("/v1/verify", body));
  assertEquals([status, json.type, json.kind], [422, "/docs#not-comparable", "not-compared"]);
  assertStringIncludes(`${json.detail}`, "it is covered");
  const sought = await ask(
    handler,
    post("/v1/identify", await form({ photo: "@hopper", threshold: "0.3" })),
  );
  assertEquals([sought.status, sought.json.type], [422, "/docs#not-comparable"]);
});
