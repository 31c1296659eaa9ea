// What a runtime must know of a network to run it; entries of the manifest have more.

import type { TensorSpec } from "./tensor_spec.ts";

/** The inputs and outputs of a network. */
export interface NetworkEntry {
  /** Its name in the manifest. */
  readonly name: string;
  /** The name of its file, for messages. */
  readonly file: string;
  /** Name of the network's input. */
  readonly inputName: string;
  /** Form of the network's input. */
  readonly input: TensorSpec;
  /** Names of the outputs that are used, in the order of use. */
  readonly outputs: readonly string[];
  /** Order of the dimensions of outputs that are maps; `"NCHW"` if absent. */
  readonly maps?: "NHWC" | "NCHW";
}

/** A network as it comes from a file. */
export interface NetworkSource {
  readonly entry: NetworkEntry;
  /** The ONNX file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A network ready to run on its runtime. */
export interface Network extends AsyncDisposable {
  readonly model: NetworkSource;
}
