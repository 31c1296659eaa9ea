// Long lists of photos, batch by batch: those after the first are decoded by workers, while the networks run. A photo that
// cannot be loaded must not end the rest.

import { untilAborted } from "../base/abort.ts";
import { MaskinvError } from "../base/errors.ts";
import { decodeImage } from "../image/decode.ts";
import { DecodePool } from "../image/decode_pool.ts";
import type { ImageInput } from "../image/image.ts";
import type { ResolvedPhotoOptions } from "./options.ts";
import { type LoadedPhoto, loadPhoto } from "./photo.ts";

/** Photos of a batch, and errors in the place of those that could not be loaded. */
export type LoadedBatch = readonly (LoadedPhoto | MaskinvError)[];

/** One worker keeps up with the networks of one to four cores; with a single core it would only take turns. */
export function defaultDecoders(): number {
  return (globalThis.navigator?.hardwareConcurrency ?? 1) > 1 ? 1 : 0;
}

/** The photos in batches of `batchSize`, in their order; `decoders` is how many workers decode all but the first. */
export async function* loadBatches(
  inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  batchSize: number,
  options: ResolvedPhotoOptions,
  decoders: number,
): AsyncGenerator<LoadedBatch, void, void> {
  // A list of one batch is done before a worker has started.
  using pool = new LatePool(decoders);
  let batch: ImageInput[] = [], isFirst = true;
  const load = (): Promise<LoadedBatch> =>
    Promise.all(batch.map((input) => loadOrError(input, options, pool.decode)));
  for await (const input of untilAborted(inputs, options.signal)) {
    if (!isFirst) pool.start();
    batch.push(input);
    if (batch.length < batchSize) continue;
    yield await load();
    batch = [];
    isFirst = false;
  }
  if (batch.length > 0) yield await load();
}

/** A pool that is started when it is known to be of use. */
class LatePool implements Disposable {
  #pool: DecodePool | undefined;

  constructor(readonly count: number) {}

  readonly decode: typeof decodeImage = (bytes, options) =>
    this.#pool ? this.#pool.decode(bytes, options) : decodeImage(bytes, options);

  start(): void {
    this.#pool ??= new DecodePool(this.count);
  }

  [Symbol.dispose](): void {
    this.#pool?.[Symbol.dispose]();
  }
}

async function loadOrError(
  input: ImageInput,
  options: ResolvedPhotoOptions,
  decode: typeof decodeImage,
): Promise<LoadedPhoto | MaskinvError> {
  try {
    return await loadPhoto(input, options, decode);
  } catch (error) {
    if (error instanceof MaskinvError) return error;
    throw error;
  }
}
