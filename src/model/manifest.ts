// The manifest: what each model file is, how it wants its pixels, and what was measured of its scores (calibration.ts).
// models/manifest.json is data from outside, so it is checked field by field before anything relies on it.

import { ModelError } from "../errors.ts";
import type { TensorSpec } from "../backend/tensor_spec.ts";
import { type ModelCalibration, readModelCalibration } from "./calibration.ts";
import { Fields } from "./fields.ts";

/** What the manifest says about one model. */
export interface ModelEntry {
  /** Name, the key of the manifest. */
  readonly name: string;
  /** File name beside the manifest. */
  readonly file: string;
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Where the weights come from. */
  readonly origin: string;
  /** Licence and limits of use. */
  readonly license: string;
  /** Name of the network's input. */
  readonly inputName: string;
  /** Form of the network's input. */
  readonly input: TensorSpec;
  /** Whether the network takes more than one picture a run. */
  readonly batched: boolean;
  /** Names of the outputs that are used, in the order of use. */
  readonly outputs: readonly string[];
  /** Number of dimensions of the template, for embedding models. */
  readonly templateSize?: number;
  /** What was measured of an embedding model's scores, by how its templates are made. */
  readonly calibration?: ModelCalibration;
}

/** The manifest: model entries by name. */
export type Manifest = Readonly<Record<string, ModelEntry>>;

/**
 * Reads and checks a manifest.
 *
 * @param text The JSON text.
 * @param label What messages call it.
 * @returns The entries by name.
 * @throws {ModelError} If the text is not JSON or a field is missing or of the wrong kind; the field is named.
 *
 * @example
 * ```ts
 * import { parseManifest } from "@maskinv/maskinv/embed";
 *
 * console.log(Object.keys(parseManifest('{"models":{}}'))); // []
 * ```
 */
export function parseManifest(text: string, label = "manifest.json"): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelError(
      `Cannot read ${label} as it is not JSON (${
        (error as Error).message
      }): restore it from the package`,
    );
  }
  const models = new Fields(json, label).object("models");
  const entries = models.keys().map((name) => [name, readEntry(name, models.object(name))]);
  // Without a prototype, as "constructor" is a name that somebody may ask for.
  return Object.setPrototypeOf(Object.fromEntries(entries), null);
}

function readEntry(name: string, entry: Fields): ModelEntry {
  const input = entry.object("input");
  return {
    name,
    file: entry.string("file", /^[\w.-]+$/),
    sha256: entry.string("sha256", /^[0-9a-f]{64}$/),
    origin: entry.string("origin"),
    license: entry.string("license"),
    inputName: input.string("name"),
    input: {
      size: input.integer("size", 1, 4096),
      layout: input.string("layout", /^(NHWC|NCHW)$/) as TensorSpec["layout"],
      color: input.string("color", /^(RGB|BGR)$/) as TensorSpec["color"],
      mean: input.triple("mean"),
      scale: input.triple("scale"),
    },
    batched: entry.boolean("batched"),
    outputs: entry.strings("outputs"),
    templateSize: entry.has("templateSize") ? entry.integer("templateSize", 1, 65536) : undefined,
    calibration: entry.has("calibration")
      ? readModelCalibration(entry.object("calibration"))
      : undefined,
  };
}
