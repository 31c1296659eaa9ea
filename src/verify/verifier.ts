// The verifier: photos in, decisions out. Joins decoding, detection, alignment, embedding and scoring on one engine.
// The batch is the unit of work: one photo, two photos of a comparison and a long list all go through `locateInPhotos`.

import { untilAborted } from "../base/abort.ts";
import type { EngineHost } from "../pipeline/engine/host.ts";
import type { Block, Engine } from "../kernels/mod.ts";
import { findFaces } from "../pipeline/detect/detect.ts";
import { addMeshes } from "../pipeline/detect/facemesh.ts";
import { refineFaces } from "../pipeline/detect/refine.ts";
import { elapsed } from "../base/elapsed.ts";
import { alignTo, embedFaces } from "../pipeline/embed/embed.ts";
import { DeviceError, InvalidArgumentError, MaskinvError } from "../base/errors.ts";
import type { ImageInput } from "../image/image.ts";
import { MASK_STATE_MODEL, type MaskState, maskStates } from "../pipeline/embed/mask_state.ts";
import type { ModelEntry } from "../model/manifest.ts";
import { decide, hasRule, ruleFor, type RuleOptions, scoreFmr } from "../pipeline/score/decide.ts";
import { Template } from "../pipeline/score/template.ts";
import { type FaceInPhoto, locateInPhotos } from "./locate.ts";
import {
  type PhotoOptions,
  type ResolvedPhotoOptions,
  resolvePhotoOptions,
  type VerifierOptions,
} from "./options.ts";
import { inWholePhoto, type LoadedPhoto, loadPhoto } from "./photo.ts";
import type {
  Acquisition,
  BatchAcquisition,
  Detection,
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
  readonly #hasMaskState: boolean;
  readonly #mirror: boolean;
  readonly #photoOptions: PhotoOptions;
  readonly #rule: RuleOptions | undefined;

  /** @ignore Use `createVerifier`. */
  constructor(
    host: EngineHost,
    entry: ModelEntry,
    hasMaskState: boolean,
    options: VerifierOptions,
  ) {
    const { face, maxFaces, maxPixels, reduceAbove, signal } = options;
    this.#host = host;
    this.#entry = entry;
    this.#hasMaskState = hasMaskState;
    this.#mirror = options.mirror ?? false;
    this.#photoOptions = { face, maxFaces, maxPixels, reduceAbove, signal };
    this.#rule = options.decision;
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
      const [all] = await findFaces(engine, [photo]);
      const listed = all.slice(0, resolved.maxFaces).map((face) => ({ photo, face }));
      const refined = await refineFaces(engine, listed);
      const faces = mesh
        ? await addMeshes(engine, refined.map((face) => ({ photo, face })))
        : refined;
      const { input } = this.#entry, { width, height } = image.reducedFrom ?? image;
      return {
        width,
        height,
        faces: faces.map((face) => inWholePhoto(alignTo(input, face), image)),
        omitted: all.length - listed.length,
        device: engine.backend.device,
      };
    }, resolved.signal);
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
   * Makes the templates of many photos, in their order. Holds one batch of photos in memory at a time.
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
    let batch: (LoadedPhoto | MaskinvError)[] = [];
    for await (const input of untilAborted(inputs, resolved.signal)) {
      batch.push(await loadOrError(input, resolved));
      if (batch.length < batchSize) continue;
      yield* await this.#acquireBatch(batch, resolved);
      batch = [];
    }
    if (batch.length > 0) yield* await this.#acquireBatch(batch, resolved);
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
    const { decision = this.#rule, ...photoOptions } = options;
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
    decision: RuleOptions | undefined,
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
    wanted: RuleOptions | undefined,
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
    const { embeddings, states } = await this.#embed(engine, cuts, stack);
    // Both with both: the score off the diagonal is the one that is wanted, and only four numbers are read back.
    const scores = stack.use(await backend.cosineMatrix(embeddings, embeddings));
    const [[, cosine], masks] = await backend.read(scores, ...states);
    const score = Math.min(1, Math.max(-1, finite(cosine, this.#entry)));
    const [mask, otherMask] = masks ? maskStates(masks, 2) : [];
    const faces = [
      { ...first.face, mask },
      { ...second.face, mask: otherMask },
    ] as const;
    if (!hasRule(this.#entry, this.#mirror, wanted)) {
      return { kind: "scored", score, faces, ...provenance, located };
    }
    // The masks choose the threshold, so it can only be known now.
    const rule = ruleFor(this.#entry, this.#mirror, wanted, [mask, otherMask]);
    const decision = decide(score, rule);
    const impostors = scoreFmr(this.#entry, this.#mirror, score, [mask, otherMask]);
    return {
      kind: "compared",
      decision,
      score,
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
      const made = await this.#templates(engine, located.flatMap(({ cut }) => cut ?? []));
      const provenance = { device: backend.device, model: this.model };
      return located.map(({ finding }): Acquisition => {
        if (finding.kind !== "face") return finding;
        const { template, mask } = made.shift()!;
        return { kind: "acquired", face: { ...finding.face, mask }, template, ...provenance };
      });
    }, options.signal);
  }

  async #templates(
    engine: Engine,
    faces: readonly FaceInPhoto[],
  ): Promise<{ mask?: MaskState; template: Template }[]> {
    if (faces.length === 0) return [];
    using stack = new DisposableStack();
    const { embeddings, states } = await this.#embed(engine, faces, stack);
    const [values, masks] = await engine.backend.read(embeddings, ...states);
    const found = masks ? maskStates(masks, faces.length) : [];
    const size = values.length / faces.length;
    const model = this.#entry.sha256 + (this.#mirror ? "+mirror" : "");
    return faces.map((_, i) => {
      const embedding = values.subarray(i * size, (i + 1) * size);
      finite(embedding.reduce((sum, value) => sum + value, 0), this.#entry);
      return { mask: found[i], template: new Template(embedding, model) };
    });
  }

  /** Embeddings and, as a list of none or one, the outputs of the mask-state network; freed with the stack. */
  async #embed(
    engine: Engine,
    faces: readonly FaceInPhoto[],
    stack: DisposableStack,
  ): Promise<{ embeddings: Block; states: Block[] }> {
    const embedding = await engine.network(this.#entry.name);
    const state = this.#hasMaskState ? await engine.network(MASK_STATE_MODEL) : undefined;
    const made = await embedFaces(engine.backend, { embedding, state }, faces, this.#mirror);
    const states = made.states ? [stack.use(made.states)] : [];
    return { embeddings: stack.use(made.embeddings), states };
  }

  /** As `#acquire`, with the photos that could not be loaded passed through as errors. */
  async #acquireBatch(
    batch: readonly (LoadedPhoto | MaskinvError)[],
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

type WithoutTimings<T> = T extends unknown ? Omit<T, "timings"> : never;

async function loadOrError(
  input: ImageInput,
  options: ResolvedPhotoOptions,
): Promise<LoadedPhoto | MaskinvError> {
  try {
    return await loadPhoto(input, options);
  } catch (error) {
    if (error instanceof MaskinvError) return error;
    throw error;
  }
}

/** The network's number, or an error: a NaN would compare as "no match" without anybody noticing. */
function finite(value: number, { name }: ModelEntry): number {
  if (Number.isFinite(value)) return value;
  throw new DeviceError(
    `Cannot score as model "${name}" gave ${value}: check the model file, or pass device: "wasm"`,
  );
}
