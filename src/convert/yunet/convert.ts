// `convert yunet.onnx`: the published detector as the graph that maskinv runs.

import { CheckpointError, InvalidArgumentError, ModelError } from "../../base/errors.ts";
import { decodeModel, encodeModel } from "../../onnx/model_proto.ts";
import { fileSource } from "../../pickle/source.ts";
import { writeWhole } from "../write_whole.ts";
import { isYunet, leanYunet } from "./lean.ts";

/** A detector that was converted. */
export interface DetectorConversion {
  /** Always `"yunet"`. */
  readonly network: "yunet";
  /** Bytes of the ONNX file. */
  readonly bytes: number;
  /** SHA-256 of the ONNX file, 64 hexadecimal digits, as a manifest wants it. */
  readonly sha256: string;
}

/** The largest ONNX file that is read: YuNet has a third of a megabyte. */
const MAX_BYTES = 64 * 2 ** 20;
/** An ONNX file begins with the version of its format, which no checkpoint does. */
const ONNX_START = 8;

/**
 * Whether a file is an ONNX file and no checkpoint, by its first byte.
 *
 * @throws {CheckpointError} If the file cannot be read.
 */
export async function isOnnxFile(path: string): Promise<boolean> {
  using source = await fileSource(path, CheckpointError);
  return source.length > 0 && source.read(0, 1)[0] === ONNX_START;
}

/**
 * Converts the published YuNet to the graph that maskinv runs: one map per stride in place of four outputs.
 *
 * @param path YuNet's `yunet_n` as its authors export it, an ONNX file.
 * @param out The ONNX file; written beside itself as `.part` and then renamed.
 * @returns What was written.
 * @throws {CheckpointError} If the file cannot be read, is no ONNX file or of another network, or `out` cannot be
 * written.
 * @throws {InvalidArgumentError} If `out` is `path`.
 *
 * @example
 * ```ts ignore
 * import { convertYunet } from "@maskinv/maskinv/convert";
 *
 * const { sha256 } = await convertYunet("yunet_n.onnx", "models/yunet.onnx");
 * console.log(sha256);
 * ```
 */
export async function convertYunet(path: string, out: string): Promise<DetectorConversion> {
  const { resolve } = await import("node:path");
  if (resolve(path) === resolve(out)) {
    throw new InvalidArgumentError(`Cannot write over ${path} itself: give another output file`);
  }
  using source = await fileSource(path, CheckpointError);
  if (source.length > MAX_BYTES) throw foreign(path, `has ${source.length} bytes`);
  return {
    network: "yunet",
    ...await writeWhole(out, [lean(source.read(0, source.length), path)]),
  };
}

function lean(bytes: Uint8Array, path: string): Uint8Array<ArrayBuffer> {
  try {
    const model = decodeModel(bytes, path);
    if (!isYunet(model.graph)) throw foreign(path, "is no YuNet");
    return encodeModel(leanYunet(model, path));
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new CheckpointError(error.message, { cause: error });
  }
}

function foreign(path: string, seen: string): CheckpointError {
  return new CheckpointError(
    `Cannot convert ${path} as it ${seen}, and of ONNX files only YuNet is converted: ` +
      `use an embedding network as it is, with maskinv models add`,
  );
}
