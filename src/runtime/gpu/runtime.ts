// The backend of hosts with a GPU: the WGSL kernels and onnxruntime's WebGPU provider on one device.
// Photos go to the GPU once; nothing comes back before `read` and `topK`, each of which waits for the device once.

import { DeviceLostError } from "../../base/errors.ts";
import { createBlendNormalize } from "../../kernels/blend_normalize/gpu.ts";
import type { PoolStats } from "./buffer_pool.ts";
import { GpuContext } from "./context.ts";
import { createCosineMatrix } from "../../kernels/cosine_matrix/gpu.ts";
import type { GpuDevice } from "./device.ts";
import { createLetterbox } from "../../kernels/letterbox/gpu.ts";
import { createMaskOverlay } from "../../kernels/mask_overlay/gpu.ts";
import { GpuBlock, GpuPhoto } from "./memory.ts";
import { GpuNetwork, GpuNetworks } from "./networks.ts";
import { createTopK, MOST_K } from "../../kernels/top_k/gpu.ts";
import { createWarpAffine } from "../../kernels/warp_affine/gpu.ts";
import type { Image } from "../../image/image.ts";
import type { LetterboxJob } from "../../kernels/letterbox/cpu.ts";
import type { MaskLayer } from "../../kernels/mask_overlay/layer.ts";
import type { LoadedModel } from "../../model/model.ts";
import { topK } from "../../kernels/top_k/cpu.ts";
import type { Backend, Block, Network, Photo, TopK, WarpJob } from "../../kernels/mod.ts";
import { checkFinite } from "../finite.ts";
import { loadOrt, type OrtOptions } from "../ort.ts";
import { own } from "../owned.ts";
import type { TensorSpec } from "../tensor_spec.ts";

/** What the backend tells about itself beyond what every backend does. */
export interface WebgpuBackend extends Backend {
  readonly device: "webgpu";
  /** The device; disposing of the backend destroys it. */
  readonly gpu: GpuDevice;
  /** How often `read` and `topK` have waited for the device. */
  readonly syncs: number;
  /** Buffers in use and idle, without those of onnxruntime. */
  readonly memory: PoolStats;
}

/**
 * Starts the backend: imports onnxruntime's WebGPU build and compiles the kernels. It owns the device from then on.
 *
 * @throws {ShaderError} If a kernel does not compile on this device.
 */
export async function createWebgpuBackend(
  gpu: GpuDevice,
  options: OrtOptions = {},
): Promise<WebgpuBackend> {
  const context = new GpuContext(gpu);
  try {
    const [ort, kernels] = await Promise.all([loadOrt("webgpu", options), createKernels(context)]);
    return new OwnedBackend(context, new GpuNetworks(context, ort), kernels);
  } catch (error) {
    // On a device that is lost meanwhile kernels fail to compile, which is not the kernels' fault.
    const mark = context.journal.mark();
    const known = await context.journal.explain("Cannot start", error, mark);
    context[Symbol.dispose]();
    throw known instanceof DeviceLostError ? known : error;
  }
}

type Kernels = Awaited<ReturnType<typeof createKernels>>;

// deno-lint-ignore explicit-function-return-type -- the launchers state their types; `Kernels` is derived from here
async function createKernels(context: GpuContext) {
  const [letterbox, warpAffine, maskOverlay, blendNormalize, cosineMatrix, topK] = await Promise
    .all([
      createLetterbox(context),
      createWarpAffine(context),
      createMaskOverlay(context),
      createBlendNormalize(context),
      createCosineMatrix(context),
      createTopK(context),
    ]);
  return { letterbox, warpAffine, maskOverlay, blendNormalize, cosineMatrix, topK };
}

class OwnedBackend implements WebgpuBackend {
  readonly device = "webgpu";
  readonly #context: GpuContext;
  readonly #networks: GpuNetworks;
  readonly #kernels: Kernels;

  constructor(context: GpuContext, networks: GpuNetworks, kernels: Kernels) {
    this.#context = context;
    this.#networks = networks;
    this.#kernels = kernels;
  }

  get gpu(): GpuDevice {
    return this.#context.gpu;
  }

  get syncs(): number {
    return this.#context.readBack.syncs;
  }

  get memory(): PoolStats {
    return this.#context.pool.stats;
  }

  load(model: LoadedModel): Promise<Network> {
    return this.#networks.load(model);
  }

  upload(image: Image): Photo {
    return this.#context.upload(image);
  }

  write(values: Float32Array, shape: readonly number[]): Block {
    checkFinite(values);
    return this.#context.write(values, shape);
  }

  letterbox(jobs: readonly LetterboxJob<Photo>[], spec: TensorSpec, margin?: number): Block {
    const photos = jobs.map(({ photo, turns }) => ({ photo: this.#photo(photo), turns }));
    return this.#kernels.letterbox(photos, spec, margin);
  }

  warpAffine(jobs: readonly WarpJob[], spec: TensorSpec, mirrored: boolean): Block {
    const warps = jobs.map(({ photo, cropToPhoto }) => ({
      photo: this.#photo(photo),
      cropToPhoto,
    }));
    return this.#kernels.warpAffine(warps, spec, mirrored);
  }

  maskOverlay(photo: Photo, layers: readonly MaskLayer[]): Photo {
    return this.#kernels.maskOverlay(this.#photo(photo), layers);
  }

  async run(network: Network, input: Block): Promise<Block[]> {
    return await this.#networks.run(own(GpuNetwork, network, this.#context), this.#block(input));
  }

  blendNormalize(embeddings: Block, mirrored: boolean): Block {
    return this.#kernels.blendNormalize(this.#block(embeddings), mirrored);
  }

  // The other backends' product runs on onnxruntime, so that the verb is asynchronous; this one only submits.
  // deno-lint-ignore require-await
  async cosineMatrix(probes: Block, references: Block): Promise<Block> {
    return this.#kernels.cosineMatrix(this.#block(probes), this.#block(references));
  }

  async topK(scores: Block, k: number): Promise<TopK> {
    const block = this.#block(scores);
    const [rows, columns] = block.shape;
    k = Math.min(k, columns);
    // The kernel sorts at most so many, and rows without columns have no best.
    if (k > MOST_K || k === 0 || rows === 0 || columns === 0) {
      const [values] = await this.read(block);
      return topK(values, columns, k);
    }
    const best = this.#kernels.topK(block, k);
    using bestScores = best.scores;
    using bestIndices = best.indices;
    const [scoreBytes, indexBytes] = await this.#context.readBack.read([bestScores, bestIndices]);
    return { scores: new Float32Array(scoreBytes), indices: new Uint32Array(indexBytes) };
  }

  async read(...blocks: readonly Block[]): Promise<Float32Array[]> {
    const memories = blocks.map((block) => this.#block(block));
    return (await this.#context.readBack.read(memories)).map((bytes) => new Float32Array(bytes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.releaseAll();
    await this.#networks[Symbol.asyncDispose]();
    this.#context[Symbol.dispose]();
  }

  #photo(photo: Photo): GpuPhoto {
    return own(GpuPhoto, photo, this.#context);
  }

  #block(block: Block): GpuBlock {
    return own(GpuBlock, block, this.#context);
  }
}
