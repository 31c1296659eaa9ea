// The cohort of a face network: templates of many people that comparison scores are normalised against. Each row is the
// centre of several people, so that nobody's template is in the file. What the manifest says of it, and the reading of it.

import { ModelError } from "../base/errors.ts";
import { type ModelCalibration, readModelCalibration } from "./calibration.ts";
import type { Fields } from "./fields.ts";

/** How one part of a cohort was made. */
export interface CohortPart {
  /** Templates behind the centres, one a person. */
  readonly people: number;
  /** Rows of the file. */
  readonly centres: number;
}

/** What the manifest says about the cohort of a model. */
export interface CohortEntry {
  /** File name beside the manifest: rows of float16, little-endian, the bare part first. */
  readonly file: string;
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** SHA-256 of the network that made the templates; with any other one the cohort is refused. */
  readonly network: string;
  /** Where the faces come from and how the centres were made. */
  readonly origin: string;
  /** Centres of bare faces. */
  readonly bare: CohortPart;
  /** Centres of faces with drawn masks. */
  readonly masked: CohortPart;
  /** How many of a template's highest scores with the cohort count. */
  readonly nearest: number;
  /** Mean of those scores, over templates that the cohort was not made of; 50% of them bare. */
  readonly mean: number;
  /** Their standard deviation, likewise. */
  readonly deviation: number;
  /** What was measured of the normalised scores, by how templates are made. */
  readonly calibration?: ModelCalibration;
}

/** A cohort in memory. */
export interface Cohort {
  /** What the manifest says of it. */
  readonly entry: CohortEntry;
  /** Numbers per row. */
  readonly size: number;
  /** The rows, `[centres, size]`, each of length 1. */
  readonly rows: Float32Array<ArrayBuffer>;
}

/** The largest cohort file, in bytes. */
export const MAX_COHORT_BYTES: number = 2 * 2 ** 20;

/** Reads the cohort of a manifest entry; throws ModelError with the field that is wrong. */
export function readCohortEntry(fields: Fields): CohortEntry {
  const part = (name: string): CohortPart => {
    const counts = fields.object(name);
    return {
      people: counts.integer("people", 0, 1e9),
      centres: counts.integer("centres", 0, 1e6),
    };
  };
  const bare = part("bare"), masked = part("masked");
  const hash = /^[0-9a-f]{64}$/;
  return {
    file: fields.string("file", /^[\w.-]+$/),
    sha256: fields.string("sha256", hash),
    network: fields.string("network", hash),
    origin: fields.string("origin"),
    bare,
    masked,
    nearest: fields.integer("nearest", 2, bare.centres + masked.centres),
    mean: fields.number("mean", -1, 1),
    deviation: fields.number("deviation", 1e-6, 1),
    calibration: fields.has("calibration")
      ? readModelCalibration(fields.object("calibration"))
      : undefined,
  };
}

/**
 * Makes a cohort of the bytes of its file.
 *
 * @param entry What the manifest says.
 * @param size Numbers per template of the network.
 * @param bytes The file.
 * @param label What messages call it.
 * @throws {ModelError} If the file has another length, or a row of it is no template.
 */
export function decodeCohort(
  entry: CohortEntry,
  size: number,
  bytes: Uint8Array,
  label: string,
): Cohort {
  const centres = entry.bare.centres + entry.masked.centres;
  if (bytes.length !== 2 * centres * size) {
    throw new ModelError(
      `Cannot use ${label} as it has ${bytes.length} bytes and not the ${2 * centres * size} of ` +
        `${centres} x ${size} numbers: build it again with models cohort`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rows = new Float32Array(centres * size);
  for (let i = 0; i < rows.length; i++) rows[i] = halfToFloat(view.getUint16(2 * i, true));
  for (let start = 0; start < rows.length; start += size) {
    const row = rows.subarray(start, start + size);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (!(Math.abs(squares - 1) < 0.01)) {
      throw new ModelError(
        `Cannot use ${label} as its row ${start / size} has a sum of squares of ${squares}: ` +
          `build it again with models cohort`,
      );
    }
    // What rounding to 16 bits has taken.
    const gain = 1 / Math.sqrt(squares);
    for (let k = 0; k < size; k++) row[k] *= gain;
  }
  return { entry, size, rows };
}

/**
 * The bytes of a cohort file.
 *
 * @param rows Centres of length 1, one after the other.
 * @returns Float16, little-endian.
 */
export function encodeCohort(rows: Float32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * rows.length)) as DataView<ArrayBuffer> & {
    setFloat16(at: number, value: number, littleEndian: boolean): void;
  };
  rows.forEach((value, i) => view.setFloat16(2 * i, value, true));
  return new Uint8Array(view.buffer);
}

/** IEEE 754's binary16 as a number; DataView.getFloat16 is not in every browser yet. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
