// What the kernels of one runtime share: its device with pool and journal of errors, and every handle of it that is alive.
// Everything that touches the device goes through here, so that loss, limits and errors are handled once.

import {
  DeviceError,
  DisposedError,
  ImageTooLargeError,
  InvalidArgumentError,
} from "../../base/errors.ts";
import type { Image } from "../../image/image.ts";
import type { Block, Photo } from "../memory.ts";
import { owned } from "../owned.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { DeviceCore } from "./core.ts";
import type { GpuDevice } from "./device.ts";
import type { ErrorJournal } from "./error_journal.ts";
import { type Dispatch, launch } from "./launch.ts";
import { GpuBlock, type GpuMemory, GpuPhoto, type MemoryInit } from "./memory.ts";
import { createPipeline, type Pipeline, type PipelineSpec } from "./pipeline.ts";
import type { ReadBack } from "./read_back.ts";

/** One runtime's part of a device. */
export class GpuContext implements Disposable {
  readonly gpu: GpuDevice;
  readonly pool: BufferPool;
  readonly journal: ErrorJournal;
  readonly readBack: ReadBack;
  readonly #core: DeviceCore;
  readonly #memories = new Set<GpuMemory>();
  #ended = false;

  constructor(core: DeviceCore) {
    this.#core = core;
    this.gpu = core.gpu;
    this.pool = core.pool;
    this.journal = core.journal;
    this.readBack = core.readBack;
  }

  /**
   * Checks that work can still be given to the device.
   *
   * @throws {DeviceLostError} If the device was lost.
   * @throws {DisposedError} If this was disposed of; the device may go on for others.
   */
  assertAlive(): void {
    if (this.#ended) {
      throw new DisposedError(
        `Cannot use the GPU device ${this.gpu.name} as this runtime was disposed of: create a new one`,
      );
    }
    this.gpu.assertAlive();
  }

  /** Returns the memory behind a photo; throws InvalidArgumentError if another runtime made it. */
  photo(photo: Photo): GpuPhoto {
    return owned("photo", GpuPhoto, photo, this);
  }

  /** Returns the memory behind a block; throws InvalidArgumentError if another runtime made it. */
  block(block: Block): GpuBlock {
    return owned("block", GpuBlock, block, this);
  }

  /** Compiles a kernel. */
  pipeline(spec: PipelineSpec): Promise<Pipeline> {
    return createPipeline(this.gpu.device, spec);
  }

  /** Uploads a picture. */
  upload({ width, height, data }: Image): GpuPhoto {
    const limit = Math.min(this.#maxBindable, this.gpu.device.limits.maxBufferSize);
    if (data.byteLength > limit) {
      throw new ImageTooLargeError(
        `Cannot use a picture of ${width}x${height} pixels on ${this.gpu.name} as it has ` +
          `${data.byteLength} bytes and the device takes ${limit}: shrink it or pass device: "wasm"`,
      );
    }
    const photo = new GpuPhoto(this.#take(data.byteLength, []), width, height);
    this.gpu.device.queue.writeBuffer(photo.buffer, 0, data);
    return this.adopt(photo);
  }

  /** Uploads numbers. */
  write(values: Float32Array, shape: readonly number[]): GpuBlock {
    if (values.length !== elementCount(shape)) {
      throw new InvalidArgumentError(
        `Cannot make a block of shape ${shape.join("x")} of ${values.length} numbers: ` +
          `give ${elementCount(shape)} numbers`,
      );
    }
    const block = new GpuBlock(this.#take(values.byteLength, []), shape);
    // Deno 2.9 panics on an empty write.
    if (values.length > 0) {
      this.gpu.device.queue.writeBuffer(block.buffer, 0, values as Float32Array<ArrayBuffer>);
    }
    return this.adopt(block);
  }

  /** Runs dispatches that fill a new block of this shape. */
  produce(
    label: string,
    shape: readonly number[],
    inputs: readonly GpuMemory[],
    dispatches: (out: GpuBlock) => readonly Dispatch[],
  ): GpuBlock {
    const out = this.allocate(shape, inputs);
    try {
      this.launch(label, dispatches(out));
      return out;
    } catch (error) {
      out[Symbol.dispose]();
      throw error;
    }
  }

  /** Returns a block for the results of a kernel, with unknown content. */
  allocate(shape: readonly number[], inputs: readonly GpuMemory[]): GpuBlock {
    const byteLength = elementCount(shape) * 4;
    if (byteLength > this.#maxBindable) {
      throw new DeviceError(
        `Cannot make a block of shape ${shape.join("x")} on ${this.gpu.name} as it has ` +
          `${byteLength} bytes and a kernel can write ${this.#maxBindable}: ` +
          `work in smaller parts or pass device: "wasm"`,
      );
    }
    return this.adopt(new GpuBlock(this.#take(byteLength, inputs), shape));
  }

  /** Keeps a handle in view, so that it ends with the context. */
  adopt<T extends GpuMemory>(memory: T): T {
    this.#memories.add(memory);
    return memory;
  }

  /** Forgets a handle; to be called by its `release`. */
  disown(memory: GpuMemory): void {
    this.#memories.delete(memory);
  }

  /** Submits dispatches. */
  launch(label: string, dispatches: readonly Dispatch[]): void {
    this.assertAlive();
    launch(this.gpu.device, this.pool, label, dispatches);
  }

  /** Disposes of every handle. */
  releaseAll(): void {
    for (const memory of [...this.#memories]) memory[Symbol.dispose]();
  }

  /** Frees all memory, and the device where it has no other users. */
  [Symbol.dispose](): void {
    this.releaseAll();
    this.#ended = true;
    this.#core[Symbol.dispose]();
  }

  get #maxBindable(): number {
    return this.gpu.device.limits.maxStorageBufferBindingSize;
  }

  #take(byteLength: number, inputs: readonly GpuMemory[]): MemoryInit {
    this.assertAlive();
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.pool.take(byteLength, usage);
    return {
      owner: this,
      buffer,
      byteLength,
      mark: this.journal.mark(inputs.map((input) => input.mark)),
      release: (memory): void => {
        this.disown(memory);
        this.pool.give(buffer);
      },
    };
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
