// Small folders of photos and of aligned crops for the tests of training data, good ones and hostile ones, and shards.
// Prepared once for all tests of a file; nothing of it is left behind.

import { EngineHost } from "../../src/pipeline/engine/host.ts";
import type { DataIndex } from "../../src/distill/data/index_file.ts";
import { indexShards } from "../../src/distill/data/index_shards.ts";
import { cutCrop } from "../../src/distill/data/open_crop.ts";
import { prepareShards } from "../../src/distill/data/prepare.ts";
import { encodePng, fromPixels } from "../../src/image/mod.ts";
import { openModels } from "../../src/model/model.ts";
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

/** Options that make several shards of few photos. */
export const SMALL_SHARDS = { teacher: "teacher", shardSize: 3, threads: 1 };

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

/** `index.tsv` of the crops of {@linkcode writeCrops}, without its header; the file of the last line does not exist. */
const CROP_ROWS = [
  ["collins/1.png", "collins", "train", "53", "female", "white", "61"],
  ["collins/2.png", "collins", "train", "", "", "", ""],
  ["hopper/1.png", "hopper", "validation", "78", "female", "white", "50"],
  ["hopper/2.png", "hopper", "validation", "78", "female", "white", "50"],
  ["any/1.png", "", "train", "9", "", "black", ""],
  ["any/2.png", "", "train", "70", "", "asian", "34"],
  ["any/3.png", "someone", "calibration", "", "", "", ""],
];

/** Writes aligned crops with their `index.tsv` into a new folder. */
export async function writeCrops(): Promise<string> {
  const photos = await writePhotos();
  const folder = await Deno.makeTempDir({ prefix: "maskinv-crops-" });
  await using host = new EngineHost("wasm", await openModels(), { threads: 1 });
  for (const [i, file] of FACES.entries()) {
    const opened = await host.use((engine) => cutCrop(engine, `${photos}/${file}`, file));
    if ("failed" in opened) throw new Error(`${file}: ${opened.failed}`);
    const [name] = CROP_ROWS[i];
    await Deno.mkdir(`${folder}/${name.split("/")[0]}`, { recursive: true });
    await Deno.writeFile(`${folder}/${name}`, await encodePng(opened.crop));
  }
  await Deno.remove(photos, { recursive: true });
  const header = ["file", "person", "split", "age", "sex", "origin", "eye_px"];
  const lines = [header, ...CROP_ROWS].map((cells) => cells.join("\t"));
  await Deno.writeTextFile(`${folder}/index.tsv`, `${lines.join("\n")}\n`);
  return folder;
}

/** The shards of a folder of photos, with the index. */
export async function shardsOf(
  photos: string,
): Promise<{ folder: string; index: DataIndex }> {
  const folder = await Deno.makeTempDir({ prefix: "maskinv-shards-" });
  const settings = await prepareShards(photos, folder, SMALL_SHARDS);
  const options = { validationIdentities: 1, validationShare: 0.5 };
  return { folder, index: indexShards(folder, settings, options) };
}

/** All files of a folder with their bytes, by name. */
export function contents(folder: string): Map<string, Uint8Array> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  return new Map(names.map((name) => [name, Deno.readFileSync(`${folder}/${name}`)]));
}
