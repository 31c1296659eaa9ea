/**
 * maskinv: face verification that still knows you behind a mask, anywhere TypeScript runs.
 *
 * This module verifies, embeds, masks, scores and opens galleries. The types of results and errors in full, and what
 * goes on below, have their own subpaths: `./verify`, `./errors`, `./image`, `./detect`, `./align`, `./embed`,
 * `./score`, `./mask`, `./gallery`, `./evaluate`, `./distill`, `./convert`, `./serve` and `./gpu`.
 *
 * @example Compare two photos
 * ```ts
 * import { createVerifier } from "@maskinv/maskinv";
 *
 * await using verifier = await createVerifier();
 * const result = await verifier.verify("tests/photos/collins.jpg", "tests/photos/collins_masked.jpg");
 * if (result.kind === "compared") console.log(result.decision, result.score);
 * ```
 *
 * @example Make templates once and compare them later
 * ```ts
 * import { compareTemplates, createVerifier } from "@maskinv/maskinv";
 *
 * await using verifier = await createVerifier();
 * const one = await verifier.embed("tests/photos/collins.jpg");
 * const other = await verifier.embed("tests/photos/hopper.jpg");
 * if (one.kind === "acquired" && other.kind === "acquired") {
 *   console.log(compareTemplates(one.template, other.template) < 0.5); // true
 * }
 * ```
 *
 * @module
 */
export { createVerifier } from "./src/verify/create.ts";
export type {
  DetectOptions,
  EmbedAllOptions,
  Verifier,
  VerifyOptions,
} from "./src/verify/verifier.ts";
export type { PhotoOptions, VerifierOptions } from "./src/verify/options.ts";
export { explainFinding } from "./src/verify/result.ts";
export type {
  Acquired,
  Acquisition,
  BatchAcquisition,
  Compared,
  Detection,
  NotCompared,
  Scored,
  Verification,
} from "./src/verify/result.ts";
export type { DeviceChoice } from "./src/runtime/start.ts";
export type { Image, ImageInput } from "./src/image/image.ts";
export type { Face } from "./src/pipeline/detect/face.ts";
export { compareTemplates, Template } from "./src/pipeline/score/template.ts";
export type { RuleOptions } from "./src/pipeline/score/decide.ts";
export { applyMask } from "./src/mask/apply.ts";
export type { MaskOptions } from "./src/mask/kinds.ts";
export { createGallery } from "./src/gallery/gallery.ts";
export { openFileStore } from "./src/gallery/file_store.ts";
export {
  DeviceError,
  DisposedError,
  ImageDecodeError,
  ImageReadError,
  ImageTooLargeError,
  InvalidArgumentError,
  MaskinvError,
  ModelError,
  TemplateMismatchError,
} from "./src/base/errors.ts";
