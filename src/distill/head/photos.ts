// Real photos for the condition head: crops as the pipeline aligns them, which drawn masks are checked by.

import { EngineHost } from "../../pipeline/engine/host.ts";
import { openModels } from "../../model/model.ts";
import { InvalidArgumentError } from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import { cutCrop } from "../data/open_crop.ts";
import type { HeadPhotos } from "./config.ts";

/** A crop of a real photo. */
export interface RealCrop {
  readonly file: string;
  readonly crop: Image;
  readonly coverings: HeadPhotos["coverings"];
}

/** Cuts the crops of the largest faces of the photos; those without a face are left out. */
export async function cutRealCrops(
  all: readonly HeadPhotos[],
  threads?: number,
): Promise<RealCrop[]> {
  if (all.length === 0) return [];
  await using host = new EngineHost("wasm", await openModels(), { threads });
  return await host.use(async (engine) => {
    const crops: RealCrop[] = [];
    for (const photos of all) {
      for (const file of filesOf(photos)) {
        const found = await cutCrop(engine, file, file);
        if ("crop" in found) crops.push({ file, crop: found.crop, coverings: photos.coverings });
      }
    }
    return crops;
  });
}

/** The files of a folder that are wanted, sorted. */
function filesOf({ folder, numbers }: HeadPhotos): string[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read the photos of ${folder} as ${(error as Error).message}: correct "photos"`,
      { cause: error },
    );
  }
  return names.sort().filter((name) => {
    const [, digits] = /(\d+)\.\w+$/.exec(name) ?? [];
    return numbers === undefined ||
      (digits !== undefined && Number(digits) % 2 === (numbers === "odd" ? 1 : 0));
  }).map((name) => `${folder}/${name}`);
}
