// The one device of a process: verifiers, galleries and whoever draws masks work on it side by side, so that memory is
// used again and the queue keeps their order. It ends with its last user; one that was lost is left to those who have it.

import { createCore, type DeviceCore } from "./core.ts";
import type { GpuDevice } from "./device.ts";

interface Shared {
  readonly core: Promise<DeviceCore>;
  users: number;
}

let shared: Shared | undefined;

/**
 * Returns the device of this process, which is made if there is none; the caller disposes of it.
 *
 * @param open Makes a device.
 */
export async function shareDevice(open: () => Promise<GpuDevice>): Promise<DeviceCore> {
  for (;;) {
    const found = shared, mine = found ?? start(open);
    mine.users++;
    try {
      const core = await mine.core;
      // One that is lost as soon as it is made is told to the caller, who knows how often to try.
      if (!found || isAlive(core.gpu)) return leaseOf(mine, core);
    } catch (error) {
      forget(mine);
      throw error;
    }
    forget(mine);
    await leave(mine);
  }
}

function start(open: () => Promise<GpuDevice>): Shared {
  const core = open().then(createCore);
  return shared = { core, users: 0 };
}

function leaseOf(mine: Shared, core: DeviceCore): DeviceCore {
  let ended = false;
  return {
    ...core,
    [Symbol.dispose](): void {
      if (ended) return;
      ended = true;
      if (--mine.users > 0) return;
      forget(mine);
      core[Symbol.dispose]();
    },
  };
}

async function leave(mine: Shared): Promise<void> {
  if (--mine.users === 0) (await mine.core)[Symbol.dispose]();
}

function forget(mine: Shared): void {
  if (shared === mine) shared = undefined;
}

function isAlive(gpu: GpuDevice): boolean {
  try {
    gpu.assertAlive();
    return true;
  } catch {
    return false;
  }
}
