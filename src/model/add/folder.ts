// The user's model folder: a manifest that leaves what it lacks to the package, and the files of the models beside it.
// Every change of the manifest goes by way of a draft beside it, so that it is never half-written.

import { ModelError } from "../../base/errors.ts";
import { asWriteError, writeWhole } from "../../base/write_error.ts";
import { type Manifest, manifestJson, type ModelEntry, parseManifest } from "../manifest.ts";
import { hashHex } from "../model.ts";

/** The folder that `models` uses unless another is given, in the folder where it is run. */
export const DEFAULT_FOLDER = "maskinv-models";

/** Returns what JSON keeps of an entry: the descriptor of its family, spelled out. */
export function entryJson(entry: ModelEntry): Record<string, unknown> {
  const { name: _, inputName, input, ...rest } = entry;
  return { ...rest, input: { name: inputName, ...input }, mirror: "sum", distance: "cosine" };
}

interface ManifestJson {
  extends?: string;
  models: Record<string, unknown>;
}

/** Returns the folder's own models; none if it has no manifest yet. */
export async function readFolder(folder: string): Promise<Manifest> {
  const text = await manifestText(folder);
  return text === undefined ? {} : parseManifest(text, manifestPath(folder));
}

/** Adds or replaces an entry of the manifest, or takes it out; makes the folder if needed. */
export async function changeFolder(
  folder: string,
  name: string,
  json: Record<string, unknown> | undefined,
): Promise<void> {
  const path = manifestPath(folder);
  try {
    await Deno.mkdir(folder, { recursive: true });
    const text = await manifestText(folder);
    const manifest: ManifestJson = text === undefined
      ? { extends: "package", models: {} }
      : JSON.parse(text);
    if (json) manifest.models[name] = json;
    else delete manifest.models[name];
    const changed = manifestJson(manifest);
    parseManifest(changed, path);
    writeWhole(path, changed);
  } catch (error) {
    throw asWriteError(path, error);
  }
}

/** A model of the folder and what its file is like. */
export interface Checked {
  readonly entry: ModelEntry;
  /** Size of the file in bytes; 0 if it is missing. */
  readonly bytes: number;
  /** What is wrong with the file, if anything. */
  readonly fault?: string;
}

/** Compares the files of a folder with its manifest. */
export async function checkFolder(folder: string): Promise<Checked[]> {
  const checked: Checked[] = [];
  for (const entry of Object.values(await readFolder(folder))) {
    try {
      const bytes = await Deno.readFile(`${folder}/${entry.file}`);
      const sha256 = await hashHex(bytes);
      const fault = sha256 === entry.sha256
        ? undefined
        : `its SHA-256 is ${sha256} and the manifest says ${entry.sha256}`;
      checked.push({ entry, bytes: bytes.length, fault });
    } catch (error) {
      checked.push({ entry, bytes: 0, fault: (error as Error).message });
    }
  }
  return checked;
}

/** Takes a model out of the folder: first out of the manifest, so that no entry is without its file. */
export async function removeModel(folder: string, name: string): Promise<void> {
  const models = await readFolder(folder), entry = models[name];
  if (!entry) {
    throw new ModelError(
      `Cannot remove "${name}" as ${manifestPath(folder)} has ${
        Object.keys(models).join(", ") || "no models"
      }: name one of these`,
    );
  }
  await changeFolder(folder, name, undefined);
  try {
    await Deno.remove(`${folder}/${entry.file}`);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw new ModelError(
      `Cannot remove ${folder}/${entry.file} as ${
        (cause as Error).message
      }: remove the file yourself`,
      { cause },
    );
  }
}

function manifestPath(folder: string): string {
  return `${folder}/manifest.json`;
}

async function manifestText(folder: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(manifestPath(folder));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new ModelError(
      `Cannot read ${manifestPath(folder)} as ${(cause as Error).message}: check the permissions`,
      { cause },
    );
  }
}
