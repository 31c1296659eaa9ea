// `index.json`: which photos of the shards are for training and which for validation, and which could not be used.
// The shards themselves are never changed, so the index can be written again at any time.

import { InvalidArgumentError } from "../../base/errors.ts";
import type { PhotoFacts } from "./shard.ts";
import type { ShardSettings } from "./prepare.ts";
import { readJson } from "./shard.ts";

/** Raised when the fields change. */
export const INDEX_VERSION = 2;

/** What is known of a photo, and where its record is. */
export interface IndexedPhoto {
  /** Path below the photo folder. */
  readonly file: string;
  /** Who it shows, if that is known. */
  readonly identity?: string;
  /** Age in years, if that is known. */
  readonly age?: number;
  /** Sex as the photo's set labels it, if it does. */
  readonly sex?: string;
  /** Origin as the photo's set labels it, if it does. */
  readonly origin?: string;
  /** Distance between the eyes in the photo that the crop is from, in pixels, if that is known. */
  readonly eyes?: number;
  /** Whether there is a mesh to fit masks to. */
  readonly mesh: boolean;
  /** The number of the shard. */
  readonly shard: number;
  /** Which record of the shard, from 0. */
  readonly record: number;
}

/** A photo that is not used. */
export interface DroppedPhoto {
  /** Path below the photo folder. */
  readonly file: string;
  /** What was wrong, in a word or two; the same for all photos of a kind. */
  readonly reason: string;
  /** More about it, such as an error's message. */
  readonly detail?: string;
}

/** What `index.json` holds. */
export interface DataIndex {
  /** The version of these fields. */
  readonly version: number;
  /** What the shards were made of. */
  readonly settings: ShardSettings;
  /** Shards that had not been made when the index was written; 0 when the data are complete. */
  readonly missingShards: number;
  /** The photos to train on. */
  readonly training: readonly IndexedPhoto[];
  /** The photos to validate on: of people that training does not see. */
  readonly validation: readonly IndexedPhoto[];
  /** The photos that are not used. */
  readonly dropped: readonly DroppedPhoto[];
  /** Photos dropped, by reason. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Returns the place of a photo in a shard, with what is known of it. */
export function indexedPhoto(facts: PhotoFacts, shard: number, record: number): IndexedPhoto {
  const { split: _split, failed: _failed, mesh = false, ...known } = facts;
  return { ...known, mesh, shard, record };
}

/**
 * Reads the index of a folder of shards.
 *
 * @param folder A folder that `prepare` has made.
 * @returns The index.
 * @throws {InvalidArgumentError} If there is none, or it is of another version.
 *
 * @example
 * ```ts
 * import { readIndex } from "@maskinv/maskinv/distill";
 *
 * try {
 *   console.log(readIndex("/tmp/shards").training.length);
 * } catch (error) {
 *   console.log((error as Error).message);
 * }
 * ```
 */
export function readIndex(folder: string): DataIndex {
  const path = `${folder}/index.json`;
  const index = readJson(path) as DataIndex | undefined;
  if (!index) {
    throw new InvalidArgumentError(
      `Cannot open the data of ${folder} as there is no index.json: run prepare to its end`,
    );
  }
  if (index.version !== INDEX_VERSION) {
    throw new InvalidArgumentError(
      `Cannot use ${path} as its version is ${index.version} and not ${INDEX_VERSION}: run prepare again`,
    );
  }
  return index;
}

/**
 * Returns the identities of photos, sorted: an identity's place is its label.
 *
 * @param photos The photos of an index.
 * @returns The names, each once.
 *
 * @example
 * ```ts
 * import { identitiesOf } from "@maskinv/maskinv/distill";
 *
 * console.log(identitiesOf([{ file: "a/1.jpg", identity: "a", mesh: true, shard: 0, record: 0 }])); // ["a"]
 * ```
 */
export function identitiesOf(photos: readonly IndexedPhoto[]): string[] {
  return [...new Set(photos.flatMap(({ identity }) => identity === undefined ? [] : [identity]))]
    .sort();
}
