// The body of a request, read up to a limit that is counted on what arrives, whatever Content-Length says,
// and taken apart: multipart form data, or JSON with photos in base64. hono's body-limit believes Content-Length, waits
// for a body that never comes, and does not hang up on a sender who goes on.

import { unlessAborted } from "../base/abort.ts";
import { concatBytes } from "../base/concat.ts";
import { ProblemError } from "./problem.ts";

/** What a body holds, by name; pictures are `Blob`s in form data and base64 text in JSON. */
export interface Body {
  readonly kind: "json" | "form";
  readonly values: ReadonlyMap<string, unknown>;
}

/**
 * Reads the body of a request.
 *
 * @throws {ProblemError} If it is too large or too slow, of no known type, or broken.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Body> {
  const type = request.headers.get("content-type") ?? "";
  const [essence] = type.toLowerCase().split(";");
  const kind = KINDS.get(essence.trim());
  if (!kind) {
    throw new ProblemError(
      "unsupported-media-type",
      `Cannot read a body of type ${essence.trim().slice(0, 80) || "unset"}: ` +
        `send multipart/form-data or application/json`,
    );
  }
  const bytes = await readBytes(request, maxBytes, signal);
  const values = kind === "json" ? readJson(bytes) : await readForm(bytes, type);
  return { kind, values };
}

const KINDS = new Map<string, Body["kind"]>([
  ["application/json", "json"],
  ["multipart/form-data", "form"],
]);

async function readBytes(
  request: Request,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  checkLength(Number(request.headers.get("content-length")) || 0, maxBytes);
  const reader = request.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const step = await unlessAborted(reader?.read() ?? NOTHING, signal);
      if (step.done) break;
      length += step.value.length;
      checkLength(length, maxBytes);
      parts.push(step.value);
    }
  } catch (error) {
    // Frees the connection of a sender who may go on forever; it is not waited for.
    reader?.cancel().catch(() => {});
    if (!(error instanceof ProblemError)) {
      // What a host says when the connection breaks off is its own: Deno's is a BadResource.
      const cause = { cause: error };
      throw new ProblemError("client-closed", "The client has closed the connection", cause);
    }
    if (error.type !== "too-slow") throw error;
    throw new ProblemError("body-too-slow", "The body did not arrive in time: send it faster");
  }
  return concatBytes(parts);
}

const NOTHING = Promise.resolve({ done: true, value: undefined } as const);

function checkLength(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new ProblemError(
    "body-too-large",
    `Cannot take a body of more than ${maxBytes} bytes: send smaller photos`,
  );
}

/** Far more than any route has; a body of a million fields or brackets would keep the parsers busy for seconds. */
const MAX_MARKS = 1000, MAX_PARTS = 32;

function readJson(bytes: Uint8Array): Map<string, unknown> {
  let value: unknown, marks = 0;
  // Base64 has none of `,`, `:`, `[` and `{`.
  for (const byte of bytes) {
    if (byte === 0x2c || byte === 0x3a || byte === 0x5b || byte === 0x7b) marks++;
  }
  if (marks > MAX_MARKS) throw invalid("it has too many fields");
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("it is no JSON in UTF-8");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid("it is no JSON object");
  }
  return new Map(Object.entries(value));
}

async function readForm(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Map<string, unknown>> {
  let form: FormData;
  if (countParts(bytes, type) > MAX_PARTS) throw invalid("it has too many parts");
  try {
    form = await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch {
    throw invalid("it is no whole multipart form, or its boundary is not the one of Content-Type");
  }
  const values = new Map<string, unknown>();
  for (const [name, value] of form) {
    if (values.has(name)) {
      throw invalid(`the field ${JSON.stringify(name.slice(0, 80))} is there twice`);
    }
    values.set(name, value);
  }
  return values;
}

/** How often the boundary of the parts is there. */
function countParts(bytes: Uint8Array, type: string): number {
  const [, quoted, plain] = type.match(/boundary=(?:"([^"]+)"|([^;\s]+))/i) ?? [];
  const text = new TextDecoder("latin1").decode(bytes), boundary = `--${quoted ?? plain}`;
  let parts = 0;
  for (let at = text.indexOf(boundary); at >= 0 && parts <= MAX_PARTS; parts++) {
    at = text.indexOf(boundary, at + boundary.length);
  }
  return parts;
}

function invalid(seen: string): ProblemError {
  return new ProblemError(
    "invalid-request",
    `Cannot read the body as ${seen}: see the docs page for what to send`,
  );
}
