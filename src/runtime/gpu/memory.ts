// What the handles of the runtime on a GPU are: buffers with a size, an owner and a way to free them.
// Disposing gives the buffer back to the pool, or the tensor back to onnxruntime.

import { DisposedError } from "../../base/errors.ts";
import type { Block, Photo } from "../memory.ts";
import type { Mark } from "./error_journal.ts";

/** How a handle comes to its buffer. */
export interface MemoryInit {
  /** Which context made it; handles of other contexts are refused. */
  readonly owner: object;
  readonly buffer: GPUBuffer;
  /** The bytes that mean something; the buffer may be longer. */
  readonly byteLength: number;
  readonly mark: Mark;
  /** Called once, when the handle is disposed of. */
  readonly release: (memory: GpuMemory) => void;
}

/** Bytes on the GPU. */
export class GpuMemory implements Disposable {
  readonly owner: object;
  readonly byteLength: number;
  readonly mark: Mark;
  #buffer: GPUBuffer | undefined;
  readonly #release: (memory: GpuMemory) => void;

  constructor({ owner, buffer, byteLength, mark, release }: MemoryInit) {
    this.owner = owner;
    this.#buffer = buffer;
    this.byteLength = byteLength;
    this.mark = mark;
    this.#release = release;
  }

  /** Returns the buffer; whether it is still there is checked at every use. */
  get buffer(): GPUBuffer {
    if (this.#buffer) return this.#buffer;
    throw new DisposedError(
      `Cannot use this GPU memory of ${this.byteLength} bytes as it was disposed of: ` +
        `dispose after the last use`,
    );
  }

  [Symbol.dispose](): void {
    if (!this.#buffer) return;
    this.#release(this);
    this.#buffer = undefined;
  }
}

/** A picture as packed RGBA, one u32 per pixel. */
export class GpuPhoto extends GpuMemory implements Photo {
  constructor(init: MemoryInit, readonly width: number, readonly height: number) {
    super(init);
  }
}

/** 32-bit numbers of a shape. */
export class GpuBlock extends GpuMemory implements Block {
  constructor(init: MemoryInit, readonly shape: readonly number[]) {
    super(init);
  }
}
