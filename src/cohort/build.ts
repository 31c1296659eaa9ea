// Builds the cohort of a network from a folder of aligned crops: who is in it, the centres of their templates, bare and
// with drawn masks, and the typical mean and deviation that bring normalised scores to the scale of the cosine.

import { InvalidArgumentError } from "../base/errors.ts";
import { hashName } from "../distill/data/chance.ts";
import { listCrops, type SourceCrop } from "../distill/data/crop_index.ts";
import type { Backend } from "../kernels/mod.ts";
import { type CohortEntry, encodeCohort, MAX_COHORT_BYTES } from "../model/cohort.ts";
import { hashHex, type ModelSource, openModels } from "../model/model.ts";
import { EngineHost } from "../pipeline/engine/host.ts";
import { highestMoments } from "../pipeline/score/normalize.ts";
import { centresOf } from "./centres.ts";
import { rowsOf } from "../base/concat.ts";
import { type CropTemplates, cropTemplates } from "./crops.ts";
import { realMaskTemplates } from "./real_masks.ts";

/** How a cohort is built. */
export interface CohortOptions {
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The network's name in the manifest; by default `"student"`. */
  readonly model?: string;
  /** The most people of each origin, one photo each; 1,400 by default. */
  readonly maxPeople?: number;
  /** Centres of bare faces, and as many of masked ones, to begin with; those of fewer than five people are given up. */
  readonly centres?: number;
  /** A folder of photos of people who wear real masks, for the masked part; those with even numbers are used. */
  readonly realMasks?: string;
  /** How many of a template's highest scores count. */
  readonly nearest?: number;
  /** Threads of the wasm provider. */
  readonly threads?: number;
  /** Ends the work at its next step. */
  readonly signal?: AbortSignal;
  /** Told after every batch of crops. */
  readonly progress?: (done: number, of: number) => void;
}

/** A cohort and what the manifest says of it. */
export interface BuiltCohort {
  /** What the manifest is to say of it. */
  readonly entry: Omit<CohortEntry, "calibration">;
  /** The file's content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One person in so many is kept out of the centres, to measure the scale of scores on. */
const HELD_BACK = 10;

/**
 * Builds the cohort of a network.
 *
 * @param folder Aligned crops with `index.tsv`, as `prepareShards` takes them; only the split `train` is used.
 * @param options The network, how many people and how many centres.
 * @returns The bytes of the file and its entry for the manifest; see {@linkcode writeCohort}.
 * @throws {InvalidArgumentError} If the folder has no such crops, or too few people for the centres.
 * @throws {ModelError} If a model is missing or corrupt.
 *
 * @example
 * ```ts ignore
 * import { buildCohort, writeCohort } from "@maskinv/maskinv/cohort";
 *
 * writeCohort("models", "student", await buildCohort("../shared/data/faces"));
 * ```
 */
export async function buildCohort(
  folder: string,
  options: CohortOptions = {},
): Promise<BuiltCohort> {
  const { model = "student", maxPeople = 1400, centres = 1000, nearest = 50 } = options;
  const store = await openModels(options.models);
  const crops = chooseCrops(folder, maxPeople);
  await using host = new EngineHost("wasm", store, options);
  const templates = await cropTemplates(host, folder, crops, { ...options, model });
  const real = options.realMasks === undefined
    ? new Float32Array()
    : (await realMaskTemplates(options.realMasks, "even", { ...options, model })).rows;
  const made = await host.use(async (engine) => {
    const { backend } = engine, { size } = templates;
    const kept = Array.from(templates.crops.keys()).filter((i) => i % HELD_BACK !== 0);
    const held = Array.from(templates.crops.keys()).filter((i) => i % HELD_BACK === 0);
    const bare = await centresOf(backend, rowsOf(templates.bare, kept, size), size, centres);
    const wearers = new Float32Array(kept.length * size + real.length);
    wearers.set(rowsOf(templates.masked, kept, size));
    wearers.set(real, kept.length * size);
    const masked = await centresOf(backend, wearers, size, centres);
    const rows = new Float32Array(bare.length + masked.length);
    rows.set(bare);
    rows.set(masked, bare.length);
    const scale = await typicalMoments(backend, rows, templates, held, nearest);
    return { rows, bare: bare.length / size, masked: masked.length / size, scale, kept };
  }, options.signal);
  const bytes = encodeCohort(made.rows);
  if (bytes.length > MAX_COHORT_BYTES) {
    throw new InvalidArgumentError(
      `Cannot keep ${
        made.bare + made.masked
      } centres of ${templates.size} numbers as a cohort has at most ` +
        `${MAX_COHORT_BYTES} bytes and these take ${bytes.length}: ask for fewer centres`,
    );
  }
  const people = made.kept.length, { mean, deviation } = made.scale;
  return {
    bytes,
    entry: {
      file: `${model}.cohort`,
      sha256: await hashHex(bytes),
      network: store.manifest[model].sha256,
      origin: originOf(templates.crops, real.length / templates.size),
      bare: { people, centres: made.bare },
      masked: { people: people + real.length / templates.size, centres: made.masked },
      nearest,
      mean: Number(mean.toFixed(5)),
      deviation: Number(deviation.toFixed(5)),
    },
  };
}

/**
 * One crop a person, of each origin as many as there are up to `maxPeople`; faces of no told origin count as one more. Photos
 * of neither a person nor an origin may be anybody's second one and are left out.
 */
export function chooseCrops(folder: string, maxPeople: number): SourceCrop[] {
  const crops = listCrops(folder, ["train"]);
  if (!crops) {
    throw new InvalidArgumentError(
      `Cannot build a cohort of ${folder} as it has no index.tsv: give a folder of aligned crops`,
    );
  }
  const order = new Map(crops.map(({ file }) => [file, hashName(`cohort ${file}`)]));
  const persons = new Set<string>(), taken = new Map<string, number>();
  return crops.filter(({ identity, origin }) => identity ?? origin)
    .sort((a, b) => order.get(a.file)! - order.get(b.file)!)
    .filter(({ file, identity = file, origin = "" }) => {
      const count = taken.get(origin) ?? 0;
      if (persons.has(identity) || count >= maxPeople) return false;
      persons.add(identity);
      taken.set(origin, count + 1);
      return true;
    });
}

/** Means over held-back templates, as many bare as masked, of the moments of their highest scores. */
async function typicalMoments(
  backend: Backend,
  rows: Float32Array<ArrayBuffer>,
  { bare, masked, size }: CropTemplates,
  held: readonly number[],
  nearest: number,
): Promise<{ mean: number; deviation: number }> {
  const centres = rows.length / size;
  using right = backend.write(rows, [centres, size]);
  let mean = 0, deviation = 0;
  for (const templates of [bare, masked]) {
    using left = backend.write(rowsOf(templates, held, size), [held.length, size]);
    using block = await backend.cosineMatrix(left, right);
    const [scores] = await backend.read(block);
    for (const moments of highestMoments(scores, centres, nearest)) {
      mean += moments.mean / held.length / 2;
      deviation += moments.deviation / held.length / 2;
    }
  }
  return { mean, deviation };
}

function originOf(crops: readonly SourceCrop[], real: number): string {
  const counts = new Map<string, number>();
  for (const { origin = "no told origin" } of crops) {
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }
  const told = [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([name, n]) => `${n} ${name}`);
  return `${crops.length} people of the training crops, one photo each (${
    told.join(", ")
  }), bare and with drawn ` +
    `masks${
      real > 0 ? `, and ${real} people with real masks` : ""
    }; nine in ten to centres by spherical k-means, the tenth for the scale`;
}
