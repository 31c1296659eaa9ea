// What is computed pixel by pixel or number by number, on the CPU and on the GPU: a folder for each kernel, with cpu.ts
// (the definition), gpu.ts (the launch of shaders/<name>.wgsl) and mod.ts (the one interface of both). A kernel is added as
// such a folder; it may not know of another, nor of faces or models.
//
// Here the kernels of verification become the verbs of a backend. Others are prepared by those who need them, with
// `Runtime.prepare`, so that nobody else compiles their shaders.

import type { Network } from "../runtime/network.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type BlendNormalize, blendNormalizeKernel } from "./blend_normalize/mod.ts";
import { type CosineMatrix, cosineMatrixKernel } from "./cosine_matrix/mod.ts";
import { type LikeliestCrop, likeliestCropKernel } from "./likeliest_crop/mod.ts";
import { type Letterbox, letterboxKernel } from "./letterbox/mod.ts";
import { type WarpAffine, warpAffineKernel } from "./warp_affine/mod.ts";

export type { Block, Photo } from "../runtime/memory.ts";
export type { Network } from "../runtime/network.ts";
export type { WarpJob } from "./warp_affine/mod.ts";

/** The kernels of verification. */
export interface Kernels {
  readonly letterbox: Letterbox;
  readonly likeliestCrop: LikeliestCrop;
  readonly warpAffine: WarpAffine;
  readonly blendNormalize: BlendNormalize;
  readonly cosineMatrix: CosineMatrix;
}

/** A runtime with these kernels. */
export type Backend = Runtime & Kernels;

/** A backend with its networks. */
export interface Engine {
  readonly backend: Backend;
  /** A network by its name in the manifest, loaded when first asked for. */
  network(name: string): Promise<Network>;
}

/**
 * Gives a runtime its kernels, and imports onnxruntime meanwhile. The runtime is the backend's from then on: it ends
 * with it, or here if something fails.
 *
 * @throws {ShaderError} If a kernel does not compile on this device.
 */
export async function createBackend<R extends Runtime>(runtime: R): Promise<R & Kernels> {
  try {
    const [letterbox, likeliestCrop, warpAffine, blendNormalize, cosineMatrix] = await Promise.all([
      runtime.prepare(letterboxKernel),
      runtime.prepare(likeliestCropKernel),
      runtime.prepare(warpAffineKernel),
      runtime.prepare(blendNormalizeKernel),
      runtime.prepare(cosineMatrixKernel),
      runtime.ready(),
    ]);
    return Object.assign(runtime, {
      letterbox,
      likeliestCrop,
      warpAffine,
      blendNormalize,
      cosineMatrix,
    });
  } catch (error) {
    await runtime[Symbol.asyncDispose]();
    throw error;
  }
}
