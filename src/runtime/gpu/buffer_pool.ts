// Buffers that are used again instead of made anew: making one costs more than a small kernel.
// It counts what is out and what lies idle, so that tests and users can see that memory stays flat.

import { DeviceError } from "../../base/errors.ts";

/** What a pool holds. */
export interface PoolStats {
  /** Buffers in use, and their bytes. */
  readonly live: number;
  readonly liveBytes: number;
  /** Buffers waiting to be used again, and their bytes. */
  readonly idle: number;
  readonly idleBytes: number;
}

/** Up to this much lies idle; the least recently used buffers go first. */
const MAX_IDLE_BYTES = 256 * 2 ** 20;
const MIN_BYTES = 256;

/** The buffers of one device. */
export class BufferPool implements Disposable {
  readonly #device: GPUDevice;
  readonly #live = new Set<GPUBuffer>();
  /** In the order in which they came back. */
  readonly #idle = new Set<GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get stats(): PoolStats {
    return {
      live: this.#live.size,
      liveBytes: totalBytes(this.#live),
      idle: this.#idle.size,
      idleBytes: totalBytes(this.#idle),
    };
  }

  /**
   * Returns a buffer of at least so many bytes, with whatever its last user left in it.
   *
   * @throws {DeviceError} If the device makes no buffers so large.
   */
  take(byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const limit = this.#device.limits.maxBufferSize;
    if (byteLength > limit) {
      throw new DeviceError(
        `Cannot make a GPU buffer of ${byteLength} bytes as the limit of this device is ${limit}: ` +
          `work in smaller parts or pass device: "wasm"`,
      );
    }
    const size = Math.min(sizeClass(byteLength), limit - limit % 4);
    for (const buffer of this.#idle) {
      if (buffer.size !== size || buffer.usage !== usage) continue;
      this.#idle.delete(buffer);
      this.#live.add(buffer);
      return buffer;
    }
    const buffer = this.#device.createBuffer({ label: "maskinv", size, usage });
    this.#live.add(buffer);
    return buffer;
  }

  /** Takes a buffer back; work that was submitted still finishes before its next user's. */
  give(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#idle.add(buffer);
    let idleBytes = totalBytes(this.#idle);
    for (const oldest of this.#idle) {
      if (idleBytes <= MAX_IDLE_BYTES) break;
      idleBytes -= oldest.size;
      this.#idle.delete(oldest);
      oldest.destroy();
    }
  }

  /** Destroys all buffers, also those in use. */
  [Symbol.dispose](): void {
    for (const buffers of [this.#live, this.#idle]) {
      for (const buffer of buffers) buffer.destroy();
      buffers.clear();
    }
  }
}

/** Eight sizes per power of two: at most an eighth is wasted, and photos of nearly one size share buffers. */
function sizeClass(byteLength: number): number {
  const bytes = Math.max(MIN_BYTES, byteLength);
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

function totalBytes(buffers: Iterable<GPUBuffer>): number {
  let sum = 0;
  for (const buffer of buffers) sum += buffer.size;
  return sum;
}
