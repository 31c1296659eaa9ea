// What the head is trained on: drawn samples and real photos, as rows of features with their truths.

import { concatFloats } from "../../base/concat.ts";
import { chanceOf, hashName } from "../data/chance.ts";
import { cropImage, FRAME_SIZE } from "../data/crop.ts";
import { degrade } from "../data/degrade.ts";
import type { IndexedPhoto } from "../data/index_file.ts";
import { varyLight } from "../data/light.ts";
import { drawPlace, mirrored } from "../data/place.ts";
import type { RecordReader } from "../data/reader.ts";
import { cutFrame, FRAME_LENGTH } from "../data/sample.ts";
import { surround } from "../data/surround.ts";
import { dot } from "../../math/dot.ts";
import type { ConditionTruth } from "./network.ts";
import type { RealCrop } from "./photos.ts";
import { drawCondition, type DrawnCondition } from "./sample.ts";
import type { Trunk } from "./trunk.ts";
import { isChild, truthOf } from "./truth.ts";

/** Frames that go through the trunk together. */
const BATCH = 16;
/** Share of the samples that show children, and adults of known age. */
const CHILDREN = 0.1, ADULTS = 0.15;

/** Rows of features with what is known of them. */
export interface FeatureRows {
  readonly features: Float32Array<ArrayBuffer>;
  /** Templates of length 1. */
  readonly templates: Float32Array<ArrayBuffer>;
  readonly truths: readonly ConditionTruth[];
}

/** Told how many samples are done. */
export type Progress = (done: number, of: number) => void;

/** A sample on its way: draws a frame, and says what is known once its template is. */
export type Sample = (levels: Uint8Array) => (template: Float32Array) => ConditionTruth;

/** Runs samples through the trunk. */
export async function runSamples(
  trunk: Trunk,
  count: number,
  sample: (i: number) => Sample,
  progress?: Progress,
): Promise<FeatureRows> {
  const truths: ConditionTruth[] = [];
  const features: Float32Array[] = [], templates: Float32Array[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, count - from) }, (_, k) => sample(from + k));
    const levels = new Uint8Array(some.length * FRAME_LENGTH);
    const told = some.map((draw, k) =>
      draw(levels.subarray(k * FRAME_LENGTH, (k + 1) * FRAME_LENGTH))
    );
    const rows = await trunk.run(levels), size = rows.templates.length / some.length;
    told.forEach((tell, k) => truths.push(tell(rows.templates.subarray(k * size, (k + 1) * size))));
    features.push(rows.features);
    templates.push(rows.templates);
    progress?.(from + some.length, count);
  }
  return { features: concatFloats(features), templates: concatFloats(templates), truths };
}

/** Draws samples of photos: each its own chance by its number and the seed. */
export function drawnSamples(
  photos: readonly IndexedPhoto[],
  reader: RecordReader,
  name: string,
): (i: number) => Sample {
  const children = photos.filter((photo) => isChild(photo) === true);
  const adults = photos.filter((photo) => isChild(photo) === false);
  return (i) => {
    const chance = chanceOf(`head ${name} ${i}`), way = chance.next();
    const wanted = way < CHILDREN ? children : way < CHILDREN + ADULTS ? adults : photos;
    const pool = wanted.length > 0 ? wanted : photos;
    return sampleOf(pool[Math.floor(chance.next() * pool.length)], reader, chance);
  };
}

/** A sample of one photo; `seen` is told what was drawn. */
export function sampleOf(
  photo: IndexedPhoto,
  reader: RecordReader,
  chance: ReturnType<typeof chanceOf>,
  seen?: (drawn: DrawnCondition) => void,
): Sample {
  return (levels) => {
    const record = reader.read(photo), drawn = drawCondition(record, chance, levels);
    seen?.(drawn);
    return (template) => truthOf(drawn, photo, dot(template, record.template));
  };
}

const pixels = new Float32Array(FRAME_LENGTH);

/** Samples of real photos, `per` of each: as they are but for place, light and camera. */
export function realSamples(
  crops: readonly RealCrop[],
  per: number,
  name: string,
): (i: number) => Sample {
  return (i) => (levels) => {
    const { crop, coverings } = crops[Math.floor(i / per)], chance = chanceOf(`real ${name} ${i}`);
    const place = drawPlace(chance, true, 1), flipped = chance.happens(0.5);
    const bytes = new Uint8Array(crop.data.length / 4 * 3);
    for (let from = 0, to = 0; to < bytes.length; from++) {
      if (from % 4 < 3) bytes[to++] = crop.data[from];
    }
    if (chance.happens(0.5)) surround(bytes);
    cutFrame(cropImage(bytes), flipped ? mirrored(place) : place, pixels);
    varyLight(pixels, chance, 1);
    degrade(pixels, FRAME_SIZE, chance, 1);
    new Uint8ClampedArray(levels.buffer, levels.byteOffset, levels.length).set(pixels);
    return () => ({ coverings, faults: {} });
  };
}

/** Whether a photo of the training split is kept from training: every tenth, by its name. */
export function isHeldOut({ file }: IndexedPhoto): boolean {
  return hashName(`head ${file}`) % 10 === 0;
}
