// Requests from strangers: bodies of both kinds, cut, changed, and with fields of every sort, up to the decoder.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { loadImage } from "../../src/image/mod.ts";
import type { ImageInput } from "../../src/image/image.ts";
import { createHandler, type Handler } from "../../src/serve/mod.ts";
import { type Field, fieldsOf } from "../../src/serve/fields.ts";
import { ROUTES } from "../../src/serve/routes.ts";
import { completeMaskOptions, type MaskOptions } from "../../src/mask/kinds.ts";
import type { PhotoOptions } from "../../src/verify/options.ts";
import type { Detection, MaskedPhoto, Verification } from "../../src/verify/result.ts";
import { fixture } from "../image/fixtures.ts";
import { breakFile, broken } from "./mutate.ts";
import { jsonMutations, mutateJson } from "./mutate_json.ts";
import { fuzzTarget } from "./target.ts";

const BOUNDARY = "----maskinv";
const PATHS = ROUTES.map(({ path }) => path);

/** Decodes what it is given and finds nothing: the networks are fuzzed elsewhere. */
class Decoder {
  async verify(a: ImageInput, b: ImageInput, options: PhotoOptions): Promise<Verification> {
    for (const input of [a, b]) await loadImage(input, options);
    return {
      kind: "not-compared",
      findings: [{ kind: "no-face" }, { kind: "no-face" }],
      device: "wasm",
      model: { name: "none", sha256: "" },
      timings: { decode: 0, detect: 0, compare: 0, total: 0 },
    };
  }

  async detect(input: ImageInput, options: PhotoOptions): Promise<Detection> {
    const { width, height } = await loadImage(input, options);
    return { width, height, faces: [], omitted: 0, device: "wasm" };
  }

  async mask(input: ImageInput, mask: MaskOptions, options: PhotoOptions): Promise<MaskedPhoto> {
    completeMaskOptions(mask);
    const image = await loadImage(input, options), { width, height } = image;
    return { image, masked: 0, width, height, faces: [], omitted: 0, device: "wasm" };
  }
}

/** A server, which must answer whatever comes, and never with a fault of its own. */
function start(): Handler {
  return createHandler({
    verifier: new Decoder(),
    limits: { maxBodyBytes: 1e6, maxPixels: 1e6 },
    onError: (error) => {
      throw error;
    },
  });
}

async function answer(handler: Handler, path: string, body: BodyInit, type: string): Promise<void> {
  const request = new Request(`http://localhost${path}`, {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
  const response = await handler.fetch(request);
  const said = await response.json();
  assertEquals(response.status < 500, true, `${response.status}: ${said.detail}`);
  if (response.status >= 400) assertEquals(typeof said.title, "string");
}

function fieldsOfPath(path: string): readonly Field[] {
  return fieldsOf(ROUTES.find((route) => route.path === path)!.request);
}

/** Every field that a route has, filled. */
function whole(path: string): FormData {
  const form = new FormData(), photo = new Blob([fixture("grey.jpg")]);
  for (const { name, kind, oneOf } of fieldsOfPath(path)) {
    if (kind === "photo") form.set(name, photo, "a.jpg");
    else if (kind === "number") form.set(name, "0.001");
    else if (kind === "flag") form.set(name, "true");
    else form.set(name, oneOf?.[0] ?? "ann");
  }
  return form;
}

const forms = fuzzTarget("http-form", 500, async () => {
  const corpus = await Promise.all(PATHS.map(async (path) => {
    const response = new Response(whole(path));
    const [, boundary] = response.headers.get("content-type")!.split("boundary=");
    const text = new TextDecoder("latin1").decode(await response.arrayBuffer());
    const own = text.replaceAll(boundary, BOUNDARY);
    return Uint8Array.from(own, (character) => character.charCodeAt(0));
  }));
  const type = fc.constantFrom(
    ...Array(6).fill(`multipart/form-data; boundary=${BOUNDARY}`),
    "multipart/form-data",
    'multipart/form-data; boundary="--"',
  );
  const arbitrary = fc.record({ broken: broken(corpus.length), type });
  return { arbitrary, state: { corpus, handler: start() } };
}, async ({ broken, type }, { corpus, handler }) => {
  await answer(handler, PATHS[broken.file], breakFile(corpus, broken), type);
});

/** Fields of every sort in a whole form. */
const fields = fuzzTarget("http-fields", 200, () => {
  const path = fc.constantFrom(...PATHS);
  const texts = fc.dictionary(
    fc.oneof(
      fc.constantFrom(
        ...ROUTES.flatMap(({ request }) => fieldsOf(request).map(({ name }) => name)),
      ),
      fc.string({ maxLength: 8 }),
    ),
    fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.double().map(String)),
    { maxKeys: 3 },
  );
  return Promise.resolve({ arbitrary: fc.record({ path, texts }), state: start() });
}, async ({ path, texts }, handler) => {
  const form = whole(path);
  for (const [name, value] of Object.entries(texts)) form.set(name, value);
  const response = new Response(form);
  const type = response.headers.get("content-type")!;
  await answer(handler, path, await response.arrayBuffer(), type);
});

const json = fuzzTarget("http-json", 400, () => {
  const path = fc.constantFrom(...PATHS);
  const arbitrary = fc.record({ path, mutations: jsonMutations });
  return Promise.resolve({ arbitrary, state: start() });
}, async ({ path, mutations }, handler) => {
  const body: Record<string, unknown> = {};
  for (const { name, kind, oneOf } of fieldsOfPath(path)) {
    if (kind === "photo") body[name] = fixture("grey.jpg").toBase64();
    else if (kind === "number") body[name] = 0.001;
    else if (kind === "flag") body[name] = true;
    else body[name] = oneOf?.[0] ?? "ann";
  }
  const text = JSON.stringify(mutateJson(body, mutations)) ?? "";
  await answer(handler, path, text, "application/json");
});

const jsonBytes = fuzzTarget("http-json-bytes", 150, () => {
  const text = `{"probe":"${fixture("grey.jpg").toBase64()}","fmr":0.01,"face":"only"}`;
  const state = { handler: start(), corpus: [new TextEncoder().encode(text)] };
  return Promise.resolve({ arbitrary: broken(1), state });
}, async (input, { handler, corpus }) => {
  await answer(handler, "/v1/verify", breakFile(corpus, input), "application/json");
});

/** The targets of this file. */
export const serveTargets = [forms, fields, json, jsonBytes];
