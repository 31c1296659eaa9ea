// Photos to shards: the long part of preparing, resumable shard by shard, and shareable among processes.
// What is kept of the photos in the end is decided by `choose.ts` from what stands here.

import { EngineHost } from "../../backend/host.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { type ModelSource, openModels } from "../../model/model.ts";
import { writing } from "../../write_error.ts";
import { shuffled } from "./chance.ts";
import { lookAt } from "./look.ts";
import { type LookedAt, readShard, SHARD_VERSION, writeShard } from "./shard.ts";
import { listPhotos, type SourcePhoto } from "./source.ts";

/** How photos are made into shards. */
export interface PrepareOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** Name of the teacher in the manifest; by default `"teacher"`, or `"student"` where there is none. */
  readonly teacher?: string;
  /** Photos of a shard; by default 256. */
  readonly shardSize?: number;
  /**
   * Black border around each photo, as a share of its width and height, 0..1; by default 0.25. Tight crops of faces
   * need it: without one, meshes came out squashed (eyes to chin 1.54 instead of 1.73 distances between the eyes).
   */
  readonly border?: number;
  /** One photo in this many is masked and detected again, to measure what masks do to alignment; 0 for none; by default 10. */
  readonly shiftEvery?: number;
  /** Of how many processes that share the work this is which; by default the first of one. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Threads of the wasm provider. */
  readonly threads?: number;
  /** Ends the work early; shards that are written stay. */
  readonly signal?: AbortSignal;
  /** Told after each photo. */
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
  /** SHA-256 of the detection models. */
  readonly pipeline: readonly string[];
  /** Photos of a shard. */
  readonly shardSize: number;
  /** Black border around each photo, as a share of its width and height. */
  readonly border: number;
  /** One photo in this many had its shift measured; 0 for none. */
  readonly shiftEvery: number;
  /** How many photos there are in all shards. */
  readonly photos: number;
  /** SHA-256 of everything above and the paths of the photos. */
  readonly hash: string;
}

const PIPELINE = ["blazeface-back", "blazeface-short-range", "facemesh"];
/** The order of the photos: fixed, so that a few shards are already a mix of all of them. */
const ORDER_SEED = 20_211_205;

/** The photos of each shard. */
interface Plan {
  readonly settings: ShardSettings;
  readonly shards: readonly (readonly SourcePhoto[])[];
}

/**
 * Makes the shards of a folder of photos that are not there yet: detects and aligns each face, cuts it with a margin,
 * and asks the teacher for the templates of the frame and of its mirror image.
 *
 * @param folder The photos: `labelled/<name>/` and `unlabelled/`, or a folder per person.
 * @param out The folder of the shards. A run that was stopped goes on where it was.
 * @param options The teacher, the border, and how the work is shared.
 * @returns What the shards are made of, for {@linkcode choosePhotos}.
 * @throws {InvalidArgumentError} If there are no photos, an option is out of its range, or the folder has shards that
 * were made otherwise.
 * @throws {ModelError} If a model is missing or corrupt.
 *
 * @example
 * ```ts
 * import { prepareShards } from "@maskinv/maskinv/distill";
 *
 * const shards = await Deno.makeTempDir();
 * const { photos, templateSize } = await prepareShards("tests/photos", shards, { shardSize: 5 });
 * console.log(photos, templateSize); // 10 192
 * await Deno.remove(shards, { recursive: true });
 * ```
 */
export async function prepareShards(
  folder: string,
  out: string,
  options: PrepareOptions = {},
): Promise<ShardSettings> {
  const { part = { index: 0, of: 1 }, signal } = options;
  const { shards, settings } = await planShards(folder, options);
  writing(out, () => Deno.mkdirSync(out, { recursive: true }));
  const open = shards.map((_, shard) => shard).filter((shard) =>
    shard % part.of === part.index && !isDone(out, shard, settings)
  );
  const total = open.reduce((sum, shard) => sum + shards[shard].length, 0);
  let done = 0;
  await using host = new EngineHost("wasm", await openModels(options.models), options);
  for (const shard of open) {
    const looked: LookedAt[] = [];
    for (const photo of shards[shard]) {
      signal?.throwIfAborted();
      looked.push(
        await host.use((engine) =>
          lookAt(engine, photo, {
            folder,
            teacher: settings.teacher.name,
            border: settings.border,
            shiftEvery: settings.shiftEvery,
          }), signal),
      );
      options.progress?.(++done, total);
    }
    const { hash, templateSize } = settings;
    writeShard(out, shard, { settings: hash, templateSize }, looked);
  }
  return settings;
}

/** Whether a shard is there; one that was made otherwise is an error, so that nothing is mixed or lost. */
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

async function planShards(folder: string, options: PrepareOptions): Promise<Plan> {
  const { shardSize = 256, border = 0.25, shiftEvery = 10 } = options;
  if (!(border >= 0 && border <= 1)) {
    throw new InvalidArgumentError(`Cannot use border ${border}: give a share from 0 to 1`);
  }
  for (const [name, value, least] of [["shardSize", shardSize, 1], ["shiftEvery", shiftEvery, 0]]) {
    if (!(Number.isSafeInteger(value) && Number(value) >= Number(least))) {
      throw new InvalidArgumentError(
        `Cannot use ${name} ${value}: give a whole number of ${least} or more`,
      );
    }
  }
  const { manifest } = await openModels(options.models);
  const name = options.teacher ?? (manifest.teacher ? "teacher" : "student");
  const teacher = manifest[name];
  if (teacher?.templateSize === undefined) {
    throw new InvalidArgumentError(
      `Cannot use "${name}" as the teacher as the manifest has no embedding model of this name: name another`,
    );
  }
  const photos = listPhotos(folder);
  const order = shuffled(photos.length, ORDER_SEED);
  const shards: SourcePhoto[][] = [];
  for (let from = 0; from < photos.length; from += shardSize) {
    shards.push(Array.from(order.subarray(from, from + shardSize), (index) => photos[index]));
  }
  const content = {
    version: SHARD_VERSION,
    teacher: { name, sha256: teacher.sha256 },
    templateSize: teacher.templateSize,
    pipeline: PIPELINE.map((model) => manifest[model]?.sha256 ?? ""),
    shardSize,
    border,
    shiftEvery,
    photos: photos.length,
  };
  const hash = await hashOf(JSON.stringify([content, photos]));
  return { settings: { ...content, hash }, shards };
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
