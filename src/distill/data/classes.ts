// The classes that the classification term tells apart: people, and on demand every photo of nobody known.
// Their centres start where the teacher puts them, so that the term pulls towards the teacher's geometry from step one.

import { identitiesOf, type IndexedPhoto } from "./index_file.ts";
import type { RecordReader } from "./reader.ts";

/** Which class each photo is of. */
export interface Classes {
  /** How many there are. */
  readonly count: number;
  /** The class of a photo, or -1. */
  of(photo: IndexedPhoto): number;
}

/** The classes of photos: people in the order of their names, then strangers, if they count, in that of the photos. */
export function classesOf(photos: readonly IndexedPhoto[], strangers: boolean): Classes {
  const people = identitiesOf(photos);
  const alone = strangers ? photos.filter(({ identity }) => identity === undefined) : [];
  const labels = new Map([...people, ...alone.map(fileKey)].map((name, label) => [name, label]));
  return {
    count: labels.size,
    of: (photo) => labels.get(photo.identity ?? fileKey(photo)) ?? -1,
  };
}

/** A name that no person has. */
function fileKey({ file }: IndexedPhoto): string {
  return `\0${file}`;
}

/** The mean of the teacher's templates of each class, of length 1: `count` rows. */
export function meanTemplates(
  photos: readonly IndexedPhoto[],
  classes: Classes,
  reader: RecordReader,
  templateSize: number,
): Float32Array<ArrayBuffer> {
  const sums = new Float32Array(classes.count * templateSize);
  for (const photo of photos) {
    const label = classes.of(photo);
    if (label < 0) continue;
    const { template } = reader.read(photo);
    for (let i = 0; i < templateSize; i++) sums[label * templateSize + i] += template[i];
  }
  for (let at = 0; at < sums.length; at += templateSize) {
    const row = sums.subarray(at, at + templateSize);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let i = 0; i < templateSize; i++) row[i] /= length;
  }
  return sums;
}
