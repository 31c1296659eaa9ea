// The configuration of a detector's training, as src/distill/configs/detector.json has it.

import { InvalidArgumentError } from "../../base/errors.ts";
import { type FileNumbers, isFileNumbers } from "./photos.ts";

/** A training of the detector. */
export interface DetectorConfig {
  /** Folder of the shards that `prepare` made. */
  readonly data: string;
  /** The network whose numbers the training begins with: YuNet as `convert` makes it of the published file, or one trained. */
  readonly start: string;
  /** The published YuNet, which says what is wanted; by default the start. */
  readonly teacher?: string;
  /** Where checkpoint and detector go. */
  readonly out: string;
  /** The seed of everything random, a whole number from 0 to 4294967295. */
  readonly seed: number;
  /** Share of the pairs with a mask, 0..1; the others have sunglasses, a scarf, a hand or the like. */
  readonly maskShare: number;
  /** Share of the pairs whose photo is continued where the crop reaches over its border, 0..1. */
  readonly surroundShare: number;
  /** Share of the pictures with faces from 9 pixels of width on, 0..1; all others have them from 24 on. */
  readonly smallShare: number;
  /** Share of the pictures with a roll that is drawn evenly within 50 degrees to both sides, 0..1. */
  readonly rolledShare: number;
  /**
   * Share of the pictures with a roll of 62 to 298 degrees, 0..1; with `rolledShare` no more than 1. All others are
   * nearly upright, with a standard deviation of 11 degrees.
   */
  readonly turnedShare: number;
  /** Share of the pictures that are black outside a tight cut around the face, 0..1. */
  readonly tightShare: number;
  /** Weight of bare pictures in the loss beside 1 of the masked ones, 0..10: more keeps the points of bare faces nearer. */
  readonly cleanWeight: number;
  /**
   * Folders of whole photos without labels; a photo is shown for every three pairs, as it is, and the published network
   * says what is on it. By default none.
   */
  readonly photos?: readonly string[];
  /** Which of the photos are shown, by the number that their file names end with; the others stay for tests. By default all. */
  readonly photoNumbers?: FileNumbers;
  /** Pairs per step. */
  readonly batch: number;
  /** Steps in all. */
  readonly steps: number;
  /** The highest learning rate; it rises evenly, then falls as half a cosine to 0. */
  readonly rate: number;
  /** Steps in which the rate rises. */
  readonly warmUp: number;
  /** Share of the running mean of the numbers that is kept per step, below 1; the mean is what is written. */
  readonly average: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Pairs of the validation split on which the detector is measured. */
  readonly heldOut: number;
}

type NameOf<T> = { [K in keyof DetectorConfig]-?: DetectorConfig[K] extends T ? K : never }[
  keyof DetectorConfig
];

const PATHS = ["data", "start", "out"] as const satisfies readonly (keyof DetectorConfig)[];
const OPTIONAL = [
  "teacher",
  "photos",
  "photoNumbers",
] as const satisfies readonly (keyof DetectorConfig)[];
/** The least and the most of each number, and whether it is a whole one. */
const NUMBERS: Readonly<Record<NameOf<number>, readonly [number, number, "whole" | "any"]>> = {
  seed: [0, 2 ** 32 - 1, "whole"],
  maskShare: [0, 1, "any"],
  surroundShare: [0, 1, "any"],
  smallShare: [0, 1, "any"],
  rolledShare: [0, 1, "any"],
  turnedShare: [0, 1, "any"],
  tightShare: [0, 1, "any"],
  cleanWeight: [0, 10, "any"],
  batch: [1, 1024, "whole"],
  steps: [1, 1e9, "whole"],
  rate: [0, 1, "any"],
  warmUp: [0, 1e9, "whole"],
  average: [0, 1 - Number.EPSILON, "any"],
  checkpointEvery: [1, 1e9, "whole"],
  heldOut: [1, 1e6, "whole"],
};

/**
 * Checks the configuration of a detector's training.
 *
 * @param value What the JSON file has.
 * @param label The file's name, for messages.
 * @returns The same.
 * @throws {InvalidArgumentError} If something is missing, not what it should be, or of no known name.
 *
 * @example
 * ```ts
 * import { checkDetectorConfig } from "@maskinv/maskinv/distill";
 *
 * const text = Deno.readTextFileSync("src/distill/configs/detector.json");
 * console.log(checkDetectorConfig(JSON.parse(text), "detector.json").maskShare); // 0.93
 * ```
 */
export function checkDetectorConfig(value: unknown, label: string): DetectorConfig {
  const check = (ok: boolean, what: string): void => {
    if (ok) return;
    throw new InvalidArgumentError(
      `Cannot train a detector by ${label} as ${what}: correct the file`,
    );
  };
  check(
    typeof value === "object" && value !== null && !Array.isArray(value),
    "it holds no object",
  );
  const config = value as DetectorConfig;
  for (const name of PATHS) {
    check(typeof config[name] === "string" && config[name] !== "", `"${name}" is no path`);
  }
  for (const [name, [min, max, kind]] of Object.entries(NUMBERS)) {
    const number: unknown = config[name as NameOf<number>];
    const sound = typeof number === "number" && number >= min && number <= max &&
      (kind === "any" || Number.isInteger(number));
    const what = kind === "whole" ? "whole number" : "number";
    check(sound, `"${name}" is ${number} and not a ${what} from ${min} to ${max}`);
  }
  const { rolledShare, turnedShare, teacher, photos, photoNumbers } = config;
  check(teacher === undefined || isPaths([teacher]), `"teacher" is no path`);
  check(
    rolledShare + turnedShare <= 1,
    `"rolledShare" and "turnedShare" are ${rolledShare} and ${turnedShare}, together more than 1`,
  );
  check(photos === undefined || isPaths(photos), `"photos" is no list of folders`);
  check(
    photoNumbers === undefined || isFileNumbers(photoNumbers),
    `"photoNumbers" is ${photoNumbers} and neither all nor even nor odd`,
  );
  check(
    photoNumbers === undefined || photos !== undefined,
    `it has "photoNumbers" without "photos"`,
  );
  const known = [...PATHS, ...OPTIONAL, ...Object.keys(NUMBERS)];
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  check(unknown === undefined, `it has "${unknown}" and there are only ${known.join(", ")}`);
  return config;
}

function isPaths(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((path) => typeof path === "string" && path !== "");
}
