// The validation set: photos of people that training never sees, each clean and masked, the same in every run.
// Masked frames are cut where a detector would have found them; nothing else is changed, so that numbers compare.

import { MASK_KINDS, randomMaskOptions } from "../../mask/kinds.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { chanceOf, hashName } from "./chance.ts";
import { identitiesOf, readIndex } from "./index_file.ts";
import { Places } from "./place.ts";
import { RecordReader } from "./reader.ts";
import { cut, FRAME_LENGTH, normalise, wear } from "./sample.ts";
import { cropImage } from "./crop.ts";

/** Photos that the training never sees, each clean and masked. */
export interface ValidationData {
  /** How many photos. */
  readonly count: number;
  /** Their files, as `prepare` saw them; UTKFace's names tell age, sex and origin. */
  readonly files: readonly string[];
  /** The clean crops, `count` x 112 x 112 x 3 as in `TrainingBatch`. */
  readonly clean: Float32Array<ArrayBuffer>;
  /** The same photos masked, and aligned as a masked face is. */
  readonly masked: Float32Array<ArrayBuffer>;
  /** `count` x the length of a template: the teacher's templates of the clean crops. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** Index of the identity of each photo among those of the validation set, or -1. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** How the validation set is cut. */
export interface ValidationOptions {
  /** The most photos, chosen evenly by their hashes; by default 600. */
  readonly most?: number;
}

/**
 * Opens the validation photos of a shard folder: kinds of masks in turn, wearings as often as they are met.
 *
 * @param folder A folder that `prepare` has made.
 * @param options How many photos.
 * @returns The photos, clean and masked.
 * @throws {InvalidArgumentError} If there is no index or `most` is no positive integer.
 *
 * @example
 * ```ts
 * import { choosePhotos, openValidationData, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * await choosePhotos(shards, settings, { validationShare: 1 });
 * const { count, clean, masked } = await openValidationData(shards);
 * console.log(count > 0, clean.length === masked.length); // true true
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export function openValidationData(
  folder: string,
  options: ValidationOptions = {},
): Promise<ValidationData> {
  const { most = 600 } = options;
  if (!(Number.isSafeInteger(most) && most > 0)) {
    throw new InvalidArgumentError(
      `Cannot validate on ${most} photos: give a whole number of 1 or more`,
    );
  }
  const index = readIndex(folder), { templateSize } = index.settings;
  const order = (file: string): number => hashName(`validation ${file}`);
  const photos = [...index.validation].sort((a, b) => order(a.file) - order(b.file))
    .slice(0, most);
  const people = identitiesOf(index.validation);
  const places = new Places(index.shifts);
  using reader = new RecordReader(folder, templateSize);
  const clean = new Float32Array(photos.length * FRAME_LENGTH), masked = clean.slice();
  const targets = new Float32Array(photos.length * templateSize);
  const labels = new Int32Array(photos.length).fill(-1);
  photos.forEach((photo, i) => {
    const record = reader.read(photo), chance = chanceOf(`validation ${photo.file}`);
    const mask = {
      ...randomMaskOptions(Math.floor(chance.next() * 2 ** 31)),
      kind: MASK_KINDS[i % MASK_KINDS.length],
    };
    const frame = (out: Float32Array): Float32Array =>
      out.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH);
    normalise(cut(cropImage(record.crop), places.clean(chance, 0), false), frame(clean));
    const place = places.masked(chance, mask, 1);
    normalise(cut(wear(record, mask), place, false), frame(masked));
    targets.set(record.template, i * templateSize);
    if (photo.identity !== undefined) labels[i] = people.indexOf(photo.identity);
  });
  const files = photos.map(({ file }) => file);
  return Promise.resolve({ count: photos.length, files, clean, masked, targets, labels });
}
