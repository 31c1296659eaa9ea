// The runtime of hosts without a GPU: onnxruntime's wasm provider and the TypeScript kernels.

import type { InferenceSession } from "npm:onnxruntime-web@1.30.0";
import type { Image } from "../../image/image.ts";
import { checkFinite } from "../finite.ts";
import { type Kernel, PreparedKernels } from "../kernel.ts";
import type { Block, Photo } from "../memory.ts";
import type { Network, NetworkSource } from "../network.ts";
import type { OrtOptions } from "../ort.ts";
import { owned } from "../owned.ts";
import type { Runtime } from "../runtime.ts";
import { CpuContext } from "./context.ts";
import { CpuBlock, CpuPhoto } from "./memory.ts";

class CpuNetwork implements Network {
  readonly #context: CpuContext;

  constructor(
    context: CpuContext,
    readonly model: NetworkSource,
    readonly session: InferenceSession,
  ) {
    this.#context = context;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.release(this.session);
  }
}

/** Computes in memory. */
export class CpuRuntime implements Runtime {
  readonly device = "wasm";
  readonly asynchronous = false;
  readonly #context: CpuContext;
  readonly #kernels = new PreparedKernels();

  constructor(options: OrtOptions = {}) {
    this.#context = new CpuContext(options);
  }

  async ready(): Promise<void> {
    await this.#context.ort();
  }

  prepare<Call>(kernel: Kernel<Call>): Promise<Call> {
    return this.#kernels.get(kernel, () => Promise.resolve(kernel.cpu(this.#context)));
  }

  async load(source: NetworkSource): Promise<Network> {
    const session = await this.#context.session(`load ${source.entry.file}`, source.bytes);
    return new CpuNetwork(this.#context, source, session);
  }

  async run(network: Network, input: Block): Promise<Block[]> {
    const { session, model: { entry } } = owned("network", CpuNetwork, network);
    const { data, shape } = this.#context.block(input);
    const results = await this.#context.inOrt(`run ${entry.file}`, ({ Tensor }) => {
      const tensor = new Tensor("float32", data, shape);
      return session.run({ [entry.inputName]: tensor }, [...entry.outputs]);
    });
    return entry.outputs.map((name) => {
      const { data, dims } = results[name];
      return new CpuBlock(data as Float32Array, dims);
    });
  }

  upload(image: Image): Photo {
    return new CpuPhoto(image);
  }

  download(photo: Photo): Promise<Image> {
    return Promise.resolve(this.#context.photo(photo).image);
  }

  write(values: Float32Array, shape: readonly number[]): Block {
    checkFinite(values);
    return new CpuBlock(values, shape);
  }

  read(...blocks: readonly Block[]): Promise<Float32Array[]> {
    return Promise.resolve(blocks.map((block) => this.#context.block(block).data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context[Symbol.asyncDispose]();
  }
}
