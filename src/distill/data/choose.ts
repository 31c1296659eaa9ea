// From shards to the index: drops what must not or cannot be trained on, and cuts the validation set out by identity.
// Takes seconds and can be run again at any time, also on the shards that are there so far.

import { EngineHost } from "../../backend/host.ts";
import type { Backend } from "../../backend/backend.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { type ModelSource, openModels } from "../../model/model.ts";
import { writeWhole } from "../../write_error.ts";
import { type Alike, nearest, pairsAlike } from "./alike.ts";
import { hashName } from "./chance.ts";
import { type GatheredShards, gatherShards } from "./gather.ts";
import { type DataIndex, INDEX_VERSION, type IndexedPhoto, readIndex } from "./index_file.ts";
import type { ShardSettings } from "./prepare.ts";

/** What is kept of the shards. */
export interface ChooseOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** Photos whose templates are at least this much alike are the same picture; by default 0.95. */
  readonly sameScore?: number;
  /** A folder of shards with an index, whose people training must not know; by default none. */
  readonly exclude?: string;
  /** A photo is dropped if it scores at least this with one of `exclude`; by default 0.6. */
  readonly excludeScore?: number;
  /** How many identities go to validation; by default an eighth. */
  readonly validationIdentities?: number;
  /** Share of the photos without an identity that go to validation; by default 0.04. */
  readonly validationShare?: number;
}

/**
 * Decides which photos of a folder of shards are used, for training and for validation, and writes `index.json`.
 *
 * @param folder The folder of the shards.
 * @param settings What {@linkcode prepareShards} returned.
 * @param options The limits.
 * @returns The index as it was written.
 * @throws {InvalidArgumentError} If a limit is out of its range, a shard is damaged, or the shards to exclude are of
 * another teacher.
 *
 * @example
 * ```ts
 * import { choosePhotos, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * const { training, counts } = await choosePhotos(shards, settings, { validationShare: 0 });
 * console.log(training.length, counts); // 4 { "same picture": 6 }
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export async function choosePhotos(
  folder: string,
  settings: ShardSettings,
  options: ChooseOptions = {},
): Promise<DataIndex> {
  const { sameScore = 0.95, excludeScore = 0.6, validationShare = 0.04 } = options;
  checkLimits({ sameScore, excludeScore, validationShare });
  const { templateSize } = settings;
  const shards = gatherShards(folder, settings);
  const dropped = [...shards.failed];
  const gone = new Set<number>();
  const drop = (at: number, reason: string, detail: string): void => {
    if (gone.has(at)) return;
    gone.add(at);
    dropped.push({ file: shards.photos[at].file, reason, detail });
  };
  await using host = new EngineHost("wasm", await openModels(options.models), {});
  await host.use(async ({ backend }) => {
    for (
      const { probe, score } of await excluded(backend, shards, options, excludeScore, settings)
    ) {
      drop(probe, "like an excluded photo", `score ${score.toFixed(3)}`);
    }
    const same = await pairsAlike(backend, shards.templates, templateSize, sameScore);
    for (const { probe, reference, score } of same) {
      if (gone.has(reference)) continue;
      const { file } = shards.photos[reference];
      drop(probe, "same picture", `score ${score.toFixed(3)} with ${file}`);
    }
  });
  const kept = shards.photos.filter((_, at) => !gone.has(at));
  const isValidation = splitter(kept, validationShare, options.validationIdentities);
  const index: DataIndex = {
    version: INDEX_VERSION,
    settings,
    missingShards: shards.missing,
    training: kept.filter((photo) => !isValidation(photo)),
    validation: kept.filter(isValidation),
    dropped,
    counts: Object.fromEntries(
      [...Map.groupBy(dropped, ({ reason }) => reason)].map((
        [reason, all],
      ) => [reason, all.length]),
    ),
    shifts: shards.shifts,
  };
  writeWhole(`${folder}/index.json`, new TextEncoder().encode(JSON.stringify(index)));
  return index;
}

function checkLimits(limits: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value >= 0 && value <= 1) continue;
    throw new InvalidArgumentError(
      `Cannot choose photos with ${name} ${value}: give a number from 0 to 1`,
    );
  }
}

/** Whole people by their hashes, and single photos of those that nobody named. */
function splitter(
  photos: readonly IndexedPhoto[],
  share: number,
  people?: number,
): (photo: IndexedPhoto) => boolean {
  const names = [...new Set(photos.flatMap(({ identity }) => identity ?? []))]
    .sort((one, other) => hashName(`split ${one}`) - hashName(`split ${other}`));
  const held = new Set(names.slice(0, people ?? Math.floor(names.length / 8)));
  return ({ identity, file }) =>
    identity === undefined ? hashName(`split ${file}`) < share * 2 ** 32 : held.has(identity);
}

async function excluded(
  backend: Backend,
  shards: GatheredShards,
  { exclude }: ChooseOptions,
  threshold: number,
  settings: ShardSettings,
): Promise<Alike[]> {
  if (exclude === undefined) return [];
  const index = readIndex(exclude);
  if (index.settings.teacher.sha256 !== settings.teacher.sha256 || index.missingShards > 0) {
    throw new InvalidArgumentError(
      `Cannot exclude the photos of ${exclude} as they were not all prepared, or by another teacher: ` +
        `run prepare on them to its end with the teacher ${settings.teacher.name}`,
    );
  }
  const others = gatherShards(exclude, index.settings);
  return await nearest(
    backend,
    shards.templates,
    others.templates,
    settings.templateSize,
    threshold,
  );
}
