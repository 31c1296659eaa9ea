// The OpenAPI 3.1 description of the server, made of the tables that it works by.

import { toJsonSchema } from "npm:@valibot/to-json-schema@1.8.0";
import type { GenericSchema } from "npm:valibot@1.5.0";
import { VERSION } from "../base/version.ts";
import { PROBLEMS, problemSchema } from "./problem.ts";
import { HEALTH_JSON, METRICS_TEXT, type Route, ROUTES } from "./routes.ts";

/** A JSON object. */
type Json = Record<string, unknown>;

/** The two ways to send a key. */
const SCHEMES = {
  bearer: { type: "http", scheme: "bearer" },
  header: { type: "apiKey", in: "header", name: "X-API-Key" },
};

const HEALTH = "Whether the server takes requests; no key is asked for";
const METRICS = "Counters in Prometheus' text format";

/** The document; `keyed` says whether keys are asked for, `prefix` what paths begin with. */
export function openApi(keyed: boolean, prefix = ""): Json {
  const answers = ROUTES.flatMap(({ answer }) => answer.schema ? [answer.schema] : []);
  return {
    openapi: "3.1.0",
    info: {
      title: "maskinv",
      version: VERSION,
      description:
        "Face verification that still knows you behind a mask. Photos are neither kept nor logged.",
    },
    servers: [{ url: prefix || "/" }],
    paths: {
      ...Object.fromEntries(ROUTES.map((route) => [route.path, { post: operation(route) }])),
      "/health": { get: { ...plain(HEALTH, "application/json", HEALTH_JSON), security: [] } },
      "/metrics": { get: plain(METRICS, "text/plain", METRICS_TEXT) },
    },
    components: {
      schemas: {
        Problem: jsonSchema(problemSchema(prefix)),
        ...Object.fromEntries(answers.map(([name, schema]) => [name, jsonSchema(schema)])),
      },
      ...(keyed && { securitySchemes: SCHEMES }),
    },
    ...(keyed && { security: Object.keys(SCHEMES).map((name) => ({ [name]: [] })) }),
  };
}

function operation({ path, summary, request, answer }: Route): Json {
  const { status, type, meaning, schema } = answer;
  const statuses = new Set(Object.values(PROBLEMS).map(([code]) => code));
  const problems = [...statuses].filter((code) => code !== 499 && code !== 405).map((code) => [
    code,
    {
      description: titlesOf(code),
      content: {
        "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
      },
    },
  ]);
  const answered = schema
    ? { $ref: `#/components/schemas/${schema[0]}` }
    : { type: "string", format: "binary" };
  return {
    summary,
    operationId: path.replace("/v1/", ""),
    requestBody: {
      required: true,
      content: {
        "multipart/form-data": { schema: jsonSchema(request, { format: "binary" }) },
        "application/json": { schema: jsonSchema(request, { contentEncoding: "base64" }) },
      },
    },
    responses: {
      [status]: { description: meaning, content: { [type]: { schema: answered } } },
      ...Object.fromEntries(problems),
    },
  };
}

/** A schema as JSON Schema; photos, which it cannot express, are texts of some form. */
function jsonSchema(schema: GenericSchema, photo: Json = {}): Json {
  const { $schema: _draft, ...json } = toJsonSchema(schema, {
    target: "draft-2020-12",
    errorMode: "ignore",
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      // What the fields' metadata says is for the docs page.
      const { kind: _kind, ...rest } = jsonSchema as Json;
      return valibotSchema.type === "instance" ? { ...rest, type: "string", ...photo } : rest;
    },
  });
  return json;
}

function titlesOf(status: number): string {
  return Object.values(PROBLEMS).filter(([code]) => code === status).map(([, title]) => title)
    .join("; ");
}

function plain(summary: string, type: string, schema: GenericSchema): Json {
  const answer = { description: summary, content: { [type]: { schema: jsonSchema(schema) } } };
  return { summary, responses: { 200: answer } };
}
