// What the trainer gets from the shards: batches of augmented crops with the teacher's templates, and the validation set.
// How a sample is drawn is in `sample.ts`, what a photo is made of in `record.ts`.

import { chanceOf, shuffled } from "./chance.ts";
import { identitiesOf, type IndexedPhoto, readIndex } from "./index_file.ts";
import { type DataOptions, resolveDataOptions } from "./options.ts";
import { Places } from "./place.ts";
import { RecordReader } from "./reader.ts";
import { drawSample, FRAME_LENGTH } from "./sample.ts";

/** Augmented crops and what the student shall make of them. */
export interface TrainingBatch {
  /** How many samples. */
  readonly count: number;
  /** `count` x 112 x 112 x 3, NHWC, RGB, `(x - 127.5) / 128`. */
  readonly images: Float32Array<ArrayBuffer>;
  /** `count` x `templateSize`: the teacher's templates of the clean crops, of length 1. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** Index of the identity of each sample, or -1 where it is not known. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** The same, but a photo of nobody known is a class of its own, behind the identities. */
  readonly classes: Int32Array<ArrayBuffer>;
}

/** The teacher's templates of all photos to train on. */
export interface TemplateBank {
  /** Photos x `templateSize`, rows of length 1. */
  readonly templates: Float32Array<ArrayBuffer>;
  /** Index of the identity of each photo, or -1 where it is not known. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** As in {@linkcode TrainingBatch}. */
  readonly classes: Int32Array<ArrayBuffer>;
}

/** The photos to train on. */
export interface TrainingData extends Disposable {
  /** Photos to train on: an epoch. */
  readonly photos: number;
  /** Identities: labels are 0 to `identities - 1`. */
  readonly identities: number;
  /** Length of the teacher's templates. */
  readonly templateSize: number;
  /** The teacher's templates of all photos; reads all shards. */
  bank(): TemplateBank;
  /**
   * The samples `from` to `to` (not included) of the `batchSize` samples of a step; the same whenever it is asked for,
   * by the seed, the step and the sample alone.
   */
  batch(step: number, from: number, to: number, batchSize: number): Promise<TrainingBatch>;
}

/**
 * Opens the training photos of a shard folder.
 *
 * @param folder A folder that `prepare` has made.
 * @param options How samples are drawn.
 * @returns The data; epochs are permutations of all photos by the seed.
 * @throws {InvalidArgumentError} If there is no index, or an option is out of its range.
 *
 * @example
 * ```ts
 * import { choosePhotos, openTrainingData, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * await choosePhotos(shards, settings);
 * using data = await openTrainingData(shards, { maskProbability: 0.5 });
 * const { images, targets } = await data.batch(0, 0, 16, 16);
 * console.log(images.length, targets.length); // 602112 3072
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export function openTrainingData(
  folder: string,
  options: DataOptions = {},
): Promise<TrainingData> {
  const resolved = resolveDataOptions(options);
  const index = readIndex(folder);
  const photos = index.training, { templateSize } = index.settings;
  const people = new Map(identitiesOf(photos).map((name, label) => [name, label]));
  const labelOf = ({ identity }: IndexedPhoto): number =>
    identity === undefined ? -1 : people.get(identity)!;
  let last = people.size;
  const classOf = photos.map((photo) => {
    const label = labelOf(photo);
    return label < 0 ? last++ : label;
  });
  const places = new Places(index.shifts, resolved.excludeKinds);
  const reader = new RecordReader(folder, templateSize);
  const orders = new Map<number, Uint32Array>();
  const photoAt = (at: number): number => {
    const epoch = Math.floor(at / photos.length);
    let order = orders.get(epoch);
    if (!order) {
      // A batch spans two epochs at most.
      if (orders.size > 1) orders.clear();
      orders.set(epoch, order = shuffled(photos.length, chanceSeed(resolved.seed, epoch)));
    }
    return order[at % photos.length];
  };
  return Promise.resolve({
    photos: photos.length,
    identities: people.size,
    templateSize,
    bank(): TemplateBank {
      const templates = new Float32Array(photos.length * templateSize);
      photos.forEach((photo, i) => templates.set(reader.read(photo).template, i * templateSize));
      return {
        templates,
        labels: Int32Array.from(photos, labelOf),
        classes: Int32Array.from(classOf),
      };
    },
    batch(step: number, from: number, to: number, batchSize: number): Promise<TrainingBatch> {
      const count = to - from;
      const images = new Float32Array(count * FRAME_LENGTH);
      const targets = new Float32Array(count * templateSize), labels = new Int32Array(count);
      const classes = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const at = step * batchSize + from + i, place = photoAt(at), photo = photos[place];
        const image = images.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH);
        const chance = chanceOf(`${resolved.seed} sample ${at}`);
        targets.set(
          drawSample(reader.read(photo), places, chance, resolved, image),
          i * templateSize,
        );
        labels[i] = labelOf(photo);
        classes[i] = classOf[place];
      }
      return Promise.resolve({ count, images, targets, labels, classes });
    },
    [Symbol.dispose](): void {
      reader[Symbol.dispose]();
    },
  });
}

function chanceSeed(seed: number, epoch: number): number {
  return Math.floor(chanceOf(`${seed} epoch ${epoch}`).next() * 2 ** 31);
}

export { openValidationData, type ValidationData, type ValidationOptions } from "./validation.ts";
export type { DataOptions } from "./options.ts";
