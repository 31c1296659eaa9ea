// A shard on disk: records in `shard-0000.bin`, and what is known of each photo in `shard-0000.json`.
// The JSON is written last, so that a shard is there as a whole or not at all.

import { InvalidArgumentError } from "../../errors.ts";
import { writeWhole } from "../../write_error.ts";
import { type PhotoRecord, recordBytes, writeRecord } from "./record.ts";
import type { Shift } from "./shift.ts";

/** Raised when what the files hold changes. */
export const SHARD_VERSION = 2;

/** What is known of a photo that was looked at. */
export interface PhotoFacts {
  /** Path below the photo folder. */
  readonly file: string;
  /** Who it shows, if that is known. */
  readonly identity?: string;
  /** Why there is no record of it. */
  readonly failed?: string;
  /** Distance between the eyes in the photo, in pixels. */
  readonly eyes?: number;
  /** What a mask on this photo did to its alignment, where that was measured. */
  readonly shift?: Shift;
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

/** A photo that was looked at, with its record unless it failed. */
export interface LookedAt {
  readonly facts: PhotoFacts;
  readonly record?: PhotoRecord;
}

/** The path of a shard without its ending. */
export function shardPath(folder: string, shard: number): string {
  return `${folder}/shard-${String(shard).padStart(4, "0")}`;
}

/** Writes a shard. */
export function writeShard(
  folder: string,
  shard: number,
  { settings, templateSize }: Omit<ShardFacts, "version" | "photos">,
  photos: readonly LookedAt[],
): void {
  const records = photos.flatMap(({ record }) => record ? [record] : []);
  const length = recordBytes(templateSize);
  const bytes = new Uint8Array(length * records.length);
  records.forEach((record, i) => writeRecord(record, bytes.subarray(i * length)));
  const path = shardPath(folder, shard);
  const facts: ShardFacts = {
    version: SHARD_VERSION,
    settings,
    templateSize,
    photos: photos.map((photo) => photo.facts),
  };
  writeWhole(`${path}.bin`, bytes);
  writeWhole(`${path}.json`, new TextEncoder().encode(JSON.stringify(facts)));
}

/** What is known of a shard's photos; undefined if it has not been written. */
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

/** A JSON file's content; undefined if there is no such file. */
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
