// What a caller may say of how samples are drawn, and the defaults.

import { InvalidArgumentError } from "../../base/errors.ts";
import { MASK_KINDS, type MaskKind } from "../../mask/kinds.ts";
import { AGE_GROUPS, type AgeGroup } from "./weights.ts";

/** How samples are drawn. Shares are probabilities, 0..1; strengths 0 (nothing changes) to 2. */
export interface DataOptions {
  /** The seed of everything random; by default 1. */
  readonly seed?: number;
  /** Share of masked samples; by default 0.6. */
  readonly maskProbability?: number;
  /** Kinds of masks that are never drawn, so that a family can be held out; by default none. */
  readonly excludeKinds?: readonly MaskKind[];
  /**
   * Share of the samples that something other than a mask covers in part: sunglasses, a scarf, a hand, a veil; masked
   * ones get sunglasses only. By default 0.08.
   */
  readonly coverProbability?: number;
  /** Share of the samples whose photo is continued where the crop reaches over its border; by default 0.5. */
  readonly surroundProbability?: number;
  /** Whether half of the samples are mirror images; by default true. */
  readonly flip?: boolean;
  /** Strength of misalignment: shift, scale and roll; by default 1. */
  readonly place?: number;
  /** Strength of other light and colours; by default 1. */
  readonly light?: number;
  /** Strength of low resolution, blur, noise and JPEG; by default 1. */
  readonly quality?: number;
  /** How often photos of an origin are drawn in an epoch, 0 to 20, by the index's labels; 1 for all others. */
  readonly originWeights?: Readonly<Record<string, number>>;
  /** How often photos of an age are drawn in an epoch, 0 to 20: child (below 16), adult, senior (from 60); 1 if not given. */
  readonly ageWeights?: Readonly<Partial<Record<AgeGroup, number>>>;
}

/** {@linkcode DataOptions} with the defaults filled in. */
export type ResolvedDataOptions = Required<DataOptions>;

const DEFAULTS: ResolvedDataOptions = {
  seed: 1,
  maskProbability: 0.6,
  excludeKinds: [],
  coverProbability: 0.08,
  surroundProbability: 0.5,
  flip: true,
  place: 1,
  light: 1,
  quality: 1,
  originWeights: {},
  ageWeights: {},
};

/** The most times that an epoch shows one photo. */
const MAX_WEIGHT = 20;

/** Checks options and fills in the defaults. */
export function resolveDataOptions(options: DataOptions): ResolvedDataOptions {
  const unknownName = Object.keys(options).find((name) => !(name in DEFAULTS));
  if (unknownName !== undefined) {
    throw new InvalidArgumentError(
      `There is no option "${unknownName}" of samples: use ${Object.keys(DEFAULTS).join(", ")}`,
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedDataOptions = { ...DEFAULTS, ...Object.fromEntries(given) };
  const { seed, excludeKinds, originWeights, ageWeights, flip: _flip, ...values } = resolved;
  if (!Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`Cannot draw samples of seed ${seed}: give an integer`);
  }
  for (const [name, value] of Object.entries(values)) {
    checkNumber(name, value, name.endsWith("Probability") ? 1 : 2);
  }
  for (const [name, value] of Object.entries(originWeights)) {
    checkNumber(`originWeights.${name}`, value, MAX_WEIGHT);
  }
  for (const [name, value] of Object.entries(ageWeights)) {
    checkNumber(`ageWeights.${name}`, value, MAX_WEIGHT);
    if (AGE_GROUPS.includes(name as AgeGroup)) continue;
    throw new InvalidArgumentError(
      `There is no age "${name}" of samples: use ${AGE_GROUPS.join(", ")}`,
    );
  }
  const unknown = excludeKinds.find((kind) => !MASK_KINDS.includes(kind));
  if (unknown !== undefined || excludeKinds.length >= MASK_KINDS.length) {
    throw new InvalidArgumentError(
      `Cannot exclude the kinds ${excludeKinds.join(", ")}: give some, not all, of ${
        MASK_KINDS.join(", ")
      }`,
    );
  }
  return resolved;
}

function checkNumber(name: string, value: unknown, max: number): void {
  if (typeof value === "number" && value >= 0 && value <= max) return;
  throw new InvalidArgumentError(
    `Cannot draw samples with ${name} ${value}: give a number from 0 to ${max}`,
  );
}
