// The verifier: photos in, decisions out. Joins decoding, detection, alignment, embedding and scoring on one engine.
// The batch is the unit of work: one photo, two photos of a comparison and a long list all go through `locateInPhotos`.

import { untilAborted } from "../base/abort.ts";
import { workAhead } from "../base/ahead.ts";
import type { EngineHost } from "../pipeline/engine/host.ts";
import type { Engine } from "../kernels/mod.ts";
import { elapsed } from "../base/elapsed.ts";
import { InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import type { Image, ImageInput } from "../image/image.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { decide, hasRule, ruleFor, type RuleOptions, scoreFmr } from "../pipeline/score/decide.ts";
import { completeMaskOptions, type MaskOptions } from "../mask/kinds.ts";
import { drawLayers, type LayeredPicture } from "../mask/draw_layers.ts";
import { detectFaces } from "./detect_faces.ts";
import { type Beside, FaceNetworks } from "./face_networks.ts";
import { locateInPhotos } from "./locate.ts";
import { loadOrError } from "./load_or_error.ts";
import {
  type PhotoOptions,
  type ResolvedPhotoOptions,
  resolvePhotoOptions,
  type VerifierOptions,
} from "./options.ts";
import { maskPhoto } from "./mask_photo.ts";
import { type LoadedPhoto, loadPhoto } from "./photo.ts";
import { refusals } from "./read_faces.ts";
import type {
  Acquisition,
  BatchAcquisition,
  Detection,
  MaskedPhoto,
  ModelIdentity,
  Verification,
} from "./result.ts";

/** Options of one comparison. */
export interface VerifyOptions extends PhotoOptions {
  /** The decision, if it differs from the verifier's. */
  readonly decision?: RuleOptions;
}

/** Options of `detect`. */
export interface DetectOptions extends PhotoOptions {
  /** Whether to fit the 468-point mesh that masks are drawn by; by default false, as it takes a network of its own. */
  readonly mesh?: boolean;
}

/** Options of `embedAll`. */
export interface EmbedAllOptions extends PhotoOptions {
  /** How many photos go through the networks together; 1 to 256, by default 8. */
  readonly batchSize?: number;
}

/**
 * Verifies faces, masked or not. Calls may overlap. Made by `createVerifier`; free it with `await using` or
 * {@linkcode Verifier.dispose}.
 */
export class Verifier implements AsyncDisposable {
  /** The embedding model. */
  readonly model: ModelIdentity;
  readonly #host: EngineHost;
  readonly #entry: ModelEntry;
  readonly #networks: FaceNetworks;
  readonly #mirror: boolean;
  readonly #photoOptions: PhotoOptions;
  readonly #rule: RuleOptions | undefined;
  readonly #compareChildren: boolean;

  /** @ignore Use `createVerifier`. */
  constructor(
    host: EngineHost,
    entry: ModelEntry,
    beside: Beside,
    options: VerifierOptions,
  ) {
    const { face, maxFaces, maxPixels, reduceAbove, signal } = options;
    this.#host = host;
    this.#entry = entry;
    this.#networks = new FaceNetworks(entry, beside, options);
    this.#mirror = options.mirror ?? false;
    this.#photoOptions = { face, maxFaces, maxPixels, reduceAbove, signal };
    this.#rule = options.decision;
    this.#compareChildren = options.compareChildren ?? false;
    this.model = { name: entry.name, sha256: entry.sha256 };
  }

  /** The device in use: known once the engine has started, which the first call waits for. */
  device(): Promise<"webgpu" | "wasm"> {
    return this.#host.track(() =>
      this.#host.use((engine) => Promise.resolve(engine.backend.device))
    );
  }

  /**
   * Finds the faces of one photo.
   *
   * @param input The photo.
   * @param options What differs from the verifier's options; `face` is not used.
   * @returns The faces, largest first, with landmarks and alignment; none if there are none.
   * @throws {MaskinvError} If the photo cannot be read or decoded.
   */
  detect(input: ImageInput, options: DetectOptions = {}): Promise<Detection> {
    const { mesh = false, ...photoOptions } = options;
    return this.#call(photoOptions, (resolved) => this.#detect(input, resolved, mesh));
  }

  async #detect(
    input: ImageInput,
    resolved: ResolvedPhotoOptions,
    mesh: boolean,
  ): Promise<Detection> {
    const { image } = await loadPhoto(input, resolved);
    return await this.#host.use(async (engine) => {
      using photo = engine.backend.upload(image);
      const { maxFaces } = resolved;
      return await detectFaces(engine, photo, image, this.#entry, { maxFaces, mesh });
    }, resolved.signal);
  }

  /**
   * Puts masks on the faces of one photo, by the verifier's device: `applyMask` draws the same without a GPU, and on one the
   * pixels differ from it by at most one grey level but for single ones.
   *
   * @param input The photo; it is not reduced.
   * @param mask Which mask, and how it is worn; each face has its own variation of the seed.
   * @param options What differs from the verifier's options; `face` is not used.
   * @returns The photo with masks and the faces as they were found in it; `masked` is 0 if none has a mesh to fit one on.
   * @throws {InvalidArgumentError} If an option of the mask is unknown.
   * @throws {MaskinvError} If the photo cannot be read or decoded.
   *
   * @example
   * ```ts
   * import { createVerifier } from "@maskinv/maskinv";
   *
   * await using verifier = await createVerifier({ device: "wasm" });
   * const { image, masked } = await verifier.mask("tests/photos/collins.jpg", { kind: "ffp2", seed: 7 });
   * console.log(image.width, image.height, masked); // 512 512 1
   * ```
   */
  mask(input: ImageInput, mask: MaskOptions, options: PhotoOptions = {}): Promise<MaskedPhoto> {
    return this.#call(options, async (resolved) => {
      // Refuses what does not exist before the photo is looked at.
      completeMaskOptions(mask);
      const { image } = await loadPhoto(input, { ...resolved, reduceAbove: Infinity });
      return await this.#host.use(
        (engine) => maskPhoto(engine, image, this.#entry, mask, resolved.maxFaces),
        resolved.signal,
      );
    });
  }

  /**
   * Draws layers of masks on pictures, by the verifier's device: what `maskLayer`, `officialLayer` and `templateLayer` make.
   * On a GPU pictures of one width, such as a batch of crops, are drawn together.
   *
   * @param pictures The pictures, each with its layers in its own pixels.
   * @param options An abort signal.
   * @returns New pictures in the same order; those given are not changed.
   * @throws {InvalidArgumentError} If a layer is not what `MaskLayer` says.
   * @throws {ImageTooLargeError} If the GPU takes no picture so large.
   *
   * @example
   * ```ts
   * import { createVerifier } from "@maskinv/maskinv";
   * import { officialLayer } from "@maskinv/maskinv/mask";
   *
   * await using verifier = await createVerifier({ device: "wasm" });
   * const image = { width: 112, height: 112, data: new Uint8ClampedArray(112 * 112 * 4).fill(255) };
   * const texture = { width: 1627, height: 1085, data: new Uint8ClampedArray(1627 * 1085 * 4).fill(255) };
   * const layer = officialLayer(texture, { region: { x: 0, y: 0, width: 112, height: 112 } });
   * const [drawn] = await verifier.drawLayers([{ image, layers: [layer] }]);
   * console.log(drawn.width, drawn.height); // 112 112
   * ```
   */
  drawLayers(
    pictures: readonly LayeredPicture[],
    options: Pick<PhotoOptions, "signal"> = {},
  ): Promise<Image[]> {
    return this.#call(
      options,
      ({ signal }) => this.#host.use(({ backend }) => drawLayers(backend, pictures), signal),
    );
  }

  /**
   * Makes the template of the face in one photo.
   *
   * @param input The photo.
   * @param options What differs from the verifier's options.
   * @returns The template, or that no face or several were found.
   * @throws {MaskinvError} If the photo cannot be read or decoded.
   */
  embed(input: ImageInput, options: PhotoOptions = {}): Promise<Acquisition> {
    return this.#call(options, async (resolved) => {
      const photo = await loadPhoto(input, resolved);
      const [acquisition] = await this.#acquire([photo], resolved);
      return acquisition;
    });
  }

  /**
   * Makes the templates of many photos, in their order. While the networks are at one batch of photos, the next is read
   * and decoded, so that two are in memory at a time.
   *
   * @param inputs The photos: a list, or a generator of them.
   * @param options What differs from the verifier's options, and the batch size.
   * @returns One result per photo; a photo that cannot be read gives a result of kind `"error"` and the rest go on.
   */
  async *embedAll(
    inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options: EmbedAllOptions = {},
  ): AsyncGenerator<BatchAcquisition, void, void> {
    const { batchSize = 8, ...photoOptions } = options;
    if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 256)) {
      throw new InvalidArgumentError(
        `Cannot use batchSize ${batchSize}: give a whole number from 1 to 256`,
      );
    }
    const resolved = this.#resolve(photoOptions);
    // While the networks are at one batch, the next is read and decoded.
    const batches = this.#loadBatches(inputs, batchSize, resolved);
    const acquire = (batch: LoadedBatch): Promise<BatchAcquisition[]> =>
      this.#acquireBatch(batch, resolved);
    for await (const results of workAhead(batches, acquire)) yield* results;
  }

  async *#loadBatches(
    inputs: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    batchSize: number,
    options: ResolvedPhotoOptions,
  ): AsyncGenerator<LoadedBatch, void, void> {
    let batch: (LoadedPhoto | MaskinvError)[] = [];
    for await (const input of untilAborted(inputs, options.signal)) {
      batch.push(await loadOrError(input, options));
      if (batch.length < batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /**
   * Compares the faces of two photos.
   *
   * @param probe One photo.
   * @param reference The other.
   * @param options What differs from the verifier's options.
   * @returns The decision with its score and threshold, or why there was nothing to compare.
   * @throws {MaskinvError} If a photo cannot be read or decoded.
   */
  verify(
    probe: ImageInput,
    reference: ImageInput,
    options: VerifyOptions = {},
  ): Promise<Verification> {
    const { decision: wanted = this.#rule, ...photoOptions } = options;
    // A verifier has one kind of scores: those of its option `normalize`.
    const decision = { ...wanted, normalize: this.#networks.normalize };
    return this.#call(photoOptions, (resolved) => {
      // A rate without support is refused before anything is read.
      if (hasRule(this.#entry, this.#mirror, decision)) {
        ruleFor(this.#entry, this.#mirror, decision);
      }
      return this.#verify(probe, reference, resolved, decision);
    });
  }

  async #verify(
    probe: ImageInput,
    reference: ImageInput,
    resolved: ResolvedPhotoOptions,
    decision: RuleOptions,
  ): Promise<Verification> {
    const start = performance.now();
    const photos = [await loadPhoto(probe, resolved), await loadPhoto(reference, resolved)];
    const decoded = performance.now();
    const result = await this.#host.use(
      (engine) => this.#compare(engine, photos, resolved, decision),
      resolved.signal,
    );
    const end = performance.now();
    const { located, ...verification } = result;
    const timings = {
      decode: elapsed(start, decoded),
      detect: elapsed(decoded, located),
      compare: verification.kind === "not-compared" ? 0 : elapsed(located, end),
      total: elapsed(start, end),
    };
    return { ...verification, timings };
  }

  /** Waits for the calls under way, then frees sessions and buffers; later calls throw `DisposedError`. */
  async dispose(): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }

  /** As {@linkcode Verifier.dispose}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #compare(
    engine: Engine,
    loaded: readonly LoadedPhoto[],
    options: ResolvedPhotoOptions,
    wanted: RuleOptions,
  ): Promise<WithoutTimings<Verification> & { located: number }> {
    const { backend } = engine;
    const provenance = { device: backend.device, model: this.model };
    using stack = new DisposableStack();
    const [probe, reference] = await locateInPhotos(
      engine,
      loaded,
      this.#entry.input,
      options,
      stack,
    );
    const located = performance.now();
    const [first, second] = [probe.finding, reference.finding];
    if (first.kind !== "face" || second.kind !== "face") {
      return { kind: "not-compared", findings: [first, second], ...provenance, located };
    }
    const cuts = [probe, reference].flatMap(({ cut }) => cut ?? []);
    const { score, cosine, readings } = await this.#networks.score(engine, cuts);
    const faces = [
      { ...first.face, ...readings[0] },
      { ...second.face, ...readings[1] },
    ] as const;
    const refused = refusals(faces, this.#entry, { compareChildren: this.#compareChildren });
    if (refused) return { kind: "not-compared", findings: refused, ...provenance, located };
    if (!hasRule(this.#entry, this.#mirror, wanted)) {
      return { kind: "scored", score, cosine, faces, ...provenance, located };
    }
    // The masks choose the threshold, so it can only be known now.
    const masks = [faces[0].mask, faces[1].mask] as const;
    const rule = ruleFor(this.#entry, this.#mirror, wanted, masks);
    const decision = decide(score, rule);
    const impostors = scoreFmr(this.#entry, this.#mirror, score, masks, wanted);
    return {
      kind: "compared",
      decision,
      score,
      cosine,
      rule,
      scoreFmr: impostors,
      faces,
      ...provenance,
      located,
    };
  }

  #acquire(loaded: readonly LoadedPhoto[], options: ResolvedPhotoOptions): Promise<Acquisition[]> {
    return this.#host.use(async (engine): Promise<Acquisition[]> => {
      const { backend } = engine;
      using stack = new DisposableStack();
      const located = await locateInPhotos(engine, loaded, this.#entry.input, options, stack);
      const made = await this.#networks.templates(engine, located.flatMap(({ cut }) => cut ?? []));
      const provenance = { device: backend.device, model: this.model };
      return located.map(({ finding }): Acquisition => {
        if (finding.kind !== "face") return finding;
        const { template, reading } = made.shift()!;
        return { kind: "acquired", face: { ...finding.face, ...reading }, template, ...provenance };
      });
    }, options.signal);
  }

  /** As `#acquire`, with the photos that could not be loaded passed through as errors. */
  async #acquireBatch(
    batch: LoadedBatch,
    options: ResolvedPhotoOptions,
  ): Promise<BatchAcquisition[]> {
    const photos = batch.filter((entry): entry is LoadedPhoto => !(entry instanceof MaskinvError));
    const acquired = await this.#host.track(() => this.#acquire(photos, options), options.signal);
    return batch.map((entry) =>
      entry instanceof MaskinvError ? { kind: "error", error: entry } : acquired.shift()!
    );
  }

  /** A call of the public face: its options checked, in view of disposal, and answered at once when it is aborted. */
  async #call<T>(
    options: PhotoOptions,
    call: (resolved: ResolvedPhotoOptions) => Promise<T>,
  ): Promise<T> {
    const resolved = this.#resolve(options);
    return await this.#host.track(async () => await call(resolved), resolved.signal);
  }

  #resolve(options: PhotoOptions): ResolvedPhotoOptions {
    return resolvePhotoOptions({ ...this.#photoOptions, ...options });
  }
}

/** Photos of a batch, and errors in the place of those that could not be loaded. */
type LoadedBatch = readonly (LoadedPhoto | MaskinvError)[];

type WithoutTimings<T> = T extends unknown ? Omit<T, "timings"> : never;
