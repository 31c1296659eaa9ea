// A shard on disk: records in `shard-0000.bin`, and what is known of each photo in `shard-0000.json`.
// The JSON is written last, so that a shard is there as a whole or not at all.

import { InvalidArgumentError } from "../../base/errors.ts";
import { writeWhole } from "../../base/write_error.ts";
import type { SourceCrop } from "./crop_index.ts";
import { encodeRecords, type PhotoRecord } from "./record.ts";

/** Raised when what the files hold changes. */
export const SHARD_VERSION = 3;

/** What is known of a photo of a shard; `split` is not, where the source does not say it. */
export interface PhotoFacts extends Omit<SourceCrop, "split"> {
  /** What the photo may be used for. */
  readonly split?: SourceCrop["split"];
  /** Why there is no record of it. */
  readonly failed?: string;
  /** Whether there is a mesh in its record. */
  readonly mesh?: boolean;
}

/** What `shard-0000.json` holds. */
export interface ShardFacts {
  readonly version: typeof SHARD_VERSION;
  /** Hash of everything that the shard's content depends on. */
  readonly settings: string;
  readonly templateSize: number;
  /** Every photo of the shard; those without `failed` have a record, in this order. */
  readonly photos: readonly PhotoFacts[];
}

/** A photo that was prepared, with its record unless that failed. */
export interface PreparedPhoto {
  readonly facts: PhotoFacts;
  readonly record?: PhotoRecord;
}

/** Returns the path of a shard without its ending. */
export function shardPath(folder: string, shard: number): string {
  return `${folder}/shard-${String(shard).padStart(4, "0")}`;
}

/** Writes a shard. */
export function writeShard(
  folder: string,
  shard: number,
  { settings, templateSize }: Omit<ShardFacts, "version" | "photos">,
  photos: readonly PreparedPhoto[],
): void {
  const records = photos.flatMap(({ record }) => record ? [record] : []);
  const path = shardPath(folder, shard);
  const facts: ShardFacts = {
    version: SHARD_VERSION,
    settings,
    templateSize,
    photos: photos.map((photo) => photo.facts),
  };
  writeWhole(`${path}.bin`, encodeRecords(records, templateSize));
  writeWhole(`${path}.json`, new TextEncoder().encode(JSON.stringify(facts)));
}

/** Returns what is known of a shard's photos; undefined if it has not been written. */
export function readShard(folder: string, shard: number): ShardFacts | undefined {
  const path = `${shardPath(folder, shard)}.json`;
  const facts = readJson(path) as ShardFacts | undefined;
  if (facts && facts.version !== SHARD_VERSION) {
    throw new InvalidArgumentError(
      `Cannot use ${path} as its version is ${facts.version} and not ${SHARD_VERSION}: prepare the photos anew`,
    );
  }
  return facts;
}

/** Returns a JSON file's content; undefined if there is no such file. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot use ${path} as it is not JSON (${
        (error as Error).message
      }): delete it and prepare again`,
    );
  }
}
