// Pairs of one crop, clean and with a mask or something else before the face: what the detector is trained on.
// The masks are those of the student's samples; place, light and noise are drawn where the pair is used, as both
// pictures of a pair must get the same.

import { InvalidArgumentError } from "../../base/errors.ts";
import { type Chance, chanceOf, hashName } from "./chance.ts";
import { drawCover } from "./cover.ts";
import { CROP_BYTES, cropImage } from "./crop.ts";
import { type IndexedPhoto, readIndex } from "./index_file.ts";
import { drawnMask } from "./mask_choice.ts";
import { RecordReader } from "./reader.ts";
import type { PhotoRecord } from "./record.ts";
import { maskedCrop } from "./sample.ts";
import { surround } from "./surround.ts";

/** How pairs are drawn. */
export interface PairOptions {
  /** The seed of everything random. */
  readonly seed: number;
  /** Share of the pairs with a mask, 0..1; the others have sunglasses, a scarf, a hand or the like. */
  readonly maskShare: number;
  /** Share of the pairs whose photo is continued where the crop reaches over its border, 0..1. */
  readonly surroundShare: number;
}

/** Pairs as they go to torch. */
export interface DrawnPairs {
  /** `[n, 144, 144, 3]` RGB grey levels: the crops as they are. */
  readonly clean: Uint8Array<ArrayBuffer>;
  /** The same crops with a mask or a cover. */
  readonly masked: Uint8Array<ArrayBuffer>;
}

/** Draws pairs of the photos to train on. */
export interface PairData extends Disposable {
  /** The pairs `from` to `to` (not included) of the `batch` pairs of a step, by the seed, the step and the pair alone. */
  draw(step: number, from: number, to: number, batch: number): DrawnPairs;
}

/**
 * Opens the photos of a folder of shards for pairs: those to train on that have a mesh.
 *
 * @throws {InvalidArgumentError} If there is no index, or no such photo.
 */
export function openPairs(folder: string, options: PairOptions): PairData {
  const { training, settings } = readIndex(folder), photos = withMesh(training, folder, "train");
  const reader = new RecordReader(folder, settings.templateSize);
  return {
    draw(step, from, to, batch): DrawnPairs {
      const pairs = emptyPairs(to - from);
      for (let i = 0; i < to - from; i++) {
        const chance = chanceOf(`${options.seed} pair ${step * batch + from + i}`);
        const photo = photos[Math.floor(chance.next() * photos.length)];
        drawPair(reader.read(photo), chance, options, pairs, i);
      }
      return pairs;
    },
    [Symbol.dispose]: (): void => reader[Symbol.dispose](),
  };
}

/**
 * Pairs of photos that the training never sees, the same in every run.
 *
 * @param maxPairs The most pairs, chosen evenly by their hashes.
 * @throws {InvalidArgumentError} If there is no index, or no such photo.
 */
export function heldOutPairs(folder: string, options: PairOptions, maxPairs: number): DrawnPairs {
  const { validation, settings } = readIndex(folder);
  const order = new Map(validation.map(({ file }) => [file, hashName(`held out ${file}`)]));
  const photos = withMesh(validation, folder, "measure")
    .sort((a, b) => order.get(a.file)! - order.get(b.file)!).slice(0, maxPairs);
  using reader = new RecordReader(folder, settings.templateSize);
  const pairs = emptyPairs(photos.length);
  photos.forEach((photo, i) =>
    drawPair(reader.read(photo), chanceOf(`held out ${photo.file}`), options, pairs, i)
  );
  return pairs;
}

function withMesh(photos: readonly IndexedPhoto[], folder: string, what: string): IndexedPhoto[] {
  const found = photos.filter(({ mesh }) => mesh);
  if (found.length > 0) return found;
  throw new InvalidArgumentError(
    `Cannot ${what} with ${folder} as none of its ${photos.length} photos for that has a mesh to draw masks by: ` +
      `prepare more photos`,
  );
}

function emptyPairs(count: number): DrawnPairs {
  const clean = new Uint8Array(count * CROP_BYTES);
  return { clean, masked: clean.slice() };
}

/** Draws pair `i`. The record's crop may be changed. */
function drawPair(
  { crop, mesh }: PhotoRecord,
  chance: Chance,
  { maskShare, surroundShare }: PairOptions,
  { clean, masked }: DrawnPairs,
  i: number,
): void {
  if (chance.happens(surroundShare)) surround(crop);
  clean.set(crop, i * CROP_BYTES);
  let image = cropImage(crop);
  if (chance.happens(maskShare)) {
    image = maskedCrop(image, mesh, chance, drawnMask(chance, { excludeKinds: [] }));
  } else drawCover(image, mesh, chance);
  for (let from = 0, to = i * CROP_BYTES; from < image.data.length; from += 4, to += 3) {
    masked.set(image.data.subarray(from, from + 3), to);
  }
}
