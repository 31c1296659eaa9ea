// What a runtime must know of a network to run it. The manifest's entries have more; the runtime does not ask for it.

import type { TensorSpec } from "./tensor_spec.ts";

/** How a network is fed and asked. */
export interface NetworkEntry {
  /** What it is asked for by. */
  readonly name: string;
  /** The name of its file, for messages. */
  readonly file: string;
  /** Name of the network's input. */
  readonly inputName: string;
  /** Form of the network's input. */
  readonly input: TensorSpec;
  /** Names of the outputs that are used, in the order of use. */
  readonly outputs: readonly string[];
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
