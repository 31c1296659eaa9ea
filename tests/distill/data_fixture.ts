// A small folder of photos for the tests of training data, good ones and hostile ones, and its shards.
// Prepared once for all tests of a file; nothing of it is left behind.

import { choosePhotos } from "../../src/distill/data/choose.ts";
import type { DataIndex } from "../../src/distill/data/index_file.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { encodePng, fromPixels } from "../../src/image/mod.ts";
import { photo } from "../hosts.ts";

/** Photos that show a face. */
export const FACES = [
  "labelled/collins/crop.jpg",
  "labelled/collins/dark.jpg",
  "labelled/hopper/crop.jpg",
  "labelled/hopper/dark.jpg",
  "unlabelled/collins.jpg",
  "unlabelled/hopper_mirrored.jpg",
] as const;

/** Options that make several shards of few photos, and measure the shift of each. */
export const SMALL_SHARDS = { teacher: "student", shardSize: 3, shiftEvery: 1, threads: 1 };

/** Writes the photos into a new folder. */
export async function writePhotos(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "maskinv-photos-" });
  for (const name of ["labelled/collins", "labelled/hopper", "unlabelled"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  const sources = [
    "collins_crop",
    "collins_dark",
    "hopper_crop",
    "hopper_dark",
    "collins",
    "hopper_mirrored",
  ];
  for (const [i, file] of FACES.entries()) {
    await Deno.copyFile(photo(sources[i]), `${folder}/${file}`);
  }
  return folder;
}

/** Adds photos that cannot be used, each for another reason. */
export async function addHostile(folder: string): Promise<void> {
  const whole = await Deno.readFile(photo("collins"));
  await Deno.writeFile(`${folder}/unlabelled/cut.jpg`, whole.subarray(0, 5000));
  await Deno.writeFile(`${folder}/unlabelled/empty.jpg`, new Uint8Array());
  await Deno.writeTextFile(`${folder}/unlabelled/text.jpg`, "no picture");
  const black = fromPixels({ width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) });
  await Deno.writeFile(`${folder}/unlabelled/black.png`, await encodePng(black));
  await Deno.copyFile(photo("collins_crop"), `${folder}/unlabelled/copy.jpg`);
  await Deno.mkdir(`${folder}/unlabelled/folder.jpg`);
}

/** The shards of a folder of photos, with the index. */
export async function shardsOf(
  photos: string,
): Promise<{ folder: string; index: DataIndex }> {
  const folder = await Deno.makeTempDir({ prefix: "maskinv-shards-" });
  const settings = await prepareShards(photos, folder, SMALL_SHARDS);
  const options = { sameScore: 0.99999, validationIdentities: 1, validationShare: 0.5 };
  return { folder, index: await choosePhotos(folder, settings, options) };
}

/** All files of a folder with their bytes, by name. */
export function contents(folder: string): Map<string, Uint8Array> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return new Map(names.map((name) => [name, Deno.readFileSync(`${folder}/${name}`)]));
}
