// Typed fields of JSON that comes from outside: each is checked as it is read, and messages name the one that is wrong.
// Used for models/manifest.json.

import { ModelError } from "../base/errors.ts";

/** Reads typed fields of a JSON object and names the field that is wrong. */
export class Fields {
  readonly #object: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong("", "an object", value);
    }
    this.#object = value as Record<string, unknown>;
  }

  /** Returns the names of the fields. */
  keys(): string[] {
    return Object.keys(this.#object);
  }

  /** Returns whether a field is there. */
  has(key: string): boolean {
    return this.#object[key] !== undefined;
  }

  /** Returns a field that is an object. */
  object(key: string): Fields {
    return new Fields(this.#object[key], `${this.#path}.${key}`);
  }

  /** Returns a field that is a list of objects. */
  objects(key: string): Fields[] {
    return this.#array(key).map((value, i) => new Fields(value, `${this.#path}.${key}[${i}]`));
  }

  /** Returns a field that is a string of a form. */
  string(key: string, pattern = /./): string {
    const value = this.#object[key];
    if (typeof value === "string" && pattern.test(value)) return value;
    throw this.#wrong(key, `a string that matches ${pattern}`, value);
  }

  /** Returns a field that is a list of strings. */
  strings(key: string): string[] {
    const values = this.#array(key);
    if (values.every((value) => typeof value === "string")) return values;
    throw this.#wrong(key, "a list of strings", values);
  }

  /** Returns a field that is true or false. */
  boolean(key: string): boolean {
    const value = this.#object[key];
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "true or false", value);
  }

  /** Returns a field that is a number within limits. */
  number(key: string, min = -Infinity, max = Infinity): number {
    const value = this.#object[key];
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw this.#wrong(key, `a number from ${min} to ${max}`, value);
  }

  /** Returns a field that is a whole number within limits. */
  integer(key: string, min: number, max: number): number {
    const value = this.number(key, min, max);
    if (Number.isInteger(value)) return value;
    throw this.#wrong(key, `a whole number from ${min} to ${max}`, value);
  }

  /** Returns a field that is a list of so many numbers. */
  numbers(key: string, count: number): number[] {
    const values = this.#array(key);
    if (values.length === count && values.every((value) => Number.isFinite(value))) {
      return values as number[];
    }
    throw this.#wrong(key, `a list of ${count} numbers`, values);
  }

  /** Returns a field that is three numbers. */
  triple(key: string): [number, number, number] {
    const [first, second, third] = this.numbers(key, 3);
    return [first, second, third];
  }

  /** Returns a field that is a list of lists of so many numbers each. */
  rows(key: string, count: number): number[][] {
    const rows = this.#array(key);
    if (
      rows.every((row) =>
        Array.isArray(row) && row.length === count && row.every((value) => Number.isFinite(value))
      )
    ) return rows as number[][];
    throw this.#wrong(key, `a list of lists of ${count} numbers`, rows);
  }

  /** Returns the error for a field whose value does not do, though its type does. */
  wrong(key: string, wanted: string): ModelError {
    return this.#wrong(key, wanted, this.#object[key]);
  }

  #array(key: string): unknown[] {
    const value = this.#object[key];
    if (Array.isArray(value)) return value;
    throw this.#wrong(key, "a list", value);
  }

  #wrong(key: string, wanted: string, seen: unknown): ModelError {
    const path = key ? `${this.#path}.${key}` : this.#path;
    const shown = JSON.stringify(seen)?.slice(0, 60) ?? "nothing";
    return new ModelError(
      `Cannot use ${path} as it is ${shown} and must be ${wanted}: correct the manifest or restore it`,
    );
  }
}
