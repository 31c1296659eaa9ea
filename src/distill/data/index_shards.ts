// From shards to the index. Takes seconds and can be run again at any time, also on the shards that are there so far.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writeWhole } from "../../base/write_error.ts";
import { hashName } from "./chance.ts";
import {
  type DataIndex,
  type DroppedPhoto,
  INDEX_VERSION,
  type IndexedPhoto,
  indexedPhoto,
} from "./index_file.ts";
import type { ShardSettings } from "./prepare.ts";
import { recordCount } from "./record.ts";
import { type PhotoFacts, readShard, shardPath } from "./shard.ts";

/** How the photos are split where their folder does not say it. */
export interface IndexOptions {
  /** How many identities go to validation; by default an eighth. */
  readonly validationIdentities?: number;
  /** Share of the photos without an identity that go to validation, 0..1; by default 0.04. */
  readonly validationShare?: number;
}

/**
 * Writes the `index.json` of a folder of shards: the splits of `index.tsv`, or else whole people by their hashes.
 *
 * @param folder The folder of the shards.
 * @param settings What {@linkcode prepareShards} returned.
 * @param options How photos are split that have no split.
 * @returns The index as it was written.
 * @throws {InvalidArgumentError} If an option is out of its range or a shard is damaged.
 * @throws {WriteError} If the index cannot be written.
 *
 * @example
 * ```ts
 * import { indexShards, prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const settings = await prepareShards("tests/photos", shards, { shardSize: 4 });
 * const { training } = indexShards(shards, settings, { validationShare: 0 });
 * console.log(training.length); // 10
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export function indexShards(
  folder: string,
  settings: ShardSettings,
  options: IndexOptions = {},
): DataIndex {
  const { validationShare = 0.04, validationIdentities } = options;
  if (!(validationShare >= 0 && validationShare <= 1)) {
    throw new InvalidArgumentError(
      `Cannot split photos with validationShare ${validationShare}: give a number from 0 to 1`,
    );
  }
  const found: { facts: PhotoFacts; photo: IndexedPhoto }[] = [], dropped: DroppedPhoto[] = [];
  let missingShards = 0;
  for (let shard = 0; shard * settings.shardSize < settings.photos; shard++) {
    const photos = photosOf(folder, shard, settings);
    if (!photos) missingShards++;
    let record = 0;
    for (const facts of photos ?? []) {
      if (facts.failed === undefined) {
        found.push({ facts, photo: indexedPhoto(facts, shard, record++) });
      } else dropped.push(droppedPhoto(facts.file, facts.failed));
    }
  }
  const isHeld = splitter(found.map(({ photo }) => photo), validationShare, validationIdentities);
  const isValidation = ({ facts, photo }: typeof found[number]): boolean =>
    facts.split === undefined ? isHeld(photo) : facts.split === "validation";
  const photosWhere = (validation: boolean): IndexedPhoto[] =>
    found.filter((one) => isValidation(one) === validation).map(({ photo }) => photo);
  const index: DataIndex = {
    version: INDEX_VERSION,
    settings,
    missingShards,
    training: photosWhere(false),
    validation: photosWhere(true),
    dropped,
    counts: countsOf(dropped),
  };
  writeWhole(`${folder}/index.json`, JSON.stringify(index));
  return index;
}

/** Returns what is known of a shard's photos, if it has been made and is whole. */
function photosOf(
  folder: string,
  shard: number,
  { hash, templateSize }: ShardSettings,
): readonly PhotoFacts[] | undefined {
  const facts = readShard(folder, shard);
  if (!facts) return undefined;
  if (facts.settings !== hash) {
    throw new InvalidArgumentError(
      `Cannot use ${folder} as shard ${shard} was made with other settings: delete it and prepare again`,
    );
  }
  const path = `${shardPath(folder, shard)}.bin`, { size } = Deno.statSync(path);
  const records = facts.photos.filter(({ failed }) => failed === undefined).length;
  if (recordCount(size, templateSize) === records) return facts.photos;
  throw new InvalidArgumentError(
    `Cannot use ${path} as it has ${size} bytes, which are not the ${records} records of its .json: ` +
      `delete both files and prepare again`,
  );
}

function droppedPhoto(file: string, failed: string): DroppedPhoto {
  const [reason, ...detail] = failed.split(": ");
  return { file, reason, ...(detail.length > 0 && { detail: detail.join(": ") }) };
}

function countsOf(dropped: readonly DroppedPhoto[]): Record<string, number> {
  const groups = Map.groupBy(dropped, ({ reason }) => reason);
  return Object.fromEntries([...groups].map(([reason, all]) => [reason, all.length]));
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
