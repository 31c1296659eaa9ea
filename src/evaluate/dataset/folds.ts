// Ten folds for data sets that come without: in the order of the list, as the field's code cuts LFW, or dealt by chance.
// Persons that lie in one fold only let a threshold from nine folds be tried on people it has never seen.

import { randomNumbers } from "../../math/random.ts";
import type { Dataset, DatasetPair } from "./dataset.ts";

/** The folds of LFW's protocol, which the others follow. */
export const FOLDS = 10;

/** Cuts a list in its order, the first folds one longer where it does not come out even (scikit-learn's KFold). */
export function cutFolds<T>(list: readonly T[], count = FOLDS): T[][] {
  const folds: T[][] = [];
  for (let fold = 0, at = 0; fold < count; fold++) {
    const size = Math.floor(list.length / count) + (fold < list.length % count ? 1 : 0);
    folds.push(list.slice(at, at += size));
  }
  return folds.filter((fold) => fold.length > 0);
}

/** Deals genuine and impostor pairs to folds by turns, so that each fold has its share of both. */
export function dealFolds(pairs: readonly DatasetPair[], count = FOLDS): DatasetPair[][] {
  const folds: DatasetPair[][] = Array.from({ length: count }, () => []);
  const dealt = { true: 0, false: 0 };
  for (const pair of pairs) folds[dealt[`${pair.genuine}`]++ % count].push(pair);
  return folds.filter((fold) => fold.length > 0);
}

/** A list in an order by chance (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const out = [...list], random = randomNumbers(seed);
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/**
 * The fold of each photo, such that no person is in two folds: the data set's own where its folds are like that, else
 * persons dealt by chance. Photos of no pair get a fold only by the latter.
 *
 * @param dataset The data set.
 * @param seed Chooses who goes where, if it has to be chosen.
 * @returns A fold per photo; `undefined` where a photo is in none.
 */
export function personFolds(dataset: Dataset, seed: number): (number | undefined)[] {
  const foldOf = new Map<number, number>();
  let disjoint = dataset.folds.length > 1;
  const photoFold: (number | undefined)[] = dataset.images.map(() => undefined);
  dataset.folds.forEach((pairs, fold) => {
    for (const { probe, reference } of pairs) {
      for (const image of [probe, reference]) {
        const { identity } = dataset.images[image];
        if ((foldOf.get(identity) ?? fold) !== fold) disjoint = false;
        foldOf.set(identity, fold);
        photoFold[image] = fold;
      }
    }
  });
  if (disjoint) return photoFold;
  const persons = shuffled([...new Set(dataset.images.map(({ identity }) => identity))], seed);
  const fold = new Map(persons.map((person, i) => [person, i % FOLDS]));
  return dataset.images.map(({ identity }) => fold.get(identity));
}
