// Makes the templates of all samples of an evaluation: from the cache what is there, the rest in batches of photos.
// Holds templates of all photos and pixels of one batch.

import { DatasetError, InvalidArgumentError, MaskinvError } from "../../base/errors.ts";
import { elapsed } from "../../base/elapsed.ts";
import { decodeImage } from "../../image/decode.ts";
import { fromPixels, type Image } from "../../image/image.ts";
import type { Dataset } from "../dataset/dataset.ts";
import { bytesOfPixels, sha256Hex } from "./bytes.ts";
import { type CollectOptions, openCaches, photoOptions } from "./caches.ts";
import { type EmbeddedState, SampleEmbedder, type TemplateKind } from "./embedder.ts";
import type { MaskPlan } from "./masks.ts";
import type { ModelSet } from "./models.ts";
import type { Sample } from "./protocol.ts";
import { ProgressMeter } from "./run_options.ts";
import type { CachedTemplate, TemplateCache } from "./template_cache.ts";
import { type RunFacts, sampleKey, TemplateTable } from "./template_table.ts";

/** What is known of the samples afterwards. */
export interface Collected {
  readonly table: TemplateTable;
  readonly facts: RunFacts;
  /** For pictures of the same samples. */
  readonly embedder: SampleEmbedder;
}

/** Collects templates. */
export async function collectTemplates(
  dataset: Dataset,
  samples: readonly Sample[],
  set: ModelSet,
  options: CollectOptions,
): Promise<Collected> {
  const { kinds, masks, batchSize = 8 } = options;
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 256)) {
    throw new InvalidArgumentError(
      `Cannot use batchSize ${batchSize}: give a whole number from 1 to 256`,
    );
  }
  const { face, maxFaces, maxPixels } = photoOptions(options);
  const texture = masks?.style === "maskinv" ? masks.texture : undefined;
  const { aligned } = dataset;
  const { signal } = options;
  const embedder = new SampleEmbedder(set, { aligned, face, maxFaces, kinds, texture, signal });
  await using caches = await openCaches(set, dataset, options);
  const wanted = groupByPhoto(samples);
  const total = [...wanted.values()].reduce((sum, states) => sum + states.length, 0);
  const device = await embedder.device();
  const start = performance.now();
  const meter = new ProgressMeter(total, options.onProgress);
  const table = new TemplateTable(set.models.length, kinds);
  const collector = new Collector(dataset, embedder, caches.all, table, kinds, meter);
  let batch: OpenPhoto[] = [];
  for (const [index, states] of wanted) {
    signal?.throwIfAborted();
    const photo = await collector.open(index, states, maxPixels, signal);
    if (photo) batch.push(photo);
    if (batch.length < batchSize) continue;
    await collector.embed(batch);
    batch = [];
  }
  if (batch.length > 0) await collector.embed(batch);
  const spent = elapsed(start), { embedded } = collector;
  const networkShare = spent > 0 ? Math.min(1, embedder.networkTime / spent) : 0;
  const facts = {
    device,
    samples: total,
    embedded,
    seconds: spent / 1000,
    ...(device === "wasm" && embedded > 0 && { networkShare }),
  };
  return { table, embedder, facts };
}

/** A photo with the states that are not in the cache. */
interface OpenPhoto {
  readonly index: number;
  readonly image: Image;
  readonly states: readonly KeyedState[];
}

/** A state and what the cache calls the photo in it. */
interface KeyedState {
  readonly mask?: MaskPlan;
  readonly key: string;
}

class Collector {
  readonly #dataset: Dataset;
  readonly #embedder: SampleEmbedder;
  /** For each model one cache per kind. */
  readonly #caches: readonly TemplateCache[];
  readonly #table: TemplateTable;
  readonly #kinds: readonly TemplateKind[];
  readonly #meter: ProgressMeter;
  /** Samples embedded so far. */
  embedded = 0;

  constructor(
    dataset: Dataset,
    embedder: SampleEmbedder,
    caches: readonly TemplateCache[],
    table: TemplateTable,
    kinds: readonly TemplateKind[],
    meter: ProgressMeter,
  ) {
    this.#dataset = dataset;
    this.#embedder = embedder;
    this.#caches = caches;
    this.#table = table;
    this.#kinds = kinds;
    this.#meter = meter;
  }

  /** Takes what the caches know of a photo, and decodes it if that is not all; a broken photo is a failure. */
  async open(
    index: number,
    states: readonly (MaskPlan | undefined)[],
    maxPixels: number,
    signal?: AbortSignal,
  ): Promise<OpenPhoto | undefined> {
    const { id, load } = this.#dataset.images[index];
    try {
      const file = await load(signal);
      const bytes = file instanceof Uint8Array ? file : bytesOfPixels(file);
      const missing = await this.#missing(index, states, bytes);
      this.#meter.count(states.length - missing.length, false);
      if (missing.length === 0) return undefined;
      const image = file instanceof Uint8Array
        ? await decodeImage(file, { label: id, maxPixels })
        : fromPixels(file, id);
      this.#check(image, id);
      return { index, image, states: missing };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof MaskinvError)) throw error;
      for (const mask of states) {
        const { message } = error;
        this.#table.failures.push({ photo: id, masked: !!mask, kind: "error", message });
      }
      this.#meter.count(states.length, false);
      return undefined;
    }
  }

  /** Embeds photos and keeps what comes of it. */
  async embed(photos: readonly OpenPhoto[]): Promise<void> {
    const results = await this.#embedder.embed(
      photos.map(({ image, states }) => ({ image, states: states.map(({ mask }) => mask) })),
    );
    const entries = this.#caches.map(() => new Map<string, CachedTemplate>());
    let count = 0;
    photos.forEach(({ index, states }, i) =>
      states.forEach(({ mask, key }, j) => {
        const made = this.#entries(results[i][j]);
        made.forEach((entry, at) => entries[at].set(key, entry));
        this.#take({ image: index, mask }, made);
        count++;
      })
    );
    await Promise.all(this.#caches.map((cache, i) => cache.add(entries[i])));
    this.embedded += count;
    this.#meter.count(count, true);
  }

  /** The states that a cache does not know; what all know is taken. */
  async #missing(
    image: number,
    states: readonly (MaskPlan | undefined)[],
    bytes: Uint8Array,
  ): Promise<KeyedState[]> {
    const missing: KeyedState[] = [], content = await sha256Hex(bytes);
    for (const mask of states) {
      const key = await sha256Hex(new Uint8Array(), `${content} ${JSON.stringify(mask ?? null)}`);
      const known = this.#caches.flatMap((cache) => cache.get(key) ?? []);
      if (known.length === this.#caches.length) this.#take({ image, mask }, known);
      else missing.push({ mask, key });
    }
    return missing;
  }

  #entries({ maskFailed, templates }: EmbeddedState): CachedTemplate[] {
    return this.#caches.map((_, at) => {
      const { model, kind } = this.#place(at);
      return { maskFailed, embedding: templates?.[model][kind] };
    });
  }

  /** Takes what is known of a sample, one entry per cache. */
  #take(sample: Sample, entries: readonly CachedTemplate[]): void {
    const photo = this.#dataset.images[sample.image].id, [{ embedding, maskFailed }] = entries;
    const { failures } = this.#table;
    if (!embedding) failures.push({ photo, masked: !!sample.mask, kind: "no-face" });
    else if (maskFailed) failures.push({ photo, masked: true, kind: "bare" });
    entries.forEach(({ embedding }, at) => {
      const { model, kind } = this.#place(at);
      if (embedding) this.#table.set(model, kind, sample, embedding);
    });
  }

  /** What a cache holds. */
  #place(at: number): { readonly model: number; readonly kind: TemplateKind } {
    const { length } = this.#kinds;
    return { model: Math.floor(at / length), kind: this.#kinds[at % length] };
  }

  #check({ width, height }: Image, id: string): void {
    if (!this.#dataset.aligned || width === height) return;
    throw new DatasetError(
      `Cannot use ${id} as an aligned crop as it is ${width}x${height}: ` +
        `open the data set with aligned: false`,
    );
  }
}

/** The states in which each photo is wanted, each once. */
function groupByPhoto(samples: readonly Sample[]): Map<number, (MaskPlan | undefined)[]> {
  const seen = new Set<string>(), photos = new Map<number, (MaskPlan | undefined)[]>();
  for (const sample of samples) {
    const key = sampleKey(sample);
    if (seen.has(key)) continue;
    seen.add(key);
    const states = photos.get(sample.image);
    if (states) states.push(sample.mask);
    else photos.set(sample.image, [sample.mask]);
  }
  return photos;
}
