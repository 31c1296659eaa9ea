// Photos to shards: the long part of preparing, resumable shard by shard, and shareable among processes.
// Which of the photos are for training and which for validation stands in the index that `index_shards.ts` writes.

import { EngineHost } from "../../pipeline/engine/host.ts";
import { InvalidArgumentError } from "../../base/errors.ts";
import { hashHex, type ModelSource, openModels } from "../../model/model.ts";
import { writing } from "../../base/write_error.ts";
import { shuffled } from "./chance.ts";
import { listCrops } from "./crop_index.ts";
import { MESH_MODEL } from "./mesh_fit.ts";
import { type CropOpener, cutCrop, readCrop } from "./open_crop.ts";
import { preparePhotos } from "./prepare_photos.ts";
import {
  type PhotoFacts,
  type PreparedPhoto,
  readShard,
  SHARD_VERSION,
  writeShard,
} from "./shard.ts";
import { listPhotos } from "./source.ts";
import { openTeacher, type TeacherStore } from "./teacher.ts";

/** How photos are made into shards. */
export interface PrepareOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** Name of the teacher in the manifest, or an ONNX file; by default `"teacher"`, or `"student"` where there is none. */
  readonly teacher?: string;
  /** The family whose form of pixels a teacher from a file has, as of `models add`; by default `"arcface_torch"`. */
  readonly like?: string;
  /** Photos of a shard; by default 256. */
  readonly shardSize?: number;
  /** Of how many processes that share the work this is which; by default the first of one. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Threads of the wasm provider. */
  readonly threads?: number;
  /** Ends the work early; shards that are written stay. */
  readonly signal?: AbortSignal;
  /** Told every few photos. */
  readonly progress?: (done: number, of: number) => void;
}

/** What the shards of a folder were made of. */
export interface ShardSettings {
  /** The version of the shards' format. */
  readonly version: number;
  /** Name and SHA-256 of the teacher. */
  readonly teacher: { readonly name: string; readonly sha256: string };
  /** Length of the teacher's templates. */
  readonly templateSize: number;
  /** Whether the photos were aligned crops, or had to be detected. */
  readonly aligned: boolean;
  /** SHA-256 of the network that finds meshes. */
  readonly mesh: string;
  /** Photos of a shard. */
  readonly shardSize: number;
  /** How many photos there are in all shards. */
  readonly photos: number;
  /** SHA-256 of everything above and of what is known of the photos. */
  readonly hash: string;
}

/** Photos that go through the networks at a time. */
const BATCH = 16;
/** The order of the photos: fixed, so that a few shards are already a mix of all of them. */
const ORDER_SEED = 20_211_205;

/** The photos of each shard. */
interface Plan {
  readonly settings: ShardSettings;
  readonly open: CropOpener;
  readonly shards: readonly (readonly PhotoFacts[])[];
}

/**
 * Makes the shards of a folder of faces that are not there yet: each has the aligned crop with a margin, the teacher's
 * template of the clean frame and its mirror image together, and FaceMesh's points, to which training fits masks.
 *
 * @param folder Aligned crops of 144 x 144 pixels (ArcFace's frame of 112 with a margin of 16) or of 112 x 112, with
 * `index.tsv` (columns file, person, split and, if known, age, sex, origin, eye_px; of the splits only `train` and
 * `validation` are used). Or photos, whose largest faces are detected and aligned: a folder per person.
 * @param out The folder of the shards. A run that was stopped goes on where it was.
 * @param options The teacher, and how the work is shared.
 * @returns What the shards are made of, for {@linkcode indexShards}.
 * @throws {InvalidArgumentError} If there are no photos, an option is out of its range, or the folder has shards that
 * were made otherwise.
 * @throws {ModelError} If a model is missing or corrupt.
 *
 * @example
 * ```ts
 * import { prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const { photos, aligned } = await prepareShards("tests/photos", shards, { shardSize: 5 });
 * console.log(photos, aligned); // 10 false
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export async function prepareShards(
  folder: string,
  out: string,
  options: PrepareOptions = {},
): Promise<ShardSettings> {
  const { part = { index: 0, of: 1 }, signal } = options;
  const models = await openModels(options.models);
  const { store, entry } = await openTeacher(models, options.teacher, options.like);
  const { shards, settings, open } = await planShards(folder, { store, entry }, options.shardSize);
  writing(out, () => Deno.mkdirSync(out, { recursive: true }));
  const missing = shards.map((_, shard) => shard).filter((shard) =>
    shard % part.of === part.index && !isDone(out, shard, settings)
  );
  const total = missing.reduce((sum, shard) => sum + shards[shard].length, 0);
  let done = 0;
  await using host = new EngineHost("wasm", store, options);
  for (const shard of missing) {
    const prepared: PreparedPhoto[] = [];
    for (let from = 0; from < shards[shard].length; from += BATCH) {
      const photos = shards[shard].slice(from, from + BATCH);
      prepared.push(
        ...await host.use(
          (engine) => preparePhotos(engine, photos, { folder, teacher: entry.name, open }),
          signal,
        ),
      );
      options.progress?.(done += photos.length, total);
    }
    const { hash, templateSize } = settings;
    writeShard(out, shard, { settings: hash, templateSize }, prepared);
  }
  return settings;
}

/** Returns whether a shard is there; one that was made otherwise is an error, so that nothing is mixed or lost. */
function isDone(out: string, shard: number, settings: ShardSettings): boolean {
  const facts = readShard(out, shard);
  if (facts && facts.settings !== settings.hash) {
    throw new InvalidArgumentError(
      `Cannot go on in ${out} as shard ${shard} was made with another teacher, other options or of other photos: ` +
        `give another folder, or delete this one`,
    );
  }
  return facts !== undefined;
}

async function planShards(
  folder: string,
  { store, entry }: TeacherStore,
  shardSize = 256,
): Promise<Plan> {
  if (!(Number.isSafeInteger(shardSize) && shardSize > 0)) {
    throw new InvalidArgumentError(
      `Cannot use shardSize ${shardSize}: give a whole number of 1 or more`,
    );
  }
  const crops = listCrops(folder), photos: readonly PhotoFacts[] = crops ?? listPhotos(folder);
  const order = shuffled(photos.length, ORDER_SEED);
  const shards: PhotoFacts[][] = [];
  for (let from = 0; from < photos.length; from += shardSize) {
    shards.push(Array.from(order.subarray(from, from + shardSize), (index) => photos[index]));
  }
  const { name, sha256, templateSize } = entry;
  const content = {
    version: SHARD_VERSION,
    teacher: { name, sha256 },
    templateSize,
    aligned: crops !== undefined,
    mesh: store.manifest[MESH_MODEL]?.sha256 ?? "",
    shardSize,
    photos: photos.length,
  };
  // The same file under another path is the same teacher.
  const text = JSON.stringify([{ ...content, teacher: sha256 }, photos]);
  const hash = await hashHex(new TextEncoder().encode(text));
  return { settings: { ...content, hash }, open: crops ? readCrop : cutCrop, shards };
}
