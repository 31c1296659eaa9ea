// Two folders, one with the probes and one with the references: photos of one name, or in folders of one name, show one
// person. Each probe is compared with the references of its person, and as often with one of somebody else.

import { DatasetError } from "../../base/errors.ts";
import { randomNumbers } from "../../math/random.ts";
import type { Dataset, DatasetImage, DatasetPair } from "./dataset.ts";
import { baseName, listFolder, photoFile } from "./files.ts";
import { cutFolds, FOLDS, shuffled } from "./folds.ts";
import type { DrawOptions } from "./person_folders.ts";

/** What the folders are called, probes first; of the last it is known who wears a mask. */
const SIDES = [
  ["probe", "reference"],
  ["probes", "references"],
  ["query", "gallery"],
  ["masked", "unmasked"],
] as const;

type Sides = typeof SIDES[number];

/** The photos of a person on both sides. */
interface Person {
  readonly probes: readonly number[];
  readonly references: readonly number[];
}

/** The two folders, if these are they. */
export function sidesOf(folders: readonly string[]): Sides | undefined {
  if (folders.length !== 2) return undefined;
  return SIDES.find((sides) => sides.every((side) => folders.includes(side)));
}

/** Reads the two folders below a path. */
export async function openTwoFolders(path: string, options: DrawOptions = {}): Promise<Dataset> {
  const { seed = 0, pairs = 3000 } = options;
  const sides = sidesOf((await listFolder(path)).folders);
  if (!sides) {
    throw new DatasetError(
      `Cannot use ${path} as pairs of two folders: it must have two folders, named ` +
        SIDES.map((names) => names.join(" and ")).join(", or "),
    );
  }
  const [probes, references] = await Promise.all(sides.map((side) => photosOf(`${path}/${side}`)));
  const both = [...probes.keys()].filter((name) => references.has(name));
  const images: DatasetImage[] = [];
  const people = both.map((name, identity): Person => {
    const add = (side: 0 | 1) => (file: string): number => {
      const id = `${sides[side]}/${file}`, masked = sides[0] === "masked" ? side === 0 : undefined;
      return images.push(photoFile(`${path}/${id}`, { id, identity, masked })) - 1;
    };
    return {
      probes: probes.get(name)!.map(add(0)),
      references: references.get(name)!.map(add(1)),
    };
  });
  if (people.length < 2) {
    throw new DatasetError(
      `Cannot draw pairs from ${path} as ${people.length} of ${probes.size} names in ${sides[0]} ` +
        `are in ${sides[1]} too: give photos (or folders) of one person the same name in both`,
    );
  }
  const count = Math.min(FOLDS, Math.floor(people.length / 2));
  return {
    name: baseName(path),
    kind: "two-folders",
    aligned: false,
    identified: true,
    images,
    folds: cutFolds(shuffled(people, seed), count)
      .map((members, fold) => drawPairs(members, Math.ceil(pairs / count), seed + fold)),
    [Symbol.dispose]: () => {},
  };
}

/** The photos of a side by the name of their person. */
async function photosOf(folder: string): Promise<Map<string, string[]>> {
  const { folders, photos } = await listFolder(folder), people = new Map<string, string[]>();
  const add = (person: string, file: string): void => {
    const files = people.get(person) ?? [];
    people.set(person, files);
    files.push(file);
  };
  for (const name of photos) add(name.replace(/\.[^.]*$/, ""), name);
  for (const person of folders) {
    for (const name of (await listFolder(`${folder}/${person}`)).photos) {
      add(person, `${person}/${name}`);
    }
  }
  return people;
}

function drawPairs(people: readonly Person[], maxPairs: number, seed: number): DatasetPair[] {
  const random = randomNumbers(seed);
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const genuine = people.flatMap(({ probes, references }) =>
    probes.flatMap((probe) => references.map((reference) => ({ probe, reference, genuine: true })))
  );
  const kept = shuffled(genuine, seed).slice(0, maxPairs);
  const personOf = new Map(people.flatMap((person) => person.probes.map((i) => [i, person])));
  const impostors = new Map<string, DatasetPair>();
  // A small fold may not have as many different pairs: then there are fewer.
  for (let tries = 0; impostors.size < kept.length && tries < 20; tries++) {
    for (const { probe } of kept.slice(impostors.size)) {
      const other = one(people.filter((person) => person !== personOf.get(probe)));
      const reference = one(other.references);
      impostors.set(`${probe} ${reference}`, { probe, reference, genuine: false });
    }
  }
  return [...kept, ...impostors.values()];
}
