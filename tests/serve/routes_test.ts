import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as v from "valibot";
import { ENROLMENT_JSON, IDENTIFICATION_JSON } from "../../src/gallery/json_schema.ts";
import { DETECTION_JSON, VERIFICATION_JSON } from "../../src/verify/json_schema.ts";
import { createVerifier, type Verifier } from "../../mod.ts";
import { createGallery, createMemoryStore, openThresholds } from "../../src/gallery/mod.ts";
import {
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_PIXELS,
  encodePng,
  fromPixels,
  loadImage,
} from "../../src/image/mod.ts";
import { resolveLimits } from "../../src/serve/limits.ts";
import { createHandler } from "../../src/serve/mod.ts";
import { ask, bytesOf, form, post } from "./requests.ts";

/** A test of the routes with a verifier of its own, which may neither write nor send anything. */
function test(name: string, body: (verifier: Verifier) => Promise<void>): void {
  const permissions = { read: true, env: true, sys: true } as const;
  Deno.test({
    name,
    permissions,
    fn: async () => {
      await using verifier = await createVerifier({ device: "wasm" });
      await body(verifier);
    },
  });
}

/** As base64, for JSON. */
async function base64(name: string): Promise<string> {
  return (await bytesOf(name)).toBase64();
}

test("verify answers form data and JSON alike, and as the library", async (verifier) => {
  await using handler = createHandler({ verifier });
  const asForm = await ask(
    handler,
    post(
      "/v1/verify",
      await form({ probe: "@collins", reference: "@collins_masked", fmr: "0.01" }),
    ),
  );
  assertEquals(asForm.status, 200);
  assertEquals(asForm.headers.get("cache-control"), "no-store");
  const asJson = await ask(
    handler,
    post("/v1/verify", {
      probe: await base64("collins"),
      reference: `data:image/jpeg;base64,${await base64("collins_masked")}`,
      fmr: 0.01,
      face: "largest",
    }),
  );
  const own = await verifier.verify(await bytesOf("collins"), await bytesOf("collins_masked"), {
    decision: { fmr: 0.01 },
  });
  assert(own.kind === "compared");
  for (const { json } of [asForm, asJson]) {
    assertEquals(json.kind, "compared");
    assertEquals(json.decision, own.decision);
    assertEquals(json.score, own.score);
    assertEquals((json.rule as { measured: { fmr: number } }).measured.fmr, 0.01);
    assertEquals((json.faces as { photo: string }[]).map((face) => face.photo), [
      "probe",
      "reference",
    ]);
    assert(!JSON.stringify(json).includes('mesh":['), "the mesh is not sent");
    // Under the names of the library, and as /openapi.json says.
    assertEquals(json.rule, JSON.parse(JSON.stringify(own.rule)));
    assertEquals(json.scoreFmr, own.scoreFmr);
    v.parse(VERIFICATION_JSON, json);
  }
});

test("a photo without a face is an answer, not an error", async (verifier) => {
  await using handler = createHandler({ verifier });
  const blank = (await blankPng()).toBase64();
  const body = { probe: blank, reference: await base64("collins_crop") };
  const { status, json } = await ask(handler, post("/v1/verify", body));
  assertEquals([status, json.kind], [200, "not-compared"]);
  v.parse(VERIFICATION_JSON, json);
  assertEquals((json.findings as { kind: string }[]).map(({ kind }) => kind), ["no-face", "face"]);
});

test("enrol and identify: 201, 422 with the reason, and who it is", async (verifier) => {
  const gallery = await memoryGallery(verifier);
  await using handler = createHandler({ verifier, gallery });
  const enrol = async (fields: Record<string, string>): ReturnType<typeof ask> =>
    await ask(handler, post("/v1/enrol", await form(fields)));
  const first = await enrol({ identity: "Eileen Collins", photo: "@collins" });
  assertEquals([first.status, first.json.kind], [201, "enrolled"]);
  v.parse(ENROLMENT_JSON, first.json);
  await enrol({ identity: "Grace Hopper", photo: "@hopper" });
  await enrol({ identity: "Grace Hopper", photo: "@hopper_crop", replace: "true" });
  assertEquals(await gallery.count(), { identities: 2, templates: 2 });
  const refused = await enrol({ identity: "Grace Hopper", photo: "@hopper_masked" });
  assertEquals(refused.status, 422);
  assertEquals(refused.headers.get("content-type"), "application/problem+json");
  assertEquals([refused.json.type, refused.json.kind], ["/docs#not-enrolled", "refused"]);
  assertStringIncludes(refused.json.detail as string, "wears a mask");
  assertEquals((await enrol({ identity: "\u0007", photo: "@collins" })).status, 400);
  const found = await ask(
    handler,
    post("/v1/identify", await form({ photo: "@hopper_masked", k: "1" })),
  );
  assertEquals([found.status, found.json.kind], [200, "identified"]);
  v.parse(IDENTIFICATION_JSON, found.json);
  const candidates = found.json.candidates as { identity: string }[];
  assertEquals(candidates.map(({ identity }) => identity), ["Grace Hopper"]);
  const strict = await form({ photo: "@hopper_masked", threshold: "1" });
  assertEquals((await ask(handler, post("/v1/identify", strict))).json.kind, "unknown");
  // A rate that the calibration does not support is answered by ranks; one that is none is the client's mistake.
  const rare = await form({ photo: "@collins_crop", fpir: "1e-9" });
  const ranked = await ask(handler, post("/v1/identify", rare));
  assertEquals([ranked.status, ranked.json.kind, ranked.json.fpir], [200, "ranked", 1e-9]);
  v.parse(IDENTIFICATION_JSON, ranked.json);
  const ranks = ranked.json.candidates as { identity: string; score: number; decision?: string }[];
  assertEquals([ranks[0].identity, ranks[0].decision], ["Eileen Collins", undefined]);
  const wrong = await form({ photo: "@collins_crop", fpir: "1.5" });
  assertEquals((await ask(handler, post("/v1/identify", wrong))).status, 400);
  const mistaken = await enrol({ identity: "Grace Hopper", photo: "@collins" });
  assertEquals([mistaken.status, mistaken.json.kind], [422, "doubtful"]);
  v.parse(ENROLMENT_JSON, mistaken.json);
  assertMatch(mistaken.json.detail as string, /does not look like the template of Grace Hopper/);
  assertMatch(mistaken.json.detail as string, /looks like Eileen Collins .* or send force$/);
  assertEquals(await gallery.count(), { identities: 2, templates: 2 });
  const forced = await enrol({ identity: "Grace Hopper", photo: "@collins", force: "true" });
  assertEquals([forced.status, (forced.json.doubts as unknown[]).length], [201, 2]);
});

test("without a gallery, enrol and identify say so", async (verifier) => {
  await using handler = createHandler({ verifier });
  const body = { photo: await base64("collins_crop") };
  const { status, json } = await ask(handler, post("/v1/identify", body));
  assertEquals([status, json.type], [404, "/docs#no-gallery"]);
});

test("mask answers a picture with a mask on it", async (verifier) => {
  await using handler = createHandler({ verifier });
  const body = await form({ photo: "@collins", kind: "surgical", color: "#4a7", seed: "7" });
  const response = await handler.fetch(post("/v1/mask", body));
  assertEquals([response.status, response.headers.get("content-type")], [200, "image/png"]);
  const masked = await loadImage(await response.bytes());
  const before = await loadImage(await bytesOf("collins"));
  assertEquals([masked.width, masked.height], [before.width, before.height]);
  const changed = masked.data.filter((value, i) => value !== before.data[i]).length;
  assert(changed > masked.data.length / 100, `${changed} bytes changed`);
  const none = await ask(handler, post("/v1/mask", { photo: (await blankPng()).toBase64() }));
  assertEquals([none.status, none.json.type], [422, "/docs#no-face-for-mask"]);
  for (const wrong of [{ kind: "veil" }, { color: "green" }, { seed: 0.5 }]) {
    const asked = post("/v1/mask", { photo: await base64("collins_crop"), ...wrong });
    assertEquals((await ask(handler, asked)).status, 400, JSON.stringify(wrong));
  }
});

test("detect answers the faces with landmarks", async (verifier) => {
  await using handler = createHandler({ verifier });
  const { status, json } = await ask(
    handler,
    post("/v1/detect", await form({ photo: "@collins" })),
  );
  assertEquals([status, json.width, json.height, json.device], [200, 512, 512, "wasm"]);
  const [face] = json.faces as { interEyeDistance: number; landmarks: Record<string, unknown> }[];
  assertEquals(Object.keys(face.landmarks).length, 5);
  assertEquals(json.omitted, 0);
  v.parse(DETECTION_JSON, json);
  assert(face.interEyeDistance > 20);
});

test("a photo of 17 MP is taken by default, and the limits are those of the image part", async (verifier) => {
  const { maxPixels, maxBodyBytes } = resolveLimits();
  assertEquals([maxPixels, maxBodyBytes], [DEFAULT_MAX_PIXELS, DEFAULT_MAX_BODY_BYTES]);
  assert(maxPixels > 8160 * 6144, "phones of 50 MP");
  const small = await loadImage(await bytesOf("collins"));
  const [from, side] = [new Uint32Array(small.data.buffer), 8 * small.width];
  const large = new Uint32Array(side * side);
  for (let i = 0; i < large.length; i++) {
    large[i] = from[(Math.floor(i / side) >> 3) * small.width + ((i % side) >> 3)];
  }
  const data = new Uint8ClampedArray(large.buffer);
  const photo = await encodePng({ width: side, height: side, data });
  await using handler = createHandler({ verifier });
  const { status, json } = await ask(handler, post("/v1/detect", { photo: photo.toBase64() }));
  assertEquals([status, json.width, (json.faces as unknown[]).length], [200, 4096, 1]);
});

test("hostile pictures are refused by what is in them", async (verifier) => {
  await using handler = createHandler({ verifier, limits: { maxPixels: 100_000 } });
  const whole = await bytesOf("collins_crop");
  const cases: [Uint8Array, number, string, RegExp][] = [
    [new TextEncoder().encode("<svg/>"), 422, "image-not-decodable", /^Cannot decode photo as/],
    [new Uint8Array(0), 422, "image-not-decodable", /^Cannot decode photo/],
    [whole.subarray(0, whole.length / 2), 422, "image-not-decodable", /photo/],
    [await bytesOf("collins"), 413, "image-too-large", /512x512.*: send a smaller picture$/],
  ];
  for (const [bytes, status, type, detail] of cases) {
    const said = await ask(handler, post("/v1/detect", { photo: bytes.toBase64() }));
    assertEquals([said.status, said.json.type], [status, `/docs#${type}`]);
    assertMatch(said.json.detail as string, detail);
    assert(!(said.json.detail as string).includes("maxPixels"));
  }
  // The server goes on.
  assertEquals(
    (await ask(handler, post("/v1/detect", await form({ photo: "@collins_crop" })))).status,
    200,
  );
});

async function memoryGallery(verifier: Verifier): Promise<ReturnType<typeof createGallery>> {
  const thresholds = await openThresholds();
  return createGallery({ store: createMemoryStore(), verifier, thresholds });
}

async function blankPng(): Promise<Uint8Array> {
  const data = new Uint8Array(200 * 150 * 3).fill(128);
  return await encodePng(fromPixels({ width: 200, height: 150, data }));
}
