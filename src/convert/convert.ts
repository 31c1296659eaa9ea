// From a checkpoint's file to an ONNX file, piece by piece.

import { InvalidArgumentError } from "../base/errors.ts";
import {
  type Checkpoint,
  type CheckpointOptions,
  type OnnxOptions,
  openCheckpoint,
} from "./checkpoint.ts";
import { writeWhole } from "./write_whole.ts";

/** How {@linkcode convertCheckpoint} converts. */
export interface ConvertOptions extends CheckpointOptions, OnnxOptions {}

/** What was converted. */
export interface Conversion
  extends Pick<Checkpoint, "network" | "family" | "key" | "templateSize" | "epsilon" | "input"> {
  /** Bytes of the ONNX file. */
  readonly bytes: number;
  /** SHA-256 of the ONNX file, 64 hexadecimal digits, as a manifest wants it. */
  readonly sha256: string;
}

/**
 * Converts a checkpoint of PyTorch to ONNX: what {@linkcode openCheckpoint} finds, with batch norms folded where that
 * changes nothing, without dropout, for any number of pictures at once. Weights below 1e-8 become zero.
 *
 * @param path The checkpoint.
 * @param out The ONNX file; written beside itself as `.part` and then renamed.
 * @param options See {@linkcode ConvertOptions}.
 * @returns What was found and written.
 * @throws {CheckpointError} As {@linkcode openCheckpoint}; or if a weight is no finite number or too large for float16,
 * or the file cannot be written.
 * @throws {InvalidArgumentError} If an option is out of range, there is no network at the key, or `out` is `path`.
 *
 * @example
 * ```ts ignore
 * import { convertCheckpoint } from "@maskinv/maskinv/convert";
 *
 * const { network, sha256 } = await convertCheckpoint("backbone.pth", "model.onnx", { fp16: true });
 * console.log(network, sha256);
 * ```
 */
export async function convertCheckpoint(
  path: string,
  out: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const { resolve } = await import("node:path");
  if (resolve(path) === resolve(out)) {
    throw new InvalidArgumentError(`Cannot write over ${path} itself: give another output file`);
  }
  using checkpoint = await openCheckpoint(path, options);
  const { bytes, sha256 } = await writeWhole(out, checkpoint.onnx(options));
  const { network, family, key, templateSize, epsilon, input } = checkpoint;
  return { network, family, key, templateSize, epsilon, input, bytes, sha256 };
}
