// The real photos with and without masks: cut, split so that pictures that show the same stay on one side, labelled.
// They come as tight crops of faces; a black border of a quarter gives the detector the surroundings that it expects.

import type { Engine } from "../../src/kernels/mod.ts";
import { interEyeDistance } from "../../src/pipeline/detect/face.ts";
import { withBorder as withRoom } from "../../src/distill/data/border.ts";
import type { Image } from "../../src/image/image.ts";
import { loadImage } from "../../src/image/load.ts";
import { cosineMatrix } from "../../src/kernels/cosine_matrix/cpu.ts";
import type { MaskStateName } from "../../src/pipeline/embed/mask_state.ts";
import { CROP_BYTES, CROP_SIZE, cutFaces, MARGIN } from "./face_crops.ts";
import { filesOf, hashName, type Sample } from "./samples.ts";

/** The border on each side, of the picture's width and height. */
const BORDER = 0.25;
/** Photos with a score above this are taken for the same picture. */
const SAME_SCORE = 0.85;
/** ... as are photos whose 64-bit brightness patterns differ in no more bits than this. */
const SAME_BITS = 6;
/** Photos of `masked` that show the nose, found by hand on contact sheets. */
const NOSE_OUT: readonly string[] = (
  "0135 0186 0226 0227 0246 0247 0251 0271 0274 0309 0318 0358 " +
  "0380 0422 0428 0429 0431 0432 0434 0435 0444 0509 0520 0568"
).split(" ").map((number) => `${number}.jpg`);
/** Share of the photos that is kept for the test. */
const HELD_OUT = 0.4;

/** The photo with the black border that the real photos get. */
export function withBorder(image: Image): Image {
  return withRoom(image, BORDER);
}

/** All photos of `mask-detection` in which a face was found. */
export async function realPhotos(engine: Engine, data: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const folder of ["masked", "unmasked"] as const) {
    const names = filesOf(`${data}/mask-detection/${folder}`);
    const cut: { name: string; bits: bigint; sample: Sample }[] = [];
    for (const name of names) {
      const file = `mask-detection/${folder}/${name}`;
      const image = await loadImage(`${data}/${file}`);
      const [found] = await cutFaces(engine, [withBorder(image)]);
      if (!found) continue;
      const { face, crop } = found;
      const eyes = interEyeDistance(face.landmarks) / image.width;
      const state = stateOf(file);
      const sample = { file, state, group: "real", heldOut: false, eyes, crop };
      cut.push({
        name,
        bits: pattern(image),
        sample: { ...sample, source: face.landmarks.source },
      });
    }
    const groups = await samePictures(engine, cut);
    groups.sort((a, b) => hashName(`${folder}${a[0].name}`) - hashName(`${folder}${b[0].name}`));
    // Whole groups go to the test until it has its share.
    let left = HELD_OUT * names.length;
    for (const group of groups) {
      const heldOut = left > 0;
      left -= group.length;
      samples.push(...group.map(({ sample }) => ({ ...sample, heldOut })));
    }
  }
  return samples;
}

/** The state of the face in a photo, by its path in the data folder. */
export function stateOf(file: string): MaskStateName {
  const [, folder, name] = file.split("/");
  if (folder === "unmasked") return "none";
  return NOSE_OUT.includes(name) ? "nose-out" : "full";
}

/** Whether each pixel of a 9x8 grey thumbnail is brighter than its right neighbour. */
function pattern(image: Image): bigint {
  const grey = (x: number, y: number): number => {
    let sum = 0;
    const at = (value: number, cells: number, length: number): number =>
      Math.floor(value * length / cells);
    const x0 = at(x, 9, image.width), x1 = at(x + 1, 9, image.width);
    const y0 = at(y, 8, image.height), y1 = at(y + 1, 8, image.height);
    for (let v = y0; v < y1; v++) {
      for (let u = x0; u < x1; u++) {
        const p = (v * image.width + u) * 4;
        sum += image.data[p] + 2 * image.data[p + 1] + image.data[p + 2];
      }
    }
    return sum / Math.max(1, (x1 - x0) * (y1 - y0));
  };
  let bits = 0n;
  for (let i = 0; i < 64; i++) {
    const x = i % 8, y = Math.floor(i / 8);
    bits = bits << 1n | (grey(x, y) > grey(x + 1, y) ? 1n : 0n);
  }
  return bits;
}

/** Groups of photos that are linked by a score or by their brightness patterns. */
async function samePictures<T extends { readonly bits: bigint; readonly sample: Sample }>(
  engine: Engine,
  photos: readonly T[],
): Promise<T[][]> {
  const embeddings = await embed(engine, photos.map(({ sample }) => sample.crop));
  const scores = cosineMatrix(embeddings, embeddings, embeddings.length / photos.length);
  const leader = photos.map((_, i) => i);
  const find = (i: number): number => leader[i] === i ? i : leader[i] = find(leader[i]);
  for (let i = 0; i < photos.length; i++) {
    for (let j = 0; j < i; j++) {
      const same = scores[i * photos.length + j] > SAME_SCORE ||
        ones(photos[i].bits ^ photos[j].bits) <= SAME_BITS;
      if (same) leader[find(i)] = find(j);
    }
  }
  const groups = Map.groupBy(photos, (_, i) => find(i));
  return [...groups.values()];
}

function ones(bits: bigint): number {
  let count = 0;
  for (; bits > 0n; bits &= bits - 1n) count++;
  return count;
}

/** The embeddings of crops with their margins. */
async function embed(engine: Engine, crops: readonly Uint8Array[]): Promise<Float32Array> {
  const { backend } = engine;
  const student = await engine.network("student");
  const rows: number[] = [];
  for (const crop of crops) {
    if (crop.length !== CROP_BYTES) throw new Error(`crop of ${crop.length} bytes`);
    const values = new Float32Array(112 * 112 * 3);
    for (let y = 0; y < 112; y++) {
      const from = ((y + MARGIN) * CROP_SIZE + MARGIN) * 3;
      const row = crop.subarray(from, from + 112 * 3);
      values.set(Float32Array.from(row, (value) => (value - 127.5) / 128), y * 112 * 3);
    }
    const [raw] = await backend.run(student, backend.write(values, [1, 112, 112, 3]));
    const [row] = await backend.read(backend.blendNormalize(raw, false));
    rows.push(...row);
  }
  return Float32Array.from(rows);
}
