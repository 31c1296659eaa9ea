// Galleries as text, to move them between stores: JSON Lines with a head that names the model, a line per identity,
// and a foot by which a file that was cut or changed by accident is known. Not encrypted.

import { MaskinvError } from "../base/errors.ts";
import { type Normalization, Template } from "../pipeline/score/template.ts";
import { GalleryCorruptError } from "./errors.ts";
import {
  checkEntries,
  type GalleryCount,
  type GalleryEntry,
  type GalleryModel,
  type GalleryStore,
  type PutMode,
} from "./store.ts";

/** Version 1 had no normalisations, and is read as well. */
const FORMAT = "maskinv-gallery", VERSION = 2;

/** Refuses, by throwing, templates of a model that is not wanted. */
export type ModelCheck = (model: GalleryModel) => void | Promise<void>;

/** The first line. */
interface Head {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly model: GalleryModel | null;
}

/** The lines between; embeddings as base64 of little-endian float32. */
interface Line {
  readonly identity: string;
  readonly templates: readonly string[];
  /** What normalised scores of the templates take, in their order; absent if none of them has it. */
  readonly normalizations?: readonly (Normalization | null)[];
}

/** The last line. */
interface Foot extends GalleryCount {
  /** SHA-256 chained over the lines: of the digest so far and the line. */
  readonly sha256: string;
}

/**
 * Writes a store as text.
 *
 * @param store The store.
 * @returns The lines, without line ends.
 *
 * @example
 * ```ts
 * import { createMemoryStore, exportStore } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using store = createMemoryStore();
 * await store.put([{ identity: "ann", templates: [new Template([1, 0], "my-model")] }], "add");
 * const lines = await Array.fromAsync(exportStore(store));
 * console.log(lines[1]); // {"identity":"ann","templates":["AACAPwAAAAA="]}
 * ```
 */
export async function* exportStore(store: GalleryStore): AsyncGenerator<string, void, void> {
  const chain = new Chain();
  const head: Head = { format: FORMAT, version: VERSION, model: await store.model() ?? null };
  yield await chain.add(JSON.stringify(head));
  let identities = 0, count = 0;
  for await (const { identity, templates } of store.entries()) {
    identities++;
    count += templates.length;
    const isNormalized = templates.some(({ normalization }) => normalization);
    const line: Line = {
      identity,
      templates: templates.map(toBase64),
      ...(isNormalized && {
        normalizations: templates.map(({ normalization }) => normalization ?? null),
      }),
    };
    yield await chain.add(JSON.stringify(line));
  }
  const foot: Foot = { identities, templates: count, sha256: chain.hex };
  yield JSON.stringify(foot);
}

/**
 * Puts what {@linkcode exportStore} wrote into a store: all of it or, on an error, nothing.
 *
 * @param store The store.
 * @param lines The lines, without line ends; empty ones are skipped.
 * @param mode Whether the templates of an identity that the store has come beside its own or in their place.
 * @param accept Asked before anything is put in; what it throws is passed on.
 * @returns How much was put in.
 * @throws {GalleryCorruptError} If the text is cut or changed, or of another format or version.
 * @throws {TemplateMismatchError} If the store holds templates of another model.
 *
 * @example
 * ```ts
 * import { createMemoryStore, exportStore, importStore } from "@maskinv/maskinv/gallery";
 * import { Template } from "@maskinv/maskinv/score";
 *
 * await using from = createMemoryStore(), to = createMemoryStore();
 * await from.put([{ identity: "ann", templates: [new Template([1, 0], "my-model")] }], "add");
 * console.log(await importStore(to, exportStore(from), "add")); // { identities: 1, templates: 1 }
 * ```
 */
export async function importStore(
  store: GalleryStore,
  lines: AsyncIterable<string> | Iterable<string>,
  mode: PutMode,
  accept: ModelCheck = () => {},
): Promise<GalleryCount> {
  const chain = new Chain();
  const entries: GalleryEntry[] = [];
  let model: GalleryModel | null | undefined, foot: Foot | undefined, number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    if (foot) throw corrupt(number, "it follows the last line");
    const json = parse(line, number);
    if (model === undefined) model = readHead(json, number);
    else if ("sha256" in json) foot = json as unknown as Foot;
    else entries.push(readEntry(json, model, number));
    if (!foot) await chain.add(line);
  }
  const templates = entries.reduce((sum, entry) => sum + entry.templates.length, 0);
  if (foot?.sha256 !== chain.hex) {
    throw corrupt(
      number,
      foot ? "its checksum is not that of the lines" : "the file ends before its last line",
    );
  }
  checkEntries(entries, await store.model());
  if (model) await accept(model);
  await store.put(entries, mode);
  return { identities: entries.length, templates };
}

function readHead(json: Record<string, unknown>, number: number): GalleryModel | null {
  const { format, version, model } = json as unknown as Head;
  if (format !== FORMAT || !(version >= 1 && version <= VERSION)) {
    throw corrupt(number, `it is no ${FORMAT} of version 1 to ${VERSION}`);
  }
  if (model === null) return null;
  if (typeof model?.model === "string" && Number.isInteger(model.size)) return model;
  throw corrupt(number, "it names no model");
}

function readEntry(
  json: Record<string, unknown>,
  model: GalleryModel | null,
  number: number,
): GalleryEntry {
  const { identity, templates, normalizations } = json as unknown as Line;
  try {
    return {
      identity,
      templates: templates.map((text, i) => {
        const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        const embedding = new Float32Array(bytes.buffer);
        if (embedding.length !== model?.size) throw new Error(`it has ${embedding.length} numbers`);
        return new Template(embedding, model.model, readNormalization(normalizations?.[i]));
      }),
    };
  } catch (error) {
    const why = error instanceof MaskinvError ? error.message : (error as Error).message;
    throw corrupt(number, `its templates cannot be read (${why})`, error);
  }
}

/** What a line says of one template; a line that was not written by `exportStore` must not bring NaN into a search. */
function readNormalization(json: Normalization | null | undefined): Normalization | undefined {
  if (!json) return undefined;
  const { cohort, gain, offset } = json;
  if (typeof cohort === "string" && Number.isFinite(gain) && Number.isFinite(offset)) {
    return { cohort, gain, offset };
  }
  throw new Error("a normalisation has no cohort, gain or offset");
}

function parse(line: string, number: number): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch {
    // Said below, as for JSON that is no object.
  }
  throw corrupt(number, "it is no JSON object");
}

function corrupt(line: number, why: string, cause?: unknown): GalleryCorruptError {
  return new GalleryCorruptError(
    `Cannot import line ${line} as ${why}: export the gallery again`,
    { cause },
  );
}

function toBase64({ embedding }: Template): string {
  const { buffer, byteOffset, byteLength } = embedding;
  return btoa(String.fromCharCode(...new Uint8Array(buffer, byteOffset, byteLength)));
}

/** A checksum of lines that come one by one; WebCrypto hashes only what is there as a whole. */
class Chain {
  #digest = new Uint8Array(32);

  async add(line: string): Promise<string> {
    const text = new TextEncoder().encode(line);
    const bytes = new Uint8Array(32 + text.length);
    bytes.set(this.#digest);
    bytes.set(text, 32);
    this.#digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return line;
  }

  get hex(): string {
    return Array.from(this.#digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
