// The student's trunk at work: features and templates of frames.

import { startRuntime } from "../../runtime/start.ts";
import type { Network } from "../../runtime/network.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import type { ModelEntry } from "../../model/manifest.ts";
import { pixelsOfLevels } from "../network/pixels.ts";
import { FRAME_LENGTH } from "../data/sample.ts";
import { FEATURES_OUTPUT, withFeatures } from "./graph.ts";

/** Rows of what the trunk makes of frames. */
export interface TrunkRows {
  /** Templates of length 1. */
  readonly templates: Float32Array;
  /** What the head is given. */
  readonly features: Float32Array;
}

/** A student's trunk, ready to run on wasm. */
export class Trunk implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #network: Network;
  readonly #input: TensorSpec;

  private constructor(runtime: Runtime, network: Network, input: TensorSpec) {
    this.#runtime = runtime;
    this.#network = network;
    this.#input = input;
  }

  /** Loads the trunk of a student; `threads` are those of onnxruntime. */
  static async open(
    bytes: Uint8Array,
    entry: Pick<ModelEntry, "file" | "input" | "inputName" | "outputs">,
    threads?: number,
  ): Promise<Trunk> {
    const { input, inputName, file, outputs: [embedding] } = entry;
    const graph = withFeatures(bytes, file), outputs = [embedding, FEATURES_OUTPUT];
    const runtime = await startRuntime("wasm", { threads });
    const source = { entry: { name: file, file, inputName, input, outputs }, bytes: graph.bytes };
    return new Trunk(runtime, await runtime.load(source), input);
  }

  /** Runs frames: 112 x 112 x 3 grey levels each, RGB. */
  async run(levels: Uint8Array): Promise<TrunkRows> {
    const count = levels.length / FRAME_LENGTH;
    const pixels = pixelsOfLevels(levels, this.#input);
    using input = this.#runtime.write(pixels, tensorShape(this.#input, count));
    const [first, second] = await this.#runtime.run(this.#network, input);
    using templates = first;
    using features = second;
    const [rows, seen] = await this.#runtime.read(templates, features);
    return { templates: rows.slice(), features: seen.slice() };
  }

  /** Ends the runtime. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
  }
}
