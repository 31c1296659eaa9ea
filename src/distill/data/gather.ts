// Everything that stands in the shards of a folder, as lists: what `choose.ts` decides on.

import { InvalidArgumentError } from "../../errors.ts";
import { CROP_BYTES } from "./crop.ts";
import type { DroppedPhoto, IndexedPhoto } from "./index_file.ts";
import type { ShardSettings } from "./prepare.ts";
import { MESH_LENGTH, recordBytes } from "./record.ts";
import { readShard, shardPath } from "./shard.ts";
import type { Shift } from "./shift.ts";

/** Everything that stands in the shards of a folder. */
export interface GatheredShards {
  /** The photos that have a record. */
  readonly photos: readonly IndexedPhoto[];
  /** Their templates, a row each. */
  readonly templates: Float32Array<ArrayBuffer>;
  /** The photos that have none, and why. */
  readonly failed: readonly DroppedPhoto[];
  /** The shifts that were measured. */
  readonly shifts: readonly Shift[];
  /** How many shards are not there. */
  readonly missing: number;
}

/** Reads what is known of the photos of all shards, and the templates. */
export function gatherShards(folder: string, settings: ShardSettings): GatheredShards {
  const { templateSize } = settings;
  const photos: IndexedPhoto[] = [], failed: DroppedPhoto[] = [], shifts: Shift[] = [];
  const templates: Float32Array[] = [];
  let missing = 0;
  for (let shard = 0; shard * settings.shardSize < settings.photos; shard++) {
    const facts = readShard(folder, shard);
    if (!facts) {
      missing++;
      continue;
    }
    if (facts.settings !== settings.hash) {
      throw new InvalidArgumentError(
        `Cannot use ${folder} as shard ${shard} was made with other settings: delete it and prepare again`,
      );
    }
    let record = 0;
    for (const photo of facts.photos) {
      const { file, identity } = photo;
      if (photo.failed !== undefined) {
        const [reason, ...detail] = photo.failed.split(": ");
        failed.push({ file, reason, ...(detail.length > 0 && { detail: detail.join(": ") }) });
        continue;
      }
      photos.push({ file, ...(identity !== undefined && { identity }), shard, record: record++ });
      if (photo.shift) shifts.push(photo.shift);
    }
    templates.push(readTemplates(folder, shard, record, templateSize));
  }
  const all = new Float32Array(templates.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of templates) {
    all.set(part, at);
    at += part.length;
  }
  return { photos, templates: all, failed, shifts, missing };
}

function readTemplates(folder: string, shard: number, count: number, size: number): Float32Array {
  const bytes = Deno.readFileSync(`${shardPath(folder, shard)}.bin`);
  const view = new DataView(bytes.buffer), length = recordBytes(size);
  if (bytes.length !== length * count) {
    throw new InvalidArgumentError(
      `Cannot use ${shardPath(folder, shard)}.bin as it has ${bytes.length} bytes and must have ${
        length * count
      }: delete the shard's .json and .bin and prepare again`,
    );
  }
  const out = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const from = i * length + CROP_BYTES + 4 * MESH_LENGTH;
    for (let k = 0; k < size; k++) out[i * size + k] = view.getFloat32(from + 4 * k, true);
  }
  return out;
}
