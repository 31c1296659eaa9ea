// What a caller may say of how samples are drawn, and the defaults.

import { InvalidArgumentError } from "../../errors.ts";
import { MASK_KINDS, type MaskKind } from "../../mask/kinds.ts";

/** How samples are drawn. Shares are probabilities, 0..1; strengths 0 (nothing changes) to 2. */
export interface DataOptions {
  /** The seed of everything random; by default 1. */
  readonly seed?: number;
  /** Share of masked samples; by default 0.7. */
  readonly maskProbability?: number;
  /** Kinds of masks that are never worn, so that a family can be held out; by default none. */
  readonly excludeKinds?: readonly MaskKind[];
  /** Share of the samples without a mask that something else covers in part; by default 0.05. */
  readonly occluderProbability?: number;
  /** Share of the samples whose photo is continued where the crop reaches over its border; by default 0.5. */
  readonly surroundProbability?: number;
  /** Whether half of the samples are mirror images; by default true. */
  readonly flip?: boolean;
  /** Strength of misalignment; by default 1. */
  readonly place?: number;
  /** Strength of other light and colours; by default 1. */
  readonly light?: number;
  /** Strength of low resolution, blur, noise and JPEG; by default 1. */
  readonly quality?: number;
}

/** {@linkcode DataOptions} with the defaults filled in. */
export type ResolvedDataOptions = Required<DataOptions>;

const DEFAULTS: ResolvedDataOptions = {
  seed: 1,
  maskProbability: 0.7,
  excludeKinds: [],
  occluderProbability: 0.05,
  surroundProbability: 0.5,
  flip: true,
  place: 1,
  light: 1,
  quality: 1,
};

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
  const { seed, excludeKinds, flip: _flip, ...values } = resolved;
  if (!Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`Cannot draw samples of seed ${seed}: give an integer`);
  }
  for (const [name, value] of Object.entries(values)) {
    const most = name.endsWith("Probability") ? 1 : 2;
    if (value >= 0 && value <= most) continue;
    throw new InvalidArgumentError(
      `Cannot draw samples with ${name} ${value}: give a number from 0 to ${most}`,
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
