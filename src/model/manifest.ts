// The manifest: what each model file is, how it wants its pixels, and what was measured of its scores (calibration.ts).
// models/manifest.json is data from outside, so it is checked field by field before anything relies on it.

import { ModelError } from "../base/errors.ts";
import type { TensorSpec } from "../runtime/tensor_spec.ts";
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
  /** The family whose form the model has, if it was added by one (`families.ts`). */
  readonly family?: string;
  /** Whether the network's output has length 1 or any; templates have length 1 in both cases. */
  readonly output?: "raw" | "normalised";
  /** The model that this one is a smaller form of, and the form; its templates and thresholds are its own. */
  readonly variantOf?: { readonly model: string; readonly variant: Variant };
  /** What was measured of an embedding model's scores, by how its templates are made. */
  readonly calibration?: ModelCalibration;
}

/** The smaller forms of a model: integers of 8 bits, or weights of 16 bits. */
export type Variant = "uint8" | "fp16";

/** All variants. */
export const VARIANTS: readonly Variant[] = ["uint8", "fp16"];

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

/** Returns the name of the entry of a model or of its variant; throws ModelError if it has no such variant. */
export function modelName(manifest: Manifest, model = "student", variant?: Variant): string {
  if (variant === undefined) return model;
  const variants = Object.values(manifest).filter(({ variantOf }) => variantOf?.model === model);
  const found = variants.find(({ variantOf }) => variantOf!.variant === variant);
  if (found) return found.name;
  const known = variants.map(({ variantOf }) => variantOf!.variant).join(", ");
  throw new ModelError(
    `Cannot use variant "${variant}" of model "${model}" as the manifest has ${
      known ? `only ${known}` : "none"
    }: make it with quantize, or leave the variant out`,
  );
}

/** Returns whether a manifest leaves the models that it lacks, such as the face detectors, to the package's. */
export function extendsPackage(text: string): boolean {
  return (JSON.parse(text) as { extends?: unknown }).extends === "package";
}

function readEntry(name: string, entry: Fields): ModelEntry {
  const input = entry.object("input");
  // Whoever wants another distance must hear that it is not to be had, rather than get cosines.
  if (entry.has("distance")) entry.string("distance", /^cosine$/);
  if (entry.has("mirror")) entry.string("mirror", /^sum$/);
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
    family: entry.has("family") ? entry.string("family") : undefined,
    output: entry.has("output")
      ? entry.string("output", /^(raw|normalised)$/) as ModelEntry["output"]
      : undefined,
    variantOf: entry.has("variantOf") ? readVariant(entry.object("variantOf")) : undefined,
    calibration: entry.has("calibration")
      ? readModelCalibration(entry.object("calibration"))
      : undefined,
  };
}

function readVariant(fields: Fields): ModelEntry["variantOf"] {
  const variant = fields.string("variant", new RegExp(`^(${VARIANTS.join("|")})$`)) as Variant;
  return { model: fields.string("model"), variant };
}

/** Returns the text of a manifest: lists of numbers on one line each, so that changes can be read as a diff. */
export function manifestJson(json: unknown): string {
  return `${JSON.stringify(json, null, 2).replace(NUMBERS, oneLine)}\n`;
}

/** A list of nothing but numbers, spread over lines. */
const NUMBERS = /\[\s+-?\d[^\[\]{}"]*\]/g;

function oneLine(list: string): string {
  return list.replace(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]");
}
