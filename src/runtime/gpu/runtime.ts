// The runtime of hosts with a GPU: the WGSL kernels and onnxruntime's WebGPU provider on one device.
// Photos go to the GPU once; nothing comes back before `read` and `download`, each of which waits for the device once.

import { DeviceLostError } from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import { checkFinite } from "../finite.ts";
import { type Kernel, PreparedKernels } from "../kernel.ts";
import type { Block, Photo } from "../memory.ts";
import type { Network, NetworkSource } from "../network.ts";
import { loadOrt, type OrtOptions } from "../ort.ts";
import { owned } from "../owned.ts";
import type { Runtime } from "../runtime.ts";
import type { PoolStats } from "./buffer_pool.ts";
import { GpuContext } from "./context.ts";
import { createCore, type DeviceCore } from "./core.ts";
import type { GpuDevice } from "./device.ts";
import { GpuNetwork, GpuNetworks } from "./networks.ts";

/** Computes on a device: disposing of the runtime destroys it, or of a shared one ends the runtime's part. */
export class GpuRuntime implements Runtime {
  readonly device = "webgpu";
  readonly asynchronous = true;
  readonly #context: GpuContext;
  readonly #options: OrtOptions;
  readonly #networks: GpuNetworks;
  readonly #kernels = new PreparedKernels();

  constructor(device: GpuDevice | DeviceCore, options: OrtOptions = {}) {
    this.#context = new GpuContext("pool" in device ? device : createCore(device));
    this.#options = options;
    const { recordRuns = false } = options;
    this.#networks = new GpuNetworks(this.#context, () => loadOrt("webgpu", options), recordRuns);
  }

  /** Returns the device. */
  get gpu(): GpuDevice {
    return this.#context.gpu;
  }

  /** Returns how often the host has waited for the device. */
  get syncs(): number {
    return this.#context.readBack.syncs;
  }

  /** Buffers in use and idle, without those of onnxruntime. */
  get memory(): PoolStats {
    return this.#context.pool.stats;
  }

  async ready(): Promise<void> {
    await loadOrt("webgpu", this.#options);
  }

  /** @throws {ShaderError} If the shader does not compile on this device. */
  prepare<Call>(kernel: Kernel<Call>): Promise<Call> {
    return this.#kernels.get(kernel, async () => {
      const { journal } = this.#context, mark = journal.mark();
      try {
        return await kernel.gpu(this.#context);
      } catch (error) {
        // On a device that is lost meanwhile kernels fail to compile, which is not the kernels' fault.
        const known = await journal.explain(`Cannot prepare ${kernel.name}`, error, mark);
        throw known instanceof DeviceLostError ? known : error;
      }
    });
  }

  load(source: NetworkSource): Promise<Network> {
    return this.#networks.load(source);
  }

  async run(network: Network, input: Block): Promise<Block[]> {
    const context = this.#context;
    return await this.#networks.run(
      owned("network", GpuNetwork, network, context),
      context.block(input),
    );
  }

  upload(image: Image): Photo {
    return this.#context.upload(image);
  }

  async download(photo: Photo): Promise<Image> {
    const { width, height } = photo;
    const [bytes] = await this.#context.readBack.read([this.#context.photo(photo)]);
    return { width, height, data: new Uint8ClampedArray(bytes) };
  }

  write(values: Float32Array, shape: readonly number[]): Block {
    checkFinite(values);
    return this.#context.write(values, shape);
  }

  async read(...blocks: readonly Block[]): Promise<Float32Array[]> {
    const memories = blocks.map((block) => this.#context.block(block));
    return (await this.#context.readBack.read(memories)).map((bytes) => new Float32Array(bytes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.releaseAll();
    await this.#networks[Symbol.asyncDispose]();
    this.#context[Symbol.dispose]();
  }
}
