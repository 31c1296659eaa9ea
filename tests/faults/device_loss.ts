// Devices that are lost at a chosen call: the n-th call of WebGPU from an arming on destroys the device that it is made
// on, just before or after it.

import { wrap } from "../spies.ts";

/** Every kind of call at which work can be cut off, onnxruntime's included. */
const CALLS = [
  [GPUQueue, "submit"],
  [GPUQueue, "writeBuffer"],
  [GPUBuffer, "mapAsync"],
  [GPUBuffer, "getMappedRange"],
  [GPUDevice, "createBuffer"],
  [GPUDevice, "createBindGroup"],
  [GPUDevice, "createShaderModule"],
  [GPUDevice, "createComputePipeline"],
  [GPUDevice, "createCommandEncoder"],
  [GPUDevice, "popErrorScope"],
] as const;

/** Watches the devices of the process. */
export class DeviceLosses implements Disposable {
  /** All devices that were made. */
  readonly devices: GPUDevice[] = [];
  /** Calls since the last arming. */
  calls = 0;
  /** Those among them that later runs may do without, as lavapipe's bind groups are used again (`quirks.ts`). */
  sparable = 0;
  /** How many devices were destroyed by this. */
  lost = 0;
  #at = Infinity;
  #after = false;
  readonly #live = new Map<GPUDevice, number>();
  readonly #stack = new DisposableStack();

  constructor() {
    const { devices } = this, live = this.#live, owner = new WeakMap<GPUBuffer, GPUDevice>();
    this.#stack.use(wrap(GPUAdapter.prototype, "requestDevice", async (_, call) => {
      const device = await (call() as Promise<GPUDevice>);
      devices.push(device);
      return device;
    }));
    for (const [{ prototype }, name] of CALLS) {
      this.#stack.use(wrap(prototype as GPUDevice, name as "createBuffer", (_, call) => {
        const now = ++this.calls === this.#at;
        if (name === "createBindGroup") this.sparable++;
        if (now && !this.#after) this.#lose();
        const result = call();
        if (now && this.#after) this.#lose();
        return result;
      }));
    }
    this.#stack.use(wrap(GPUDevice.prototype, "createBuffer", (device, call) => {
      const buffer = call() as GPUBuffer;
      owner.set(buffer, device);
      live.set(device, (live.get(device) ?? 0) + 1);
      return buffer;
    }));
    this.#stack.use(wrap(GPUBuffer.prototype, "destroy", (buffer, call) => {
      const device = owner.get(buffer);
      if (device) live.set(device, live.get(device)! - 1);
      owner.delete(buffer);
      return call();
    }));
  }

  /** Has the n-th call from now on destroy the newest device, before or after that call; `Infinity` for none. */
  arm(n: number, after = false): void {
    this.calls = this.sparable = 0;
    this.#at = n;
    this.#after = after;
  }

  /** Buffers of the newest device that were not destroyed. */
  get live(): number {
    return this.#live.get(this.devices.at(-1)!) ?? 0;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  #lose(): void {
    this.lost++;
    this.devices.at(-1)!.destroy();
  }
}
