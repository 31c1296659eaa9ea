// The embedding models that an evaluation compares: of the package's folder or of others, on one engine.
// Faces are found by the package's networks for all of them, so that only the embedding differs.

import { EngineHost } from "../../pipeline/engine/host.ts";
import { FACE_MESH_MODEL } from "../../pipeline/detect/facemesh.ts";
import { DETECTOR_MODEL } from "../../pipeline/detect/run_detector.ts";
import { ModelError } from "../../base/errors.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import {
  type ModelSource,
  type ModelStore,
  openModels,
  packagedModels,
} from "../../model/model.ts";
import { checkVerifierOptions, type VerifierOptions } from "../../verify/options.ts";

/** An embedding model to evaluate. */
export interface ModelChoice {
  /** What reports call it. */
  readonly label: string;
  /** Its name in the manifest. */
  readonly name: string;
  /** Its folder; by default the package's. */
  readonly source?: ModelSource;
}

/** A model that is ready. */
export interface OpenModel {
  readonly label: string;
  readonly entry: ModelEntry;
  /** Its name on the engine, which may hold models of one name from several folders. */
  readonly network: string;
  readonly dim: number;
}

/** The models of an evaluation and the engine that they share. */
export interface ModelSet extends AsyncDisposable {
  readonly host: EngineHost;
  readonly models: readonly OpenModel[];
  /** SHA-256 of the networks that find faces, and fit masks to them. */
  readonly detection: readonly string[];
}

/**
 * Reads a model as the command line names it: `name` (of the package's folder), `folder#name`, or `folder/` (its student).
 *
 * @param text The name.
 * @returns The choice.
 *
 * @example
 * ```ts
 * import { parseModelChoice } from "@maskinv/maskinv/evaluate";
 *
 * console.log(parseModelChoice("../teacher#student").name); // student
 * ```
 */
export function parseModelChoice(text: string): ModelChoice {
  const at = text.lastIndexOf("#");
  if (at >= 0) return { label: text, name: text.slice(at + 1), source: text.slice(0, at) };
  if (/[/\\]/.test(text)) return { label: text, name: "student", source: text };
  return { label: text, name: text };
}

/** Opens models; the engine starts at the first use. */
export async function openModelSet(
  choices: readonly ModelChoice[],
  options: Pick<VerifierOptions, "device" | "threads" | "wasmBinary">,
): Promise<ModelSet> {
  checkVerifierOptions(options);
  const packaged = await openModels(packagedModels());
  const stores = new Map<string, { store: ModelStore; name: string }>();
  const models = await Promise.all(choices.map(async (choice, i): Promise<OpenModel> => {
    const store = choice.source === undefined ? packaged : await openModels(choice.source);
    const { entry } = await store.load(choice.name);
    if (entry.templateSize === undefined) {
      throw new ModelError(
        `Cannot evaluate model "${choice.label}" as the manifest gives no templateSize: ` +
          `name an embedding model`,
      );
    }
    const network = `${i}:${choice.name}`;
    stores.set(network, { store, name: choice.name });
    return {
      label: choice.label,
      entry,
      network,
      dim: entry.templateSize,
    };
  }));
  const joined: ModelStore = {
    manifest: packaged.manifest,
    load: (name) => {
      const found = stores.get(name);
      return found ? found.store.load(found.name) : packaged.load(name);
    },
    loadCohort: (name) => {
      const found = stores.get(name);
      return found ? found.store.loadCohort(found.name) : packaged.loadCohort(name);
    },
  };
  const host = new EngineHost(options.device ?? "auto", joined, options);
  return {
    host,
    models,
    detection: [DETECTOR_MODEL, FACE_MESH_MODEL].map((name) => packaged.manifest[name].sha256),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}
