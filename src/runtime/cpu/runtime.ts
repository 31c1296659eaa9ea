// The backend of hosts without a GPU: onnxruntime's wasm provider and the TypeScript kernels.
// Blocks are Float32Arrays, so that reading them costs nothing.

import type { InferenceSession } from "onnxruntime-web";
import { DeviceError } from "../../base/errors.ts";
import { warpAffine } from "../../kernels/warp_affine/cpu.ts";
import { letterbox, type LetterboxJob } from "../../kernels/letterbox/cpu.ts";
import { blendNormalize } from "../../kernels/blend_normalize/cpu.ts";
import type { Image } from "../../image/image.ts";
import type { MaskLayer } from "../../kernels/mask_overlay/layer.ts";
import { maskOverlay } from "../../kernels/mask_overlay/cpu.ts";
import type { LoadedModel } from "../../model/model.ts";
import { checkDimensions, cosineMatrix } from "../../kernels/cosine_matrix/cpu.ts";
import { topK } from "../../kernels/top_k/cpu.ts";
import { checkFinite } from "../finite.ts";
import { createGemm, gemm, gemmPays } from "../../kernels/cosine_matrix/gemm.ts";
import type { Backend, Block, Network, Photo, TopK, WarpJob } from "../../kernels/mod.ts";
import { createSession, inTurn, loadOrt, type Ort, type OrtOptions } from "../ort.ts";
import { own } from "../owned.ts";
import { tensorShape, type TensorSpec } from "../tensor_spec.ts";

class CpuPhoto implements Photo {
  constructor(readonly image: Image) {}
  get width(): number {
    return this.image.width;
  }
  get height(): number {
    return this.image.height;
  }
  [Symbol.dispose](): void {}
}

class CpuBlock implements Block {
  constructor(readonly data: Float32Array, readonly shape: readonly number[]) {}
  [Symbol.dispose](): void {}
}

class CpuNetwork implements Network {
  constructor(readonly model: LoadedModel, readonly session: InferenceSession) {}
  async [Symbol.asyncDispose](): Promise<void> {
    await inTurn(() => this.session.release());
  }
}

/** Starts the backend: imports onnxruntime's wasm build. */
export async function createCpuBackend(options: OrtOptions = {}): Promise<Backend> {
  return new CpuBackend(await loadOrt("wasm", options));
}

class CpuBackend implements Backend {
  readonly device = "wasm";
  readonly #ort: Ort;
  #gemm: InferenceSession | undefined;

  constructor(ort: Ort) {
    this.#ort = ort;
  }

  async load(model: LoadedModel): Promise<Network> {
    const session = await inOrt(
      `load ${model.entry.file}`,
      () => createSession(this.#ort, model.bytes, { executionProviders: ["wasm"] }),
    );
    return new CpuNetwork(model, session);
  }

  upload(image: Image): Photo {
    return new CpuPhoto(image);
  }

  write(values: Float32Array, shape: readonly number[]): Block {
    checkFinite(values);
    return new CpuBlock(values, shape);
  }

  letterbox(jobs: readonly LetterboxJob<Photo>[], spec: TensorSpec, margin?: number): Block {
    const images = jobs.map(({ photo, turns }) => ({ photo: own(CpuPhoto, photo).image, turns }));
    return new CpuBlock(letterbox(images, spec, margin), tensorShape(spec, jobs.length));
  }

  warpAffine(jobs: readonly WarpJob[], spec: TensorSpec, mirrored: boolean): Block {
    const warps = jobs.map(({ photo, cropToPhoto }) => ({
      image: own(CpuPhoto, photo).image,
      cropToPhoto,
    }));
    const count = jobs.length * (mirrored ? 2 : 1);
    return new CpuBlock(warpAffine(warps, spec, mirrored), tensorShape(spec, count));
  }

  maskOverlay(photo: Photo, layers: readonly MaskLayer[]): Photo {
    return new CpuPhoto(maskOverlay(own(CpuPhoto, photo).image, layers));
  }

  async run(network: Network, input: Block): Promise<Block[]> {
    const { session, model: { entry } } = own(CpuNetwork, network);
    const { data, shape } = own(CpuBlock, input);
    const tensor = new this.#ort.Tensor("float32", data, shape);
    const results = await inOrt(
      `run ${entry.file}`,
      () => session.run({ [entry.inputName]: tensor }, [...entry.outputs]),
    );
    return entry.outputs.map((name) => {
      const { data, dims } = results[name];
      return new CpuBlock(data as Float32Array, dims);
    });
  }

  blendNormalize(embeddings: Block, mirrored: boolean): Block {
    const { data, shape: [rows, dim] } = own(CpuBlock, embeddings);
    return new CpuBlock(blendNormalize(data, dim, mirrored), [mirrored ? rows / 2 : rows, dim]);
  }

  async cosineMatrix(probes: Block, references: Block): Promise<Block> {
    const { data: left, shape: [m, dim] } = own(CpuBlock, probes);
    const { data: right, shape: [n, referenceDim] } = own(CpuBlock, references);
    checkDimensions(dim, referenceDim);
    if (!gemmPays(m, n, dim)) return new CpuBlock(cosineMatrix(left, right, dim), [m, n]);
    const scores = await inOrt("score", async () => {
      this.#gemm ??= await createGemm(this.#ort);
      return await gemm(this.#ort, this.#gemm, left, right, dim);
    });
    return new CpuBlock(scores, [m, n]);
  }

  topK(scores: Block, k: number): Promise<TopK> {
    const { data, shape: [, columns] } = own(CpuBlock, scores);
    return Promise.resolve(topK(data, columns, k));
  }

  read(...blocks: readonly Block[]): Promise<Float32Array[]> {
    return Promise.resolve(blocks.map((block) => own(CpuBlock, block).data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#gemm;
    this.#gemm = undefined;
    if (session) await inTurn(() => session.release());
  }
}

/** One task of onnxruntime; what it throws is said in our terms. */
function inOrt<T>(what: string, task: () => Promise<T>): Promise<T> {
  return inTurn(task).catch((error) => {
    throw new DeviceError(
      `Cannot ${what} on wasm as ${
        (error as Error).message
      }: check that the process may read onnxruntime-web's ` +
        `files (or pass wasmBinary) and has memory left`,
      { cause: error },
    );
  });
}
