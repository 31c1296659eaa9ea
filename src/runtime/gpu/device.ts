// The door to WebGPU: asks whether there is an adapter, and makes the one device that kernels and networks share.
// Probing is apart from making a device, so that "auto" can choose before anything heavy is imported.

import { DeviceError, DeviceLostError, DisposedError } from "../../base/errors.ts";
import { cureDriver, isSoftwareGl } from "./quirks.ts";

/** What to ask the host for. */
export interface AdapterOptions {
  /** Which GPU of a machine with two; by default the host chooses. */
  readonly powerPreference?: "low-power" | "high-performance";
}

/** An adapter that was found; good for one {@linkcode acquireDevice}. */
export interface GpuAdapter {
  /** The adapter of the host. */
  readonly adapter: GPUAdapter;
  /** Its name for messages, such as `"NVIDIA GeForce RTX 4090"`. */
  readonly name: string;
  /** Whether it computes on the CPU (lavapipe, SwiftShader, WARP), which is slower than WebAssembly. */
  readonly software: boolean;
}

/** A device that knows whether it is still there. Disposing of it destroys the device and all its buffers. */
export interface GpuDevice extends Disposable {
  /** The device of the host. */
  readonly device: GPUDevice;
  /** The name of its adapter, for messages. */
  readonly name: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
  /**
   * Checks that work can still be given to the device.
   *
   * @throws {DeviceLostError} If the device was lost or destroyed by others.
   * @throws {DisposedError} If it was disposed of.
   */
  assertAlive(): void;
}

/** What onnxruntime's kernels and large photos profit from; all other limits stay at their defaults. */
const RAISED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** onnxruntime needs it for fp16 models. */
const WANTED_FEATURES = ["shader-f16"] as const;

/**
 * Looks for a WebGPU adapter, without making a device.
 *
 * @param options What to ask the host for.
 * @returns The adapter, or `undefined` if the host has no WebGPU or no adapter; Mesa's software GL counts as none.
 *
 * @example
 * ```ts
 * import { probeAdapter } from "@maskinv/maskinv/gpu";
 *
 * const adapter = await probeAdapter();
 * console.log(adapter ? `${adapter.name}, software: ${adapter.software}` : "no WebGPU here");
 * ```
 */
export async function probeAdapter(options: AdapterOptions = {}): Promise<GpuAdapter | undefined> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter(options);
  if (!adapter) return undefined;
  const { info } = adapter;
  // The flag moved from the adapter to its info; browsers of the years between have it only in the old place.
  const old = (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter;
  const name = info.description || `${info.vendor} ${info.architecture}`.trim() || "GPU";
  if (isSoftwareGl(name, () => adapter.features)) return undefined;
  const flagged = info.isFallbackAdapter || old || false;
  return { adapter, name, software: flagged || isSoftware(info) };
}

/** Software renderers by the names that drivers give them: Mesa's, Google's and Microsoft's. */
const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|swrast|software rasterizer|basic render/i;

/** Returns whether an adapter's names say that it computes on the CPU; not all drivers set the flag. */
function isSoftware({ vendor, architecture, device, description }: GPUAdapterInfo): boolean {
  return [vendor, architecture, device, description].some((text) => SOFTWARE.test(text ?? ""));
}

/**
 * Makes a device, with the limits and features that maskinv and onnxruntime profit from.
 *
 * @param found What {@linkcode probeAdapter} found; an adapter makes only one device.
 * @returns The device; the caller disposes of it.
 * @throws {DeviceError} If the adapter refuses.
 *
 * @example
 * ```ts
 * import { acquireDevice, probeAdapter } from "@maskinv/maskinv/gpu";
 *
 * const adapter = await probeAdapter();
 * if (adapter) {
 *   using gpu = await acquireDevice(adapter);
 *   console.log(gpu.device.limits.maxStorageBufferBindingSize);
 * }
 * ```
 */
export async function acquireDevice(found: GpuAdapter): Promise<GpuDevice> {
  const { adapter, name, software } = found;
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  try {
    const device = await adapter.requestDevice({
      label: "maskinv",
      requiredFeatures,
      requiredLimits,
    });
    cureDriver(device, name);
    return new OwnedDevice(device, name, software);
  } catch (error) {
    throw new DeviceError(
      `Cannot get a device of ${name} as ${(error as Error).message}: pass device: "wasm"`,
      { cause: error },
    );
  }
}

class OwnedDevice implements GpuDevice {
  readonly device: GPUDevice;
  readonly name: string;
  readonly software: boolean;
  #lost: GPUDeviceLostInfo | undefined;
  #disposed = false;

  constructor(device: GPUDevice, name: string, software: boolean) {
    this.device = device;
    this.name = name;
    this.software = software;
    device.lost.then((info) => this.#lost = info);
  }

  assertAlive(): void {
    if (this.#disposed) {
      throw new DisposedError(
        `Cannot use the GPU device ${this.name} as it was disposed of: create a new one`,
      );
    }
    if (this.#lost) {
      const { reason, message } = this.#lost;
      throw new DeviceLostError(
        `Lost the GPU device ${this.name} (${reason}: ${message}): call again for a new device`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.device.destroy();
  }
}
