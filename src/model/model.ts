// Reads a model file and checks it against the SHA-256 of the manifest.
// The only place that knows where models live; nothing is fetched unless the caller or the package is at a URL.

import { unlessAborted } from "../base/abort.ts";
import { InvalidArgumentError, MaskinvError, ModelError } from "../base/errors.ts";
import { publicName } from "../image/name.ts";
import { type Cohort, decodeCohort } from "./cohort.ts";
import { extendsPackage, type Manifest, type ModelEntry, parseManifest } from "./manifest.ts";

/**
 * Gives the bytes of a file of the model folder (`"manifest.json"`, `"student.onnx"`, ...), for hosts
 * without a file system.
 */
export type ModelReader = (file: string) => Promise<Uint8Array>;

/** Where the models are: a folder (path or URL), or a reader. */
export type ModelSource = string | URL | ModelReader;

/** A model file that has been checked against the manifest. */
export interface LoadedModel {
  readonly entry: ModelEntry;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The models of one folder. */
export interface ModelStore {
  readonly manifest: Manifest;
  /** Reads one model and compares its SHA-256 with the manifest's. */
  load(name: string): Promise<LoadedModel>;
  /**
   * Reads the cohort that a model's scores are normalised against; undefined if the model has none.
   *
   * @throws {ModelError} If the cohort is of another network, or its file is missing or corrupt.
   */
  loadCohort(name: string): Promise<Cohort | undefined>;
}

/** Returns the folder that the package ships. */
export function packagedModels(): URL {
  return new URL("../../models/", import.meta.url);
}

/**
 * Opens a model folder. Models that it lacks come from the package if its manifest says `"extends": "package"`, as
 * that of `models add` does. The signal ends the
 * reading of its files, now and later.
 *
 * @throws {ModelError} If the manifest cannot be read or is not valid.
 */
export async function openModels(
  source: ModelSource = packagedModels(),
  signal?: AbortSignal,
): Promise<ModelStore> {
  const { read, label } = modelReader(source, signal);
  const text = new TextDecoder().decode(await read("manifest.json"));
  const listed = parseManifest(text, `${label}manifest.json`);
  const base = extendsPackage(text) ? await openModels(undefined, signal) : undefined;
  const manifest: Manifest = Object.assign(Object.create(null), base?.manifest, listed);
  return {
    manifest,
    async load(name: string): Promise<LoadedModel> {
      const entry = listed[name];
      if (!entry && base && Object.hasOwn(base.manifest, name)) return await base.load(name);
      if (!entry) {
        const known = Object.keys(manifest).join(", ");
        throw new ModelError(
          `Cannot load model "${name}" as ${label}manifest.json has only ${known}: name one of these`,
        );
      }
      return { entry, bytes: await readChecked(read, label, entry) };
    },
    async loadCohort(name: string): Promise<Cohort | undefined> {
      const entry = listed[name];
      if (!entry && base && Object.hasOwn(base.manifest, name)) return await base.loadCohort(name);
      const cohort = entry?.cohort;
      if (!cohort) return undefined;
      if (cohort.network !== entry.sha256) {
        throw new ModelError(
          `Cannot use the cohort ${label}${cohort.file} as it is of the network ${
            cohort.network.slice(0, 12)
          } and ` +
            `model "${name}" is ${
              entry.sha256.slice(0, 12)
            }: build it again with models cohort, or give normalize: "none"`,
        );
      }
      const bytes = await readChecked(read, label, cohort);
      return decodeCohort(cohort, entry.templateSize ?? 0, bytes, `${label}${cohort.file}`);
    },
  };
}

/** The bytes of a file that must have the SHA-256 that the manifest says. */
async function readChecked(
  read: ModelReader,
  label: string,
  { file, sha256: wanted }: { readonly file: string; readonly sha256: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await read(file));
  const sha256 = await hashHex(bytes);
  if (sha256 === wanted) return bytes;
  throw new ModelError(
    `Cannot use ${label}${file} (${bytes.length} bytes) as its SHA-256 is ${sha256} and the manifest ` +
      `says ${wanted}: restore the file or correct the manifest`,
  );
}

function modelReader(
  source: ModelSource,
  signal?: AbortSignal,
): { read: ModelReader; label: string } {
  if (typeof source === "function") {
    return { read: (file) => guarded(file, () => source(file), signal), label: "" };
  }
  if (source instanceof URL) {
    const base = source.href.endsWith("/") ? source : new URL(`${source.href}/`);
    const label = base.protocol === "file:"
      ? decodeURIComponent(base.pathname)
      : publicName(base.href);
    const read = (file: string) => readUrl(new URL(file, base), signal);
    return { read: (file) => guarded(`${label}${file}`, () => read(file), signal), label };
  }
  if (typeof source === "string") {
    const label = source.endsWith("/") ? source : `${source}/`;
    const read = (path: string) => guarded(path, () => readPath(path, signal), signal);
    return { read: (file) => read(`${label}${file}`), label };
  }
  throw new InvalidArgumentError(
    `Cannot open models from ${typeof source}: give a folder as a path or URL, or a function that reads a file`,
  );
}

async function guarded(
  label: string,
  read: () => Promise<Uint8Array>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await unlessAborted(read(), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof MaskinvError) throw error;
    const isMissing = (error as { readonly code?: unknown }).code === "ENOENT";
    const seen = isMissing ? "there is no such file" : publicName((error as Error).message);
    throw new ModelError(
      `Cannot read ${label} as ${seen}: check the models option, and that reading is allowed`,
      { cause: error },
    );
  }
}

async function readUrl(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  if (url.protocol === "file:") return await readPath(url, signal);
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function readPath(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  return await readFile(path, { signal });
}

/** SHA-256 in hexadecimal digits. */
export async function hashHex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
