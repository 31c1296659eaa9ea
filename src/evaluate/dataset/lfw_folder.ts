// LFW as it is distributed: pairs.txt and a folder per person.
// The photos lie beside the list, or in images/, lfw/ or lfw_funneled/ below it.

import type { Dataset } from "./dataset.ts";
import { baseName, checkFirst, pathKind, photoFile, readText } from "./files.ts";
import { parseLfwPairs } from "./lfw.ts";
import { PhotoList } from "./named_pairs.ts";

const IMAGE_FOLDERS = ["images", "lfw", "lfw_funneled", "lfw-deepfunneled"];

/** Reads the folder. */
export async function openLfw(path: string): Promise<Dataset> {
  const folds = parseLfwPairs(await readText(`${path}/pairs.txt`));
  let root = path;
  for (const name of IMAGE_FOLDERS) {
    if (await pathKind(`${path}/${name}`) === "folder") {
      root = `${path}/${name}`;
      break;
    }
  }
  await checkFirst(path, `${root}/${folds[0][0].probe}`);
  const photos = new PhotoList(({ id }, identity) =>
    photoFile(`${root}/${id}`, { id, identity, masked: undefined })
  );
  const named = (id: string): { id: string; person: string } => ({ id, person: id.split("/")[0] });
  const pairs = folds.map((fold) =>
    fold.map(({ probe, reference, genuine }) =>
      photos.pair(named(probe), named(reference), genuine)
    )
  );
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
