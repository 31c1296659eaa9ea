// The validation set: photos of people that training never sees, each bare and masked, the same in every run.
// Masked frames are cut where a detector would have found them; nothing else is changed, so that numbers compare.

import { InvalidArgumentError } from "../../base/errors.ts";
import { MASK_KINDS, randomMaskOptions } from "../../mask/kinds.ts";
import { chanceOf, hashName } from "./chance.ts";
import { cropImage } from "./crop.ts";
import { identitiesOf, readIndex } from "./index_file.ts";
import { drawPlace, placeMap } from "./place.ts";
import { RecordReader } from "./reader.ts";
import { cutFrame, FRAME_LENGTH, maskedCrop } from "./sample.ts";

/** Photos that the training never sees, each bare and masked. */
export interface ValidationData {
  /** How many photos. */
  readonly count: number;
  /** Their files, as `prepare` saw them. */
  readonly files: readonly string[];
  /** The bare crops, `count` x 112 x 112 x 3 grey levels, NHWC, RGB. */
  readonly clean: Uint8Array<ArrayBuffer>;
  /** The same photos masked, and aligned as a masked face is. */
  readonly masked: Uint8Array<ArrayBuffer>;
  /** `count` x the length of a template: the teacher's templates of the bare crops. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** Index of the identity of each photo among those of the validation set, or -1. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** How the validation set is cut. */
export interface ValidationOptions {
  /** The most photos, chosen evenly by their hashes; by default all. */
  readonly maxPhotos?: number;
}

/**
 * Opens the validation photos of a shard folder: kinds of masks in turn, coverages as often as they are met. To compare
 * one masked photo with one bare one, take probes from `masked` and references of other photos from `clean`.
 *
 * @param folder A folder that `prepare` has made.
 * @param options How many photos.
 * @returns The photos, bare and masked.
 * @throws {InvalidArgumentError} If there is no index or `maxPhotos` is no positive integer.
 *
 * @example
 * ```ts
 * import { indexShards, openValidationData, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * indexShards(shards, settings, { validationShare: 1 });
 * const { count, clean, masked } = await openValidationData(shards);
 * console.log(count > 0, clean.length === masked.length); // true true
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export function openValidationData(
  folder: string,
  options: ValidationOptions = {},
): Promise<ValidationData> {
  const { maxPhotos = Number.MAX_SAFE_INTEGER } = options;
  if (!(Number.isSafeInteger(maxPhotos) && maxPhotos > 0)) {
    throw new InvalidArgumentError(
      `Cannot validate on ${maxPhotos} photos: give a whole number of 1 or more`,
    );
  }
  const index = readIndex(folder), { templateSize } = index.settings;
  const order = new Map(
    index.validation.map(({ file }) => [file, hashName(`validation ${file}`)]),
  );
  const photos = [...index.validation].sort((a, b) => order.get(a.file)! - order.get(b.file)!)
    .slice(0, maxPhotos);
  const labels = new Map(identitiesOf(index.validation).map((name, label) => [name, label]));
  using reader = new RecordReader(folder, templateSize);
  const clean = new Uint8ClampedArray(photos.length * FRAME_LENGTH), masked = clean.slice();
  const targets = new Float32Array(photos.length * templateSize);
  const frame = new Float32Array(FRAME_LENGTH);
  photos.forEach((photo, i) => {
    const { crop, mesh, template } = reader.read(photo), image = cropImage(crop);
    const chance = chanceOf(`validation ${photo.file}`);
    const mask = {
      ...randomMaskOptions(Math.floor(chance.next() * 2 ** 31)),
      kind: MASK_KINDS[i % MASK_KINDS.length],
    };
    cutFrame(image, AS_PREPARED, frame);
    clean.set(frame, i * FRAME_LENGTH);
    cutFrame(maskedCrop(image, mesh, chance, mask), drawPlace(chance, true, 1), frame);
    masked.set(frame, i * FRAME_LENGTH);
    targets.set(template, i * templateSize);
  });
  return Promise.resolve({
    count: photos.length,
    files: photos.map(({ file }) => file),
    clean: new Uint8Array(clean.buffer),
    masked: new Uint8Array(masked.buffer),
    targets,
    labels: Int32Array.from(photos, ({ identity = "" }) => labels.get(identity) ?? -1),
  });
}

const AS_PREPARED = placeMap({ x: 0, y: 0, scale: 1, angle: 0 });
