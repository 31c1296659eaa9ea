// The fields of a request: one schema per route, by which they are read, checked and documented, so that the
// documentation cannot disagree with the code. A form has texts and files where JSON has numbers and base64.

import * as v from "npm:valibot@1.5.0";
import type { Body } from "./body.ts";
import { ProblemError } from "./problem.ts";

/** What a field is to those who send it. */
export type FieldKind = "photo" | "text" | "number" | "flag";

/** A schema with its kind and what its field means. */
type Described<Schema extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [
    Schema,
    v.MetadataAction<v.InferOutput<Schema>, { readonly kind: FieldKind }>,
    v.DescriptionAction<v.InferOutput<Schema>, string>,
  ]
>;

/** The fields of a route. */
export type RequestSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** A photo: a file of a form, or base64 text. */
export function photo(help: string): Described<v.InstanceSchema<typeof File, undefined>> {
  return v.pipe(v.instance(File), v.metadata({ kind: "photo" }), v.description(help));
}

/** A text. */
export function text(help: string): Described<v.StringSchema<undefined>> {
  return v.pipe(v.string(), v.metadata({ kind: "text" }), v.description(help));
}

/** One of some texts. */
export function choice<const Options extends readonly string[]>(
  options: Options,
  help: string,
): Described<v.PicklistSchema<Options, undefined>> {
  return v.pipe(v.picklist(options), v.metadata({ kind: "text" }), v.description(help));
}

/** A number. */
export function number(help: string): Described<v.NumberSchema<undefined>> {
  return v.pipe(v.number(), v.metadata({ kind: "number" }), v.description(help));
}

/** True or false. */
export function flag(help: string): Described<v.BooleanSchema<undefined>> {
  return v.pipe(v.boolean(), v.metadata({ kind: "flag" }), v.description(help));
}

/** What the documentation says of a field. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly help: string;
  /** The texts that are allowed, if not all are. */
  readonly oneOf?: readonly string[];
}

/** The fields of a schema, in its order. */
export function fieldsOf(schema: RequestSchema): Field[] {
  return Object.entries(schema.entries).map(([name, entry]) => {
    const required = entry.type !== "optional";
    const inner = (required ? entry : (entry as unknown as { wrapped: unknown }).wrapped) as
      & v.GenericSchema
      & { readonly options?: readonly string[] };
    const { kind } = v.getMetadata(inner) as { kind: FieldKind };
    return { name, kind, required, help: v.getDescription(inner) ?? "", oneOf: inner.options };
  });
}

/**
 * Reads and checks the fields of a body.
 *
 * @throws {ProblemError} `invalid-request` if a field is missing, unknown or not of its kind.
 */
export function readFields<Schema extends RequestSchema>(
  schema: Schema,
  { kind, values }: Body,
): v.InferOutput<Schema> {
  const fields = fieldsOf(schema), known = new Map(fields.map((field) => [field.name, field]));
  for (const name of values.keys()) {
    if (known.has(name)) continue;
    throw invalid(`there is no field ${shown(name)}`, `use ${[...known.keys()].join(", ")}`);
  }
  const given: Record<string, unknown> = {};
  for (const field of fields) {
    const value = values.get(field.name) ?? undefined;
    if (value !== undefined) given[field.name] = converted(field, value, kind);
    else if (field.required) throw invalid(`there is no ${field.name}`, `send ${field.help}`);
  }
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;
  const field = known.get(String(result.issues[0].path?.[0].key))!;
  const { name, help, oneOf } = field, value = given[name];
  if (oneOf && typeof value === "string") {
    throw invalid(`${name} is ${shown(value)}`, `use one of ${oneOf.join(", ")}`);
  }
  throw invalid(`${name} is not ${WANTED[kind][field.kind]}`, `send ${help}`);
}

const REST = { text: "text", number: "a number", flag: "true or false" };
const WANTED: Record<Body["kind"], Record<FieldKind, string>> = {
  json: { photo: "base64 text", ...REST },
  form: { photo: "a file", ...REST },
};

/** A value as the schema wants it; what cannot be converted stays, and the schema refuses it. */
function converted({ name, kind }: Field, value: unknown, body: Body["kind"]): unknown {
  if (body === "json") {
    return kind === "photo" && typeof value === "string"
      ? new File([fromBase64(value, name)], name)
      : value;
  }
  // The sender's file name is dropped: messages name the field.
  if (kind === "photo") return value instanceof Blob ? new File([value], name) : value;
  if (kind === "number" && typeof value === "string" && value.trim() !== "") {
    const number = Number(value);
    return Number.isFinite(number) ? number : value;
  }
  if (kind === "flag" && (value === "true" || value === "false")) return value === "true";
  return value;
}

function fromBase64(text: string, name: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(text.replace(/^data:[^,]{0,200};base64,/, ""));
  } catch {
    throw invalid(`${name} is not base64`, "send the bytes of the file in base64");
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

function invalid(seen: string, remedy: string): ProblemError {
  return new ProblemError("invalid-request", `Cannot take the request as ${seen}: ${remedy}`);
}
