// What a training of the condition head is told, checked before anything is read.

import { InvalidArgumentError } from "../../base/errors.ts";
import { type Covering, COVERINGS } from "../../pipeline/embed/condition.ts";

/** Real photos that show what covers faces, as far as that is known. */
export interface HeadPhotos {
  /** Their folder; photos without a face are left out. */
  readonly folder: string;
  /** What covers the faces: one covering, or several if it is only known to be one of them. */
  readonly coverings: readonly Covering[];
  /** Of files whose names end in a number, those with even or odd ones alone: the others are for the test. */
  readonly numbers?: "even" | "odd";
}

/** A configuration of `distill --head`. */
export interface HeadConfig {
  /** A folder that `prepare` has made. */
  readonly data: string;
  /** The student: an entry of a model folder as `folder#name`, `#student` for the package's. */
  readonly student: string;
  /** Samples to draw; 24,000 are enough. */
  readonly samples: number;
  /** Real photos beside them. */
  readonly photos?: readonly HeadPhotos[];
  /** Samples that are drawn of each real photo; by default 6. */
  readonly perPhoto?: number;
  /** Times that each sample is seen; by default 30. */
  readonly epochs?: number;
  /** Seed of everything random; by default 1. */
  readonly seed?: number;
  /** Photos of the validation split to choose the floor by; by default all. */
  readonly validatePhotos?: number;
  /** Where the student with its head, and the report, go. */
  readonly out: string;
}

/**
 * Checks a configuration of `distill --head`.
 *
 * @param value What the JSON file has.
 * @param label The file's name, for messages.
 * @returns The same.
 * @throws {InvalidArgumentError} If something is missing or not what it should be.
 *
 * @example
 * ```ts
 * import { checkHeadConfig } from "@maskinv/maskinv/distill";
 *
 * const text = Deno.readTextFileSync("src/distill/configs/head.json");
 * console.log(checkHeadConfig(JSON.parse(text), "head.json").samples > 0); // true
 * ```
 */
export function checkHeadConfig(value: unknown, label: string): HeadConfig {
  const check = (ok: boolean, what: string): void => {
    if (ok) return;
    throw new InvalidArgumentError(`Cannot train a head by ${label} as ${what}: correct the file`);
  };
  check(typeof value === "object" && value !== null, "it holds no object");
  const config = value as Partial<HeadConfig>;
  const unknown = Object.keys(config).find((name) => !KNOWN.includes(name as keyof HeadConfig));
  check(unknown === undefined, `there is no setting "${unknown}" (${KNOWN.join(", ")})`);
  for (const name of ["data", "student", "out"] as const) {
    check(typeof config[name] === "string" && config[name] !== "", `"${name}" is not a path`);
  }
  for (const name of ["samples", "perPhoto", "epochs", "validatePhotos"] as const) {
    const number = config[name];
    const isWhole = Number.isSafeInteger(number) && number! >= 1;
    check(isWhole || (number === undefined && name !== "samples"), `"${name}" is ${number}`);
  }
  const { seed = 1, photos = [] } = config;
  check(Number.isSafeInteger(seed), `"seed" is ${seed} and not a whole number`);
  check(Array.isArray(photos), `"photos" is no list`);
  for (const { folder, coverings, numbers } of photos) {
    check(typeof folder === "string", `a "folder" of "photos" is not a path`);
    const known = Array.isArray(coverings) && coverings.length > 0 &&
      coverings.every((covering) => COVERINGS.includes(covering));
    check(known, `"coverings" of ${folder} are not of ${COVERINGS.join(", ")}`);
    check(
      numbers === undefined || numbers === "even" || numbers === "odd",
      `"numbers" of ${folder} is ${numbers} and not even or odd`,
    );
  }
  return config as HeadConfig;
}

const KNOWN: readonly (keyof HeadConfig)[] = [
  "data",
  "student",
  "samples",
  "photos",
  "perPhoto",
  "epochs",
  "seed",
  "validatePhotos",
  "out",
];
