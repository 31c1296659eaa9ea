// What a caller may choose when creating a verifier and in each call, and the checks on it.
// Defaults are in one place, so that the CLI, the docs and the code cannot disagree.

import { checkDevice, type DeviceChoice } from "../runtime/start.ts";
import { FACE_CHOICES, type FaceChoice } from "../pipeline/detect/choose.ts";
import { InvalidArgumentError } from "../base/errors.ts";
import { checkLimit, DEFAULT_MAX_PIXELS, REDUCE_ABOVE_PIXELS } from "../image/limits.ts";
import type { Variant } from "../model/manifest.ts";
import type { ModelSource } from "../model/model.ts";
import type { RuleOptions } from "../pipeline/score/decide.ts";

/** How photos are read and which face of each is meant; given per verifier, and per call to differ from it. */
export interface PhotoOptions {
  /** Which face of a photo is meant; `"only"` by default, which refuses photos with several faces. */
  readonly face?: FaceChoice;
  /** The most faces of a photo that a result lists, the largest first; 1 to 256, by default 256. What it leaves out it counts. */
  readonly maxFaces?: number;
  /** The largest photo to decode, in pixels; `DEFAULT_MAX_PIXELS` by default. */
  readonly maxPixels?: number;
  /**
   * A JPEG of more pixels than this is decoded at a half, a quarter or an eighth of its width and height, and whole again
   * if the face that is meant is small in it; results are in the pixels of the photo itself. `REDUCE_ABOVE_PIXELS` by
   * default, `Infinity` for never.
   */
  readonly reduceAbove?: number;
  /**
   * Ends the call: it rejects at once with the signal's reason, and what was begun stops at its next step and frees its
   * memory. That of `createVerifier` ends the loading of models, and holds for the calls without a signal of their own.
   */
  readonly signal?: AbortSignal;
}

/** The options of `createVerifier`. */
export interface VerifierOptions extends PhotoOptions {
  /** Where to compute; `"auto"` by default. */
  readonly device?: DeviceChoice;
  /** Where the models are; by default the folder in the package. */
  readonly models?: ModelSource;
  /** The embedding model's name in the manifest; by default `"student"`. */
  readonly model?: string;
  /**
   * A smaller form of the model, which is a model of its own: its templates are not compared with the model's, and its
   * thresholds are its own. By default the model itself.
   */
  readonly variant?: Variant;
  /**
   * Whether a template adds the mirror image's embedding (as in MaskInv's evaluation): a little more accurate, and
   * the network runs twice. By default false.
   */
  readonly mirror?: boolean;
  /** The decision: an accepted false match rate (default 0.001), or a threshold of your own. */
  readonly decision?: RuleOptions;
  /** Threads of the wasm provider; by default one per core, up to 4. Counts at the first verifier of a process. */
  readonly threads?: number;
  /** The bytes of onnxruntime-web's `.wasm` file, for hosts that may not read it from the package. */
  readonly wasmBinary?: ArrayBuffer;
  /**
   * The bytes of the decoders' `.wasm` files, or what reads them when needed, for the same hosts: mozjpeg_dec.wasm of @jsquash/jpeg, webp_dec.wasm of
   * @jsquash/webp, avif_dec.wasm of @jsquash/avif, libheif.wasm of libheif-js, gif.wasm and, for JPEGs that are decoded
   * reduced, jpeg.wasm of imagescript; without the last they are decoded whole. Counts until
   * the process has decoded its first picture of the format.
   */
  readonly decoders?: Readonly<
    Partial<
      Record<
        "jpeg" | "largeJpeg" | "webp" | "avif" | "heic" | "gif",
        ArrayBuffer | (() => Promise<ArrayBuffer>)
      >
    >
  >;
}

/** {@linkcode PhotoOptions} with all defaults filled in. */
export type ResolvedPhotoOptions =
  & Required<Omit<PhotoOptions, "signal">>
  & Pick<PhotoOptions, "signal">;

/** Checks options and fills in the defaults. */
export function resolvePhotoOptions(options: PhotoOptions): ResolvedPhotoOptions {
  const { face = "only", maxFaces = 256, signal } = options;
  const { maxPixels = DEFAULT_MAX_PIXELS, reduceAbove = REDUCE_ABOVE_PIXELS } = options;
  if (!FACE_CHOICES.includes(face)) {
    throw new InvalidArgumentError(
      `Cannot choose face "${face}": give one of ${FACE_CHOICES.join(", ")}`,
    );
  }
  if (!(Number.isInteger(maxFaces) && maxFaces >= 1 && maxFaces <= 256)) {
    throw new InvalidArgumentError(
      `Cannot use maxFaces ${maxFaces}: give a whole number from 1 to 256`,
    );
  }
  if (!(maxPixels > 0)) {
    throw new InvalidArgumentError(
      `Cannot use maxPixels ${maxPixels}: give a number of pixels above 0`,
    );
  }
  checkLimit("reduceAbove", reduceAbove);
  return { face, maxFaces, maxPixels, reduceAbove, signal };
}

/** Checks the options that hold for the life of a verifier. */
export function checkVerifierOptions({ device = "auto", threads }: VerifierOptions): void {
  checkDevice(device);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64)) {
    throw new InvalidArgumentError(
      `Cannot use ${threads} threads: give a whole number from 1 to 64`,
    );
  }
}
