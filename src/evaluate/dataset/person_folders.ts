// Any folder with a folder per person: pairs are drawn by chance, within ten folds that share no person.
// Like LFW's view 2, with as many genuine as impostor pairs in each fold.

import { DatasetError } from "../../base/errors.ts";
import { randomNumbers } from "../../math/random.ts";
import type { Dataset, DatasetImage, DatasetPair } from "./dataset.ts";
import { baseName, listFolder, photoFile } from "./files.ts";
import { cutFolds, FOLDS, shuffled } from "./folds.ts";

/** How pairs are drawn. */
export interface DrawOptions {
  /** Chooses the pairs; 0 by default. */
  readonly seed?: number;
  /** The most genuine pairs, and the most impostor pairs; 3000 by default. */
  readonly pairs?: number;
}

/** Reads the folder. */
export async function openFolder(path: string, options: DrawOptions = {}): Promise<Dataset> {
  const { seed = 0, pairs = 3000 } = options;
  const images: DatasetImage[] = [], people: number[][] = [];
  const { folders, leftOut } = await listFolder(path);
  for (const person of folders) {
    const { photos, leftOut: others } = await listFolder(`${path}/${person}`);
    leftOut.push(...others.map((file) => ({ ...file, id: `${person}/${file.id}` })));
    if (photos.length === 0) continue;
    people.push(photos.map((name) => {
      const id = `${person}/${name}`;
      return images.push(photoFile(`${path}/${id}`, { id, identity: people.length })) - 1;
    }));
  }
  const count = Math.min(FOLDS, Math.floor(people.length / 2));
  const folds = cutFolds(shuffled(people, seed), count)
    .map((members, fold) => drawPairs(members, Math.ceil(pairs / count), seed + fold));
  const flat = folds.flat();
  if (count === 0 || !flat.some(({ genuine }) => genuine)) {
    throw new DatasetError(
      `Cannot draw pairs from ${path} as it has ${images.length} photos in ${people.length} folders: ` +
        `give a folder with a folder of photos for each person, two or more for some`,
    );
  }
  return {
    name: baseName(path),
    kind: "folder",
    aligned: false,
    identified: true,
    images,
    folds,
    leftOut,
    [Symbol.dispose]: () => {},
  };
}

/** Genuine pairs of a fold, all or as many as are wanted, and as many impostor pairs. */
function drawPairs(people: readonly number[][], maxPairs: number, seed: number): DatasetPair[] {
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const genuine = people.flatMap((photos) =>
    photos.flatMap((probe, i) =>
      photos.slice(i + 1).map((reference) => ({ probe, reference, genuine: true }))
    )
  );
  const kept = shuffled(genuine, seed).slice(0, maxPairs);
  const impostors = new Map<string, DatasetPair>();
  const wanted = people.length < 2 ? 0 : Math.max(kept.length, 1);
  // A small fold may not have as many different pairs: then there are fewer.
  for (let tries = 0; impostors.size < wanted && tries < 20 * wanted; tries++) {
    const first = below(people.length),
      other = (first + 1 + below(people.length - 1)) %
        people.length;
    const ends = [first, other].map((person) => people[person][below(people[person].length)]);
    const [probe, reference] = ends;
    impostors.set(ends.toSorted((a, b) => a - b).join(), { probe, reference, genuine: false });
  }
  return [...kept, ...impostors.values()];
}
