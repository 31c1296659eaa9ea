// What the trainer gets from the shards: batches of augmented crops with the teacher's templates, and the validation set.
// How a sample is drawn is in `sample.ts`, what a photo is made of in `record.ts`.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import type { LayeredPicture } from "../../mask/draw_layers.ts";
import { type Chance, chanceOf, shuffled } from "./chance.ts";
import { identitiesOf, type IndexedPhoto, readIndex } from "./index_file.ts";
import { type DataOptions, resolveDataOptions } from "./options.ts";
import { RecordReader } from "./reader.ts";
import type { PhotoRecord } from "./record.ts";
import { beginSample, type BegunSample, drawSample, FRAME_LENGTH } from "./sample.ts";
import { epochOf } from "./weights.ts";

/** Augmented crops as grey levels, and what the student shall make of them. */
export interface RawBatch {
  /** How many samples. */
  readonly count: number;
  /** `count` x 112 x 112 x 3 grey levels, NHWC, RGB. */
  readonly levels: Uint8Array<ArrayBuffer>;
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
  /** The class of each photo, see {@linkcode RawBatch}. */
  readonly classes: Int32Array<ArrayBuffer>;
}

/** The photos to train on. */
export interface TrainingData extends Disposable {
  /** Samples of an epoch: the photos to train on, each as often as its weight says. */
  readonly photos: number;
  /** Identities: labels are 0 to `identities - 1`. */
  readonly identities: number;
  /** Length of the teacher's templates. */
  readonly templateSize: number;
  /** The teacher's templates of all photos, each once; reads the templates of all shards. */
  bank(): TemplateBank;
  /**
   * The samples `from` to `to` (not included) of the `batchSize` samples of a step; the same whenever it is asked for,
   * by the seed, the step and the sample alone.
   */
  rawBatch(step: number, from: number, to: number, batchSize: number): RawBatch;
  /**
   * As `rawBatch`, with the masks of all samples drawn together by `draw`, such as `Verifier.drawLayers` on a GPU: grey levels
   * may then differ by what the device rounds.
   */
  drawnBatch(
    step: number,
    from: number,
    to: number,
    batchSize: number,
    draw: DrawPictures,
  ): Promise<RawBatch>;
}

/** Draws layers of masks on pictures; gives new pictures in the same order. */
export type DrawPictures = (pictures: readonly LayeredPicture[]) => Promise<Image[]>;

/**
 * Opens the training photos of a shard folder.
 *
 * @param folder A folder that `prepare` has made.
 * @param options How samples are drawn.
 * @returns The data; epochs are permutations of all photos by the seed.
 * @throws {InvalidArgumentError} If there is no index or no photo to train on, or an option is out of its range.
 *
 * @example
 * ```ts
 * import { indexShards, openTrainingData, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * indexShards(shards, settings);
 * using data = await openTrainingData(shards, { maskProbability: 0.5 });
 * const { levels, count } = data.rawBatch(0, 0, 16, 16);
 * console.log(levels.length / count); // 37632
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export function openTrainingData(
  folder: string,
  options: DataOptions = {},
): Promise<TrainingData> {
  return Promise.resolve(new ShardData(folder, options));
}

class ShardData implements TrainingData {
  readonly photos: number;
  readonly identities: number;
  readonly templateSize: number;
  readonly #photos: readonly IndexedPhoto[];
  readonly #labels: Int32Array<ArrayBuffer>;
  readonly #classes: Int32Array<ArrayBuffer>;
  readonly #epoch: Uint32Array;
  readonly #options: ReturnType<typeof resolveDataOptions>;
  readonly #reader: RecordReader;
  readonly #orders = new Map<number, Uint32Array>();

  constructor(folder: string, options: DataOptions) {
    this.#options = resolveDataOptions(options);
    const { training, settings } = readIndex(folder), people = identitiesOf(training);
    const labels = new Map(people.map((name, label) => [name, label]));
    this.#photos = training;
    this.#labels = Int32Array.from(
      training,
      ({ identity }) => identity === undefined ? -1 : labels.get(identity)!,
    );
    let classes = people.length;
    this.#classes = this.#labels.map((label) => label < 0 ? classes++ : label);
    this.#epoch = epochOf(training, this.#options);
    if (this.#epoch.length === 0) {
      throw new InvalidArgumentError(
        `Cannot train on ${folder} as no photo of its index is ever drawn: prepare more photos, or change the weights`,
      );
    }
    this.#reader = new RecordReader(folder, settings.templateSize);
    this.photos = this.#epoch.length;
    this.identities = people.length;
    this.templateSize = settings.templateSize;
  }

  bank(): TemplateBank {
    const size = this.templateSize, shards = new Map<number, Float32Array>();
    const templates = new Float32Array(this.#photos.length * size);
    this.#photos.forEach(({ shard, record }, i) => {
      let rows = shards.get(shard);
      if (!rows) shards.set(shard, rows = this.#reader.templates(shard));
      templates.set(rows.subarray(record * size, (record + 1) * size), i * size);
    });
    return { templates, labels: this.#labels.slice(), classes: this.#classes.slice() };
  }

  rawBatch(step: number, from: number, to: number, batchSize: number): RawBatch {
    return this.#fill(step * batchSize + from, to - from, (record, chance, frame) => {
      drawSample(record, chance, this.#options, frame);
    });
  }

  async drawnBatch(
    step: number,
    from: number,
    to: number,
    batchSize: number,
    draw: DrawPictures,
  ): Promise<RawBatch> {
    const begun: { sample: BegunSample; frame: Uint8Array }[] = [];
    const batch = this.#fill(step * batchSize + from, to - from, (record, chance, frame) => {
      begun.push({ sample: beginSample(record, chance, this.#options), frame });
    });
    const masked = begun.filter(({ sample: { picture } }) => picture.layers.length > 0);
    const drawn = await draw(masked.map(({ sample }) => sample.picture));
    const images = new Map(masked.map(({ sample }, i) => [sample, drawn[i]]));
    for (const { sample, frame } of begun) {
      sample.finish(images.get(sample) ?? sample.picture.image, frame);
    }
    return batch;
  }

  /** Makes the batch of the samples from `first` on; `draw` fills the frame of each. */
  #fill(
    first: number,
    count: number,
    draw: (record: PhotoRecord, chance: Chance, frame: Uint8Array) => void,
  ): RawBatch {
    const size = this.templateSize, levels = new Uint8Array(count * FRAME_LENGTH);
    const targets = new Float32Array(count * size), labels = new Int32Array(count);
    const classes = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const at = first + i, photo = this.#photoOf(at);
      const record = this.#reader.read(this.#photos[photo]);
      const frame = levels.subarray(i * FRAME_LENGTH, (i + 1) * FRAME_LENGTH);
      draw(record, chanceOf(`${this.#options.seed} sample ${at}`), frame);
      targets.set(record.template, i * size);
      labels[i] = this.#labels[photo];
      classes[i] = this.#classes[photo];
    }
    return { count, levels, targets, labels, classes };
  }

  /** Returns the photo of a sample: its place in the order of its epoch. */
  #photoOf(at: number): number {
    const length = this.#epoch.length, number = Math.floor(at / length);
    let order = this.#orders.get(number);
    if (!order) {
      // A batch spans two epochs at most.
      if (this.#orders.size > 1) this.#orders.clear();
      const seed = Math.floor(chanceOf(`${this.#options.seed} epoch ${number}`).next() * 2 ** 31);
      this.#orders.set(number, order = shuffled(length, seed));
    }
    return this.#epoch[order[at % length]];
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }
}

export { openValidationData, type ValidationData, type ValidationOptions } from "./validation.ts";
export type { DataOptions } from "./options.ts";
