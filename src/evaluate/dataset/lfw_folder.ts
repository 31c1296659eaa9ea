// LFW as it is distributed, or in another format: pairs.txt and a folder per person.
// The photos lie beside the list, or in images/, lfw/ or lfw_funneled/ below it.

import { DatasetError, InvalidArgumentError } from "../../base/errors.ts";
import type { Dataset, DatasetPair } from "./dataset.ts";
import { baseName, checkFirst, pathKind, photoFile, readText } from "./files.ts";
import { type LfwPair, parseLfwPairs } from "./lfw.ts";
import { type NamedPhoto, PhotoList } from "./named_pairs.ts";
import { PersonPhotos } from "./person_photos.ts";

const IMAGE_FOLDERS = ["images", "lfw", "lfw_funneled", "lfw-deepfunneled"];

/** Reads the folder, or the folder of a list. */
export async function openLfw(given: string): Promise<Dataset> {
  const isFile = await pathKind(given) === "file";
  const path = isFile ? given.replace(/[/\\]?[^/\\]*$/, "") || "." : given;
  const folds = await readPairs(isFile ? given : `${path}/pairs.txt`);
  let root = path;
  for (const name of IMAGE_FOLDERS) {
    if (await pathKind(`${path}/${name}`) === "folder") {
      root = `${path}/${name}`;
      break;
    }
  }
  const photos = new PhotoList(({ id }, identity) =>
    photoFile(`${root}/${id}`, { id, identity, masked: undefined })
  );
  const found = new PersonPhotos(root);
  const named = async (listed: string): Promise<NamedPhoto> => {
    const [, person, number] = /^(.*)\/.*_(\d+)\.jpg$/.exec(listed)!;
    return { id: await found.find(person, number), person };
  };
  const pairs: DatasetPair[][] = [];
  for (const fold of folds) {
    const list: DatasetPair[] = [];
    for (const { probe, reference, genuine } of fold) {
      list.push(photos.pair(await named(probe), await named(reference), genuine));
    }
    pairs.push(list);
  }
  await checkFirst(path, `${root}/${photos.images[0].id}`);
  return {
    name: baseName(path),
    kind: "lfw",
    aligned: false,
    identified: true,
    images: photos.images,
    folds: pairs,
    [Symbol.dispose]: () => {},
  };
}

async function readPairs(path: string): Promise<LfwPair[][]> {
  try {
    return parseLfwPairs(await readText(path));
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new DatasetError(`${path}: ${error.message}`, { cause: error });
  }
}
