// What all runtimes on one device share: its buffers, its journal of errors and its way back. Errors are told of a device as
// a whole, so that two journals would blame each other's runtimes.

import { BufferPool } from "./buffer_pool.ts";
import type { GpuDevice } from "./device.ts";
import { ErrorJournal } from "./error_journal.ts";
import { ReadBack } from "./read_back.ts";

/** A device at work. Disposing of it ends the device, or the part of one user in it. */
export interface DeviceCore extends Disposable {
  readonly gpu: GpuDevice;
  readonly pool: BufferPool;
  readonly journal: ErrorJournal;
  readonly readBack: ReadBack;
}

/** Puts a device to work; it ends with what is returned. */
export function createCore(gpu: GpuDevice): DeviceCore {
  const pool = new BufferPool(gpu.device), journal = new ErrorJournal(gpu);
  return {
    gpu,
    pool,
    journal,
    readBack: new ReadBack(gpu, pool, journal),
    [Symbol.dispose](): void {
      pool[Symbol.dispose]();
      gpu[Symbol.dispose]();
    },
  };
}
