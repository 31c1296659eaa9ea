// Puts a cohort into a model folder: the file beside the network, and its entry into the manifest.

import { InvalidArgumentError, ModelError } from "../base/errors.ts";
import { asWriteError, writeWhole } from "../base/write_error.ts";
import { manifestJson, parseManifest } from "../model/manifest.ts";
import type { BuiltCohort } from "./build.ts";

/**
 * Writes a cohort into a model folder. Thresholds that were measured with another cohort go with it.
 *
 * @param folder The folder with `manifest.json`.
 * @param model The network's name in it.
 * @param cohort What {@linkcode buildCohort} has made.
 * @throws {ModelError} If the manifest lacks the network, or has another one of that name by now.
 * @throws {WriteError} If the folder cannot be written to.
 *
 * @example
 * ```ts ignore
 * import { buildCohort, writeCohort } from "@maskinv/maskinv/cohort";
 *
 * writeCohort("models", "student", await buildCohort("../shared/data/faces"));
 * ```
 */
export function writeCohort(folder: string, model: string, { entry, bytes }: BuiltCohort): void {
  const path = `${folder.replace(/\/$/, "")}/manifest.json`;
  if (!/^[\w.-]+$/.test(entry.file)) {
    throw new InvalidArgumentError(
      `Cannot name a cohort "${entry.file}": give the network a plain name`,
    );
  }
  try {
    const text = Deno.readTextFileSync(path), known = parseManifest(text, path);
    if (!Object.hasOwn(known, model) || known[model].sha256 !== entry.network) {
      throw new ModelError(
        `Cannot write the cohort of network ${
          entry.network.slice(0, 12)
        } into ${path} as its model "${model}" is ` +
          `${known[model]?.sha256.slice(0, 12) ?? "not there"}: build the cohort with that folder`,
      );
    }
    const json = JSON.parse(text);
    json.models[model].cohort = entry;
    const changed = manifestJson(json);
    parseManifest(changed, path);
    writeWhole(`${folder.replace(/\/$/, "")}/${entry.file}`, bytes);
    writeWhole(path, new TextEncoder().encode(changed));
  } catch (error) {
    throw asWriteError(path, error);
  }
}
