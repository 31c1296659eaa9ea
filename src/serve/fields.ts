// The fields of a request: one table per route, from which they are read, checked and documented,
// so that the documentation cannot disagree with the code.

import type { Body } from "./body.ts";
import { ProblemError } from "./problem.ts";

/** One field of a request. */
export interface Field {
  readonly name: string;
  readonly kind: "photo" | "text" | "number" | "flag";
  readonly required?: boolean;
  /** The texts that are allowed, if not all are. */
  readonly oneOf?: readonly string[];
  readonly help: string;
}

/** The fields of a request, read; a field's getter is called with a name of its own kind. */
export interface Fields {
  photo(name: string): File;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  flag(name: string): boolean;
}

/**
 * Reads and checks the fields of a body.
 *
 * @throws {ProblemError} `invalid-request` if a field is missing, unknown or not of its kind.
 */
export function readFields(table: readonly Field[], { kind, values }: Body): Fields {
  const known = new Set(table.map(({ name }) => name));
  for (const name of values.keys()) {
    if (known.has(name)) continue;
    throw invalid(`there is no field ${shown(name)}`, `use ${[...known].join(", ")}`);
  }
  const read = new Map<string, unknown>();
  for (const field of table) {
    const value = values.get(field.name);
    if (value !== undefined && value !== null) {
      read.set(field.name, kind === "json" ? fromJson(field, value) : fromForm(field, value));
    } else if (field.required) {
      throw invalid(`there is no ${field.name}`, `send ${field.help}`);
    }
  }
  return {
    photo: (name) => read.get(name) as File,
    text: (name) => read.get(name) as string | undefined,
    number: (name) => read.get(name) as number | undefined,
    flag: (name) => read.get(name) === true,
  };
}

function fromJson(field: Field, value: unknown): unknown {
  const { name, kind } = field;
  if (kind === "photo" && typeof value === "string") {
    return new File([fromBase64(value, name)], name);
  }
  if (kind === "text" && typeof value === "string") return checkText(field, value);
  if (kind === "number" && typeof value === "number") return value;
  if (kind === "flag" && typeof value === "boolean") return value;
  const wanted = { photo: "base64 text", text: "text", number: "a number", flag: "true or false" };
  throw invalid(`${name} is not ${wanted[kind]}`, `send ${field.help}`);
}

function fromForm(field: Field, value: unknown): unknown {
  const { name, kind } = field;
  // The sender's file name is dropped: messages name the field.
  if (kind === "photo" && value instanceof Blob) return new File([value], name);
  if (typeof value === "string") {
    if (kind === "text") return checkText(field, value);
    if (kind === "number" && value.trim() !== "" && Number.isFinite(Number(value))) {
      return Number(value);
    }
    if (kind === "flag" && (value === "true" || value === "false")) return value === "true";
  }
  const wanted = { photo: "a file", text: "text", number: "a number", flag: "true or false" };
  throw invalid(`${name} is not ${wanted[kind]}`, `send ${field.help}`);
}

function checkText({ name, oneOf }: Field, value: string): string {
  if (!oneOf || oneOf.includes(value)) return value;
  throw invalid(`${name} is ${shown(value)}`, `use one of ${oneOf.join(", ")}`);
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
