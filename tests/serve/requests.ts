// Requests for the tests of this folder, and a verifier that takes as long as it is told.

import type { Verification } from "../../src/verify/result.ts";
import type { Handler } from "../../src/serve/mod.ts";
import { photo } from "../hosts.ts";

/** The bytes of a demo photo. */
export function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(photo(name));
}

/** A form with texts and photos; a value that names a demo photo as `@name` becomes its file. */
export async function form(fields: Record<string, string>): Promise<FormData> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value.startsWith("@")) body.set(name, new Blob([await bytesOf(value.slice(1))]), "a.jpg");
    else body.set(name, value);
  }
  return body;
}

/** A POST. */
export function post(path: string, body: BodyInit | object, headers: HeadersInit = {}): Request {
  const raw = body instanceof FormData || typeof body === "string" || body instanceof Uint8Array ||
    body instanceof ReadableStream;
  const init = raw
    ? { body: body as BodyInit, headers }
    : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } };
  return new Request(`http://localhost${path}`, { method: "POST", ...init });
}

/** What a handler answers, read. */
export async function ask(
  handler: Handler,
  request: Request | string,
): Promise<{ status: number; headers: Headers; json: Record<string, unknown> }> {
  const response = await handler.fetch(
    typeof request === "string" ? new Request(`http://localhost${request}`) : request,
  );
  const { status, headers } = response;
  return { status, headers, json: await response.json() };
}

/** A verifier whose `verify` answers when it is told to. */
export class SlowVerifier {
  /** Ends the oldest call that is under way. */
  readonly finish: (() => void)[] = [];
  started = 0;

  verify(): Promise<Verification> {
    this.started++;
    const { promise, resolve } = Promise.withResolvers<Verification>();
    this.finish.push(() =>
      resolve({
        kind: "not-compared",
        findings: [{ kind: "no-face" }, { kind: "no-face" }],
        device: "wasm",
        model: { name: "none", sha256: "" },
        timings: { decode: 0, detect: 0, compare: 0, total: 0 },
      })
    );
    return promise;
  }

  detect(): never {
    throw new Error("secret of the server");
  }

  mask(): never {
    throw new Error("secret of the server");
  }
}

/** A comparison of two tiny files, for verifiers that do not look at them. */
export function smallVerify(): Request {
  return post("/v1/verify", { probe: btoa("a"), reference: btoa("b") });
}

/** Waits until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
