// The only place that chooses a device.

import { DeviceError, InvalidArgumentError } from "../base/errors.ts";
import { CpuRuntime } from "./cpu/runtime.ts";
import { acquireDevice, probeAdapter } from "./gpu/device.ts";
import { GpuRuntime } from "./gpu/runtime.ts";
import { shareDevice } from "./gpu/shared_device.ts";
import type { OrtOptions } from "./ort.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Where to compute: `"webgpu"` (any adapter, also a software one), `"wasm"`, or `"auto"`: WebGPU on a hardware
 * adapter, else wasm, which is faster than software WebGPU.
 */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** The values of {@linkcode DeviceChoice}. */
const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "webgpu", "wasm"];

/** Throws InvalidArgumentError unless there is such a choice. */
export function checkDevice(choice: DeviceChoice): void {
  if (!DEVICE_CHOICES.includes(choice)) {
    throw new InvalidArgumentError(
      `Cannot use device "${choice}": give one of ${DEVICE_CHOICES.join(", ")}`,
    );
  }
}

/**
 * Starts the runtime of a device; all runtimes of a process share one GPU device. onnxruntime is imported when a network is loaded, or by `Runtime.ready`.
 *
 * @throws {DeviceError} If `"webgpu"` is asked for and there is no adapter, or the adapter refuses.
 */
export async function startRuntime(
  choice: DeviceChoice,
  options: OrtOptions = {},
): Promise<Runtime> {
  checkDevice(choice);
  if (choice === "wasm") return new CpuRuntime(options);
  const adapter = await probeAdapter();
  if (choice === "auto" && (!adapter || adapter.software)) return new CpuRuntime(options);
  if (!adapter) {
    throw new DeviceError(
      'Cannot use device "webgpu" as this host has no WebGPU adapter: pass device: "auto" or "wasm"',
    );
  }
  return new GpuRuntime(await shareDevice(() => acquireDevice(adapter)), options);
}
