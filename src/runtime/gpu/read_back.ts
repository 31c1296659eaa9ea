// Brings results to JavaScript: all of a call with one copy and one wait, as a wait costs 11 ms in Deno whatever
// the size. It counts the waits, so that tests can state how many a call needs.

import type { BufferPool } from "./buffer_pool.ts";
import type { GpuDevice } from "./device.ts";
import type { ErrorJournal } from "./error_journal.ts";
import type { GpuMemory } from "./memory.ts";

/** The way back from one device. */
export class ReadBack {
  readonly #gpu: GpuDevice;
  readonly #pool: BufferPool;
  readonly #journal: ErrorJournal;
  #syncs = 0;

  constructor(gpu: GpuDevice, pool: BufferPool, journal: ErrorJournal) {
    this.#gpu = gpu;
    this.#pool = pool;
    this.#journal = journal;
  }

  /** Returns how often the host has waited for the device. */
  get syncs(): number {
    return this.#syncs;
  }

  /**
   * Returns the bytes of each memory.
   *
   * @throws {DeviceError} If the device failed at anything that these results rest on.
   * @throws {DeviceLostError} If the device was lost.
   */
  async read(memories: readonly GpuMemory[]): Promise<ArrayBuffer[]> {
    this.#gpu.assertAlive();
    const mark = this.#journal.mark(memories.map((memory) => memory.mark));
    const total = memories.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (total === 0) return memories.map(() => new ArrayBuffer(0));
    const staging = this.#pool.take(total, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    try {
      this.#copy(memories, staging);
      this.#syncs++;
      try {
        await staging.mapAsync(GPUMapMode.READ, 0, total);
      } catch (error) {
        throw await this.#journal.explain("Cannot read results", error, mark);
      }
      // Deno resolves the wait, with stale bytes, when the device is destroyed meanwhile.
      this.#gpu.assertAlive();
      this.#journal.confirm(mark);
      const bytes = staging.getMappedRange(0, total);
      let start = 0;
      return memories.map(({ byteLength }) => bytes.slice(start, start += byteLength));
    } finally {
      this.#release(staging);
    }
  }

  #copy(memories: readonly GpuMemory[], staging: GPUBuffer): void {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder({ label: "read" });
    let offset = 0;
    for (const { buffer, byteLength } of memories) {
      encoder.copyBufferToBuffer(buffer, 0, staging, offset, byteLength);
      offset += byteLength;
    }
    device.queue.submit([encoder.finish()]);
  }

  #release(staging: GPUBuffer): void {
    try {
      if (staging.mapState === "mapped") staging.unmap();
    } catch {
      // Deno throws when the device is gone, which must not hide the error that says so.
    }
    this.#pool.give(staging);
  }
}
