// Devices that are lost inside of a chosen stage of the work: while a photo is uploaded, a network runs, or a kernel is
// launched.

import { likeliestCropKernel } from "../../src/kernels/likeliest_crop/mod.ts";
import { letterboxKernel } from "../../src/kernels/letterbox/mod.ts";
import { cosineMatrixKernel } from "../../src/kernels/cosine_matrix/mod.ts";
import { maskOverlayKernel } from "../../src/kernels/mask_overlay/mod.ts";
import { topKKernel } from "../../src/kernels/top_k/mod.ts";
import { warpAffineKernel } from "../../src/kernels/warp_affine/mod.ts";
import { GpuRuntime } from "../../src/runtime/gpu/runtime.ts";
import type { Kernel } from "../../src/runtime/kernel.ts";
import { DeviceLosses } from "./device_loss.ts";

type Call = (...args: unknown[]) => unknown;

/** Kernels by the stage that they are. */
const KERNELS: readonly Kernel<Call>[] = [
  letterboxKernel,
  likeliestCropKernel,
  warpAffineKernel,
  cosineMatrixKernel,
  maskOverlayKernel,
  topKKernel,
] as unknown as Kernel<Call>[];

/**
 * Watches the stages of everything that starts after it. Stages are `upload`, `run <network>` and the names of kernels;
 * of several of a kind in one piece of work the first is meant.
 */
export class StageLosses implements Disposable {
  readonly losses = new DeviceLosses();
  /** WebGPU's calls in the first stage of each kind since the last arming. */
  readonly calls = new Map<string, number>();
  #armed: { readonly stage: string; readonly share: number } | undefined;
  readonly #stack = new DisposableStack();

  constructor() {
    this.#stack.use(this.losses);
    const { prototype } = GpuRuntime;
    const { upload, run } = prototype;
    prototype.upload = this.#within(() => "upload", upload as Call) as typeof upload;
    prototype.run = this.#within(
      ([network]) => `run ${(network as Parameters<typeof run>[0]).model.entry.name}`,
      run as Call,
    ) as typeof run;
    this.#stack.defer(() => void Object.assign(prototype, { upload, run }));
    for (const kernel of KERNELS) {
      const { gpu } = kernel;
      kernel.gpu = async (context) => this.#within(() => kernel.name, await gpu(context));
      this.#stack.defer(() => void (kernel.gpu = gpu));
    }
  }

  /** Has the device be lost in the next stage of this kind, after a share of its calls of WebGPU, 0..1. */
  arm(stage: string | undefined, share = 0.5): void {
    this.#armed = stage === undefined ? undefined : { stage, share };
    this.losses.arm(Infinity);
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  #within(stageOf: (args: readonly unknown[]) => string, call: Call): Call {
    // deno-lint-ignore no-this-alias
    const self = this;
    return function (this: unknown, ...args: unknown[]): unknown {
      const stage = stageOf(args);
      if (self.#armed?.stage === stage) {
        const { share } = self.#armed;
        self.#armed = undefined;
        self.losses.arm(1 + Math.floor(share * ((self.calls.get(stage) ?? 1) - 1)));
      }
      const before = self.losses.calls;
      const note = (): void => {
        if (!self.calls.has(stage)) self.calls.set(stage, self.losses.calls - before);
      };
      const result = call.apply(this, args);
      if (result instanceof Promise) return result.finally(note);
      note();
      return result;
    };
  }
}
