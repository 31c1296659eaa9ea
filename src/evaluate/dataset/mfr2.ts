// MFR2, "Masked Faces in the Real World" (Anwar and Raychowdhury, arXiv 2008.11104): 269 photos of 53 people, a label
// per photo with the kind of mask or "no-mask", and 848 pairs.

import { DatasetError } from "../../base/errors.ts";
import type { Dataset } from "./dataset.ts";
import { baseName, checkFirst, photoFile, readText } from "./files.ts";
import { dealFolds } from "./folds.ts";
import { type NamedPhoto, PhotoList } from "./named_pairs.ts";
import { PersonPhotos } from "./person_photos.ts";

/** The list of labels. */
export const MFR2_LABELS = "mfr2_labels.txt";

/** Reads the folder. The pairs come without folds and are dealt to ten. */
export async function openMfr2(path: string): Promise<Dataset> {
  const masked = parseMfr2Labels(await readText(`${path}/${MFR2_LABELS}`), path);
  const lines = (await readText(`${path}/pairs.txt`)).split(/\r?\n/).map((line) => line.trim());
  const photos = new PhotoList(({ id, masked }, identity) =>
    photoFile(`${path}/${id}`, { id, identity, masked })
  );
  const found = new PersonPhotos(path);
  const photo = async (person: string, number: string): Promise<NamedPhoto> => ({
    id: await found.find(person, number),
    person,
    masked: masked.get(`${person}/${Number(number)}`),
  });
  const pairs = [];
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    const fields = line.split(/[\s,]+/);
    const [name, first, other, second] = fields.length === 3
      ? [fields[0], fields[1], fields[0], fields[2]]
      : fields;
    if (!/^\d+$/.test(first ?? "") || !/^\d+$/.test(second ?? "") || fields.length > 4) {
      throw new DatasetError(
        `Cannot read the pair "${line}" in line ${
          i + 1
        } of ${path}/pairs.txt: it must be name, number, number or ` +
          `name, number, name, number`,
      );
    }
    pairs.push(
      photos.pair(await photo(name, first), await photo(other, second), fields.length === 3),
    );
  }
  if (pairs.length === 0) {
    throw new DatasetError(`Cannot use ${path} as its pairs.txt is empty: restore it`);
  }
  await checkFirst(path, `${path}/${photos.images[0].id}`);
  return {
    name: baseName(path),
    kind: "mfr2",
    aligned: false,
    identified: true,
    images: photos.images,
    folds: dealFolds(pairs),
    [Symbol.dispose]: () => {},
  };
}

/** Reads "name, number, kind of mask" lines: whether each photo, as `name/number`, shows a mask. */
export function parseMfr2Labels(text: string, path = "MFR2"): Map<string, boolean> {
  const masked = new Map<string, boolean>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [person, number, kind] = line.split(",").map((field) => field.trim());
    if (!person || !/^\d+$/.test(number ?? "") || !kind) {
      throw new DatasetError(
        `Cannot read the label "${line}" in line ${
          i + 1
        } of ${path}: it must be name, number, kind of mask`,
      );
    }
    masked.set(`${person}/${Number(number)}`, !/^(no-?mask|none|unmasked)$/i.test(kind));
  }
  return masked;
}
