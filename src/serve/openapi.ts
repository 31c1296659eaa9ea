// The OpenAPI 3.1 description of the server, made of the tables that it works by.

import { VERSION } from "../base/version.ts";
import type { Field } from "./fields.ts";
import { PROBLEMS, type ProblemType } from "./problem.ts";
import { type Route, ROUTES } from "./routes.ts";

/** A JSON object. */
type Json = Record<string, unknown>;

/** The two ways to send a key. */
const SCHEMES = {
  bearer: { type: "http", scheme: "bearer" },
  header: { type: "apiKey", in: "header", name: "X-API-Key" },
};

/** The document; `keyed` says whether keys are asked for. */
export function openApi(keyed: boolean): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "maskinv",
      version: VERSION,
      description:
        "Face verification that still knows you behind a mask. Photos are neither kept nor logged.",
    },
    paths: {
      ...Object.fromEntries(ROUTES.map((route) => [route.path, { post: operation(route) }])),
      "/health": plain("Whether the server takes requests", "application/json"),
      "/metrics": plain("Counters in Prometheus' text format", "text/plain"),
    },
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      ...(keyed && { securitySchemes: SCHEMES }),
    },
    ...(keyed && { security: Object.keys(SCHEMES).map((name) => ({ [name]: [] })) }),
  };
}

function operation({ path, summary, fields, answer: [status, type, meaning] }: Route): Json {
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const body = (photo: Json): Json => ({
    schema: {
      type: "object",
      required,
      additionalProperties: false,
      properties: Object.fromEntries(fields.map((field) => [field.name, schema(field, photo)])),
    },
  });
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
  return {
    summary,
    operationId: path.replace("/v1/", ""),
    requestBody: {
      required: true,
      content: {
        "multipart/form-data": body({ type: "string", format: "binary" }),
        "application/json": body({ type: "string", contentEncoding: "base64" }),
      },
    },
    responses: {
      [status]: { description: meaning, content: { [type]: {} } },
      ...Object.fromEntries(problems),
    },
  };
}

function schema({ kind, help, oneOf }: Field, photo: Json): Json {
  const types = {
    photo,
    text: { type: "string", ...(oneOf && { enum: oneOf }) },
    number: { type: "number" },
    flag: { type: "boolean" },
  };
  return { ...types[kind], description: help };
}

function titlesOf(status: number): string {
  return Object.values(PROBLEMS).filter(([code]) => code === status).map(([, title]) => title)
    .join("; ");
}

function plain(summary: string, type: string): Json {
  return {
    get: { summary, responses: { 200: { description: summary, content: { [type]: {} } } } },
  };
}

const PROBLEM_SCHEMA = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: {
      type: "string",
      enum: (Object.keys(PROBLEMS) as ProblemType[]).map((type) => `/docs#${type}`),
    },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
};
