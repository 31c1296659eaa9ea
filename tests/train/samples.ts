// Training samples on disk: crops in one file, what is known of each in another, so that they are cut only once.
// Everything is made from fixed seeds; a cache folder that is deleted comes back the same.

import { CROP_BYTES } from "./face_crops.ts";
import type { MaskStateName } from "../../src/pipeline/embed/mask_state.ts";

/** What is known of one crop. */
export interface SampleInfo {
  /** File the crop was cut from, relative to the data folder. */
  readonly file: string;
  readonly state: MaskStateName;
  /** Where a result is counted: `"real"`, or `"<kind> <wearing>"` of a drawn mask. */
  readonly group: string;
  /** Whether the sample is kept for the test. */
  readonly heldOut: boolean;
  /** Whether the landmarks came from the mesh or from the detector. */
  readonly source: "mesh" | "detector";
  /** Distance between the eyes over the picture's width: tiny where something else was taken for the face. */
  readonly eyes: number;
}

/** A crop and what is known of it. */
export interface Sample extends SampleInfo {
  readonly crop: Uint8Array;
}

/** The samples under a name in the cache, made if they are not there. */
export async function cached(
  folder: string,
  name: string,
  make: () => Promise<Sample[]>,
): Promise<Sample[]> {
  const crops = `${folder}/${name}.bin`, infos = `${folder}/${name}.json`;
  try {
    const list: SampleInfo[] = JSON.parse(await Deno.readTextFile(infos));
    const bytes = await Deno.readFile(crops);
    return list.map((info, i) => ({
      ...info,
      crop: bytes.subarray(i * CROP_BYTES, (i + 1) * CROP_BYTES),
    }));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const samples = await make();
  await Deno.mkdir(folder, { recursive: true });
  const bytes = new Uint8Array(samples.length * CROP_BYTES);
  samples.forEach(({ crop }, i) => bytes.set(crop, i * CROP_BYTES));
  await Deno.writeFile(crops, bytes);
  const list = samples.map(({ crop: _, ...info }): SampleInfo => info);
  await Deno.writeTextFile(infos, JSON.stringify(list));
  return samples;
}

/** FNV-1a: the same number for a name on every machine, for splits that do not depend on the order of files. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  // The last characters alone would decide the low bits; mix them once more.
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d) >>> 0;
  return (hash ^ hash >>> 13) >>> 0;
}

/** The names of the files in a folder, sorted. */
export function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name)
    .sort();
}
