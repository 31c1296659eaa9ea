// The manifest: what each model file is, how it wants its pixels, and which thresholds were measured for it.
// models/manifest.json is data from outside, so it is checked field by field before anything relies on it.

import { ModelError } from "../errors.ts";
import type { TensorSpec } from "../backend/tensor_spec.ts";

/** An operating point measured on impostor comparisons that did not choose it (see tests/bench/lfw.ts). */
export interface OperatingPoint {
  /** The false match rate aimed at, such as 0.001. */
  readonly fmr: number;
  /** Comparison score (cosine) from which on a comparison is a match. */
  readonly threshold: number;
  /** False match rate seen at the threshold on data that did not choose it. */
  readonly measuredFmr: number;
  /** 95% interval of `measuredFmr`. */
  readonly interval: readonly [number, number];
  /** False non-match rate seen at the threshold on the genuine comparisons. */
  readonly fnmr: number;
}

/** Where the operating points of a model come from. */
export interface Calibration {
  /** Data set and protocol, in words. */
  readonly source: string;
  /** Number of impostor comparisons behind the false match rates. */
  readonly impostors: number;
  /** Number of genuine comparisons behind the false non-match rates. */
  readonly genuine: number;
  /** The operating points, strictest last. */
  readonly points: readonly OperatingPoint[];
}

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
  /** Measured operating points of an embedding model, by how its templates are made. */
  readonly calibration?: {
    /** Templates of the face alone. */
    readonly single?: Calibration;
    /** Templates of the face and its mirror image, added. */
    readonly mirrored?: Calibration;
  };
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
  return Object.fromEntries(
    models.keys().map((name) => [name, readEntry(name, models.object(name))]),
  );
}

function readEntry(name: string, entry: Fields): ModelEntry {
  const input = entry.object("input");
  const calibration = entry.has("calibration") ? entry.object("calibration") : undefined;
  return {
    name,
    file: entry.string("file", /^[\w.-]+$/),
    sha256: entry.string("sha256", /^[0-9a-f]{64}$/),
    origin: entry.string("origin"),
    license: entry.string("license"),
    inputName: input.string("name"),
    input: {
      size: input.number("size", 1, 4096),
      layout: input.string("layout", /^(NHWC|NCHW)$/) as TensorSpec["layout"],
      color: input.string("color", /^(RGB|BGR)$/) as TensorSpec["color"],
      mean: input.triple("mean"),
      scale: input.triple("scale"),
    },
    batched: entry.boolean("batched"),
    outputs: entry.strings("outputs"),
    templateSize: entry.has("templateSize") ? entry.number("templateSize", 1, 65536) : undefined,
    calibration: calibration && {
      single: calibration.has("single") ? readCalibration(calibration.object("single")) : undefined,
      mirrored: calibration.has("mirrored")
        ? readCalibration(calibration.object("mirrored"))
        : undefined,
    },
  };
}

function readCalibration(calibration: Fields): Calibration {
  return {
    source: calibration.string("source"),
    impostors: calibration.number("impostors", 0),
    genuine: calibration.number("genuine", 0),
    points: calibration.objects("points").map((point) => {
      const [low, high] = point.numbers("interval", 2);
      return {
        fmr: point.number("fmr", 0, 1),
        threshold: point.number("threshold", -1, 1),
        measuredFmr: point.number("measuredFmr", 0, 1),
        interval: [low, high],
        fnmr: point.number("fnmr", 0, 1),
      };
    }),
  };
}

/** Reads typed fields of a JSON object and names the field that is wrong. */
class Fields {
  readonly #object: Record<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#path = path;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong("", "an object", value);
    }
    this.#object = value as Record<string, unknown>;
  }

  keys(): string[] {
    return Object.keys(this.#object);
  }

  has(key: string): boolean {
    return this.#object[key] !== undefined;
  }

  object(key: string): Fields {
    return new Fields(this.#object[key], `${this.#path}.${key}`);
  }

  objects(key: string): Fields[] {
    return this.#array(key).map((value, i) => new Fields(value, `${this.#path}.${key}[${i}]`));
  }

  string(key: string, pattern = /./): string {
    const value = this.#object[key];
    if (typeof value === "string" && pattern.test(value)) return value;
    throw this.#wrong(key, `a string that matches ${pattern}`, value);
  }

  strings(key: string): string[] {
    const values = this.#array(key);
    if (values.every((value) => typeof value === "string")) return values;
    throw this.#wrong(key, "a list of strings", values);
  }

  boolean(key: string): boolean {
    const value = this.#object[key];
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "true or false", value);
  }

  number(key: string, least = -Infinity, most = Infinity): number {
    const value = this.#object[key];
    if (typeof value === "number" && value >= least && value <= most) return value;
    throw this.#wrong(key, `a number from ${least} to ${most}`, value);
  }

  numbers(key: string, count: number): number[] {
    const values = this.#array(key);
    if (values.length === count && values.every((value) => Number.isFinite(value))) {
      return values as number[];
    }
    throw this.#wrong(key, `a list of ${count} numbers`, values);
  }

  triple(key: string): [number, number, number] {
    const [first, second, third] = this.numbers(key, 3);
    return [first, second, third];
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
