// The one interface of all kernels: the same call, made for memory or for a GPU.
// A runtime picks the half that it needs when the kernel is prepared, so that a call decides nothing anew.

import type { CpuContext } from "./cpu/context.ts";
import type { GpuContext } from "./gpu/context.ts";

/** A computation that both kinds of runtime can do; `Call` is its signature in terms of photos and blocks. */
export interface Kernel<Call> {
  /** The name of its folder and of its shader, in snake case. */
  readonly name: string;
  /** The TypeScript half, which defines what is computed. */
  cpu(context: CpuContext): Call;
  /** The WGSL half; compiles the shader. */
  gpu(context: GpuContext): Promise<Call>;
}

/** The kernels that a runtime has prepared. */
export class PreparedKernels {
  readonly #prepared = new Map<Kernel<unknown>, Promise<unknown>>();

  /** Returns the prepared call of a kernel; a failed preparation is tried again at the next call. */
  get<Call>(kernel: Kernel<Call>, prepare: () => Promise<Call>): Promise<Call> {
    let call = this.#prepared.get(kernel) as Promise<Call> | undefined;
    if (!call) {
      call = prepare();
      this.#prepared.set(kernel, call);
      call.catch(() => this.#prepared.delete(kernel));
    }
    return call;
  }
}
