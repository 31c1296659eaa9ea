// Where it is computed: memory, networks and kernels of one device. Everything above is one code for all devices.

import type { Image } from "../image/image.ts";
import type { Kernel } from "./kernel.ts";
import type { Block, Photo } from "./memory.ts";
import type { Network, NetworkSource } from "./network.ts";

/** A device at work. Calls may overlap; what a call returns belongs to the caller, who disposes of it. */
export interface Runtime extends AsyncDisposable {
  /** `"webgpu"`, or `"wasm"` for onnxruntime's wasm provider with the TypeScript kernels. */
  readonly device: "webgpu" | "wasm";
  /** Whether the device works on while the host does, so that each `read` waits for it. */
  readonly asynchronous: boolean;
  /** Imports onnxruntime ahead of the first network, as that takes a second. */
  ready(): Promise<void>;
  /** Makes a kernel ready for calls: on a GPU its shader is compiled, once. */
  prepare<Call>(kernel: Kernel<Call>): Promise<Call>;
  /** Prepares a network. */
  load(source: NetworkSource): Promise<Network>;
  /** Runs a network on one block; the outputs in the order of its entry. One run at a time in a process. */
  run(network: Network, input: Block): Promise<Block[]>;
  /** Makes a picture available to the kernels. */
  upload(image: Image): Photo;
  /** Brings a picture to JavaScript. */
  download(photo: Photo): Promise<Image>;
  /** Brings float32 values from JavaScript; refuses what is not finite. */
  write(values: Float32Array, shape: readonly number[]): Block;
  /** Brings blocks to JavaScript with a single wait for the device. */
  read(...blocks: readonly Block[]): Promise<Float32Array[]>;
}
