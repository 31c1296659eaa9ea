// The few verbs that the pipeline is written in, and the handles they pass around.
// `cpu.ts` and `webgpu.ts` implement them; everything above (detect, align, embed, score) is one code for both.

import type { Image } from "../image/image.ts";
import type { Affine } from "../math/affine.ts";
import type { LetterboxJob } from "./letterbox/cpu.ts";
import type { MaskLayer } from "./mask_overlay/layer.ts";
import type { LoadedModel } from "../model/model.ts";
import type { TensorSpec } from "../runtime/tensor_spec.ts";

/** A picture where the backend computes: in memory, or uploaded once to the GPU. */
export interface Photo extends Disposable {
  readonly width: number;
  readonly height: number;
}

/** A block of float32 where the backend computes; {@linkcode Backend.read} brings it to JavaScript. */
export interface Block extends Disposable {
  readonly shape: readonly number[];
}

/** A network ready to run on its backend. */
export interface Network extends AsyncDisposable {
  readonly model: LoadedModel;
}

/** One crop to cut: which photo, and the map from crop pixels to photo pixels (pixel centres at integers). */
export interface WarpJob {
  readonly photo: Photo;
  readonly cropToPhoto: Affine;
}

/** The k best references of each probe, best first; ties in the order of the reference index; all if there are fewer. */
export interface TopK {
  /** `probes * k` comparison scores. */
  readonly scores: Float32Array;
  /** `probes * k` indices of references. */
  readonly indices: Uint32Array;
}

/** Where a verifier computes. Calls may overlap; what a call returns belongs to the caller, who disposes of it. */
export interface Backend extends AsyncDisposable {
  /** `"webgpu"`, or `"wasm"` for onnxruntime's wasm provider with the TypeScript kernels. */
  readonly device: "webgpu" | "wasm";
  /** Prepares a network. */
  load(model: LoadedModel): Promise<Network>;
  /** Makes a picture available to the kernels. */
  upload(image: Image): Photo;
  /** Brings float32 values from JavaScript; refuses what is not finite. */
  write(values: Float32Array, shape: readonly number[]): Block;
  /** Fits whole photos into the square input of a detector, with room around them; see `letterbox.ts`. */
  letterbox(jobs: readonly LetterboxJob<Photo>[], spec: TensorSpec, margin?: number): Block;
  /** Cuts crops, followed by their mirror images if `mirrored`; see `warp_affine.ts`. */
  warpAffine(jobs: readonly WarpJob[], spec: TensorSpec, mirrored: boolean): Block;
  /** Draws masks on a copy of the photo, in order; see `mask/overlay.ts`. */
  maskOverlay(photo: Photo, layers: readonly MaskLayer[]): Photo;
  /** Runs a network on one block; the outputs in the order of the manifest. One run at a time in a process. */
  run(network: Network, input: Block): Promise<Block[]>;
  /** Adds each embedding and its mirror image's if `mirrored`, and normalises; see `blend_normalize.ts`. */
  blendNormalize(embeddings: Block, mirrored: boolean): Block;
  /** Comparison scores of all probes (M x D) with all references (N x D); see `cosine_matrix.ts`. */
  cosineMatrix(probes: Block, references: Block): Promise<Block>;
  /** The k best of each row of scores (M x N); see `top_k.ts`. */
  topK(scores: Block, k: number): Promise<TopK>;
  /** Brings blocks to JavaScript with a single wait for the device. */
  read(...blocks: readonly Block[]): Promise<Float32Array[]>;
}

/** A backend with its networks. */
export interface Engine {
  readonly backend: Backend;
  /** A network by its name in the manifest, loaded when first asked for. */
  network(name: string): Promise<Network>;
}
