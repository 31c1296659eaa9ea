// Which photos an epoch shows and how often: rare origins and ages may be drawn more often than once.

import { hashName } from "./chance.ts";
import type { IndexedPhoto } from "./index_file.ts";

/** Ages that can be given a weight: child is below 16, senior from 60. */
export const AGE_GROUPS = ["child", "adult", "senior"] as const;

/** An age that can be given a weight. */
export type AgeGroup = typeof AGE_GROUPS[number];

const ADULT = 16, SENIOR = 60;

/** Returns the group of an age in years. */
function ageGroup(age: number): AgeGroup {
  return age < ADULT ? "child" : age < SENIOR ? "adult" : "senior";
}

/** How often photos are drawn by their origin and age. */
export interface EpochWeights {
  readonly originWeights: Readonly<Record<string, number>>;
  readonly ageWeights: Readonly<Partial<Record<AgeGroup, number>>>;
}

/**
 * Returns the photos of an epoch by their numbers, each as often as its weight says. A weight of 1.5 shows half of its photos
 * twice, the same ones in each epoch.
 */
export function epochOf(photos: readonly IndexedPhoto[], weights: EpochWeights): Uint32Array {
  const entries: number[] = [];
  photos.forEach((photo, i) => {
    const weight = weightOf(photo, weights), whole = Math.floor(weight);
    const more = hashName(`weight ${photo.file}`) / 2 ** 32 < weight - whole ? 1 : 0;
    for (let k = 0; k < whole + more; k++) entries.push(i);
  });
  return Uint32Array.from(entries);
}

function weightOf({ origin, age }: IndexedPhoto, by: EpochWeights): number {
  const ofOrigin = origin !== undefined && Object.hasOwn(by.originWeights, origin)
    ? by.originWeights[origin]
    : 1;
  return ofOrigin * (age === undefined ? 1 : by.ageWeights[ageGroup(age)] ?? 1);
}
