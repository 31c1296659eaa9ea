// Counts what our code and onnxruntime ask of WebGPU. Counts are the same on every adapter, so that a software one tells
// what hardware will be given.

import { wrap } from "./spies.ts";

/** The calls that are counted, and what tables call them. */
const CALLS = [
  ["dispatches", GPUComputePassEncoder, "dispatchWorkgroups"],
  ["writeBuffer", GPUQueue, "writeBuffer"],
  ["createBuffer", GPUDevice, "createBuffer"],
  ["createBindGroup", GPUDevice, "createBindGroup"],
  ["submits", GPUQueue, "submit"],
  ["waits", GPUBuffer, "mapAsync"],
] as const;

/** A number for each of the calls. */
export type GpuCalls = Record<typeof CALLS[number][0], number>;

/** Counts the calls of all devices of the process, and dispatches by the kernel; devices must be made after it. */
export class GpuCallCounter implements Disposable {
  readonly total: GpuCalls = zero();
  /** Dispatches by the label of the pipeline or, as onnxruntime labels those, of the module. */
  readonly byKernel = new Map<string, number>();
  readonly #stack = new DisposableStack();

  constructor() {
    const kernels = new WeakMap<object, string>(), current = new WeakMap<object, string>();
    const device = GPUDevice.prototype, pass = GPUComputePassEncoder.prototype;
    const { createShaderModule, createComputePipeline, createComputePipelineAsync } = device;
    const { setPipeline } = pass;
    device.createShaderModule = function (descriptor): GPUShaderModule {
      const module = createShaderModule.call(this, descriptor);
      kernels.set(module, descriptor.label ?? "");
      return module;
    };
    const named = <T extends GPUComputePipeline>(
      { label, compute }: GPUComputePipelineDescriptor,
      pipeline: T,
    ): T => {
      kernels.set(pipeline, label || kernels.get(compute.module) || "");
      return pipeline;
    };
    device.createComputePipeline = function (descriptor): GPUComputePipeline {
      return named(descriptor, createComputePipeline.call(this, descriptor));
    };
    device.createComputePipelineAsync = async function (descriptor): Promise<GPUComputePipeline> {
      return named(descriptor, await createComputePipelineAsync.call(this, descriptor));
    };
    pass.setPipeline = function (pipeline): undefined {
      current.set(this, kernels.get(pipeline) ?? "");
      setPipeline.call(this, pipeline);
    };
    this.#stack.defer(() => {
      Object.assign(device, {
        createShaderModule,
        createComputePipeline,
        createComputePipelineAsync,
      });
      pass.setPipeline = setPipeline;
    });
    for (const [name, { prototype }, method] of CALLS) {
      this.#stack.use(wrap(prototype as GPUDevice, method as "createBuffer", (self, call) => {
        this.total[name]++;
        if (name === "dispatches") {
          const kernel = current.get(self) ?? "";
          this.byKernel.set(kernel, (this.byKernel.get(kernel) ?? 0) + 1);
        }
        return call();
      }));
    }
  }

  /** What was counted while a task ran. */
  async during(task: () => Promise<unknown>): Promise<GpuCalls> {
    const before = { ...this.total };
    await task();
    const calls = zero();
    for (const [name] of CALLS) calls[name] = this.total[name] - before[name];
    return calls;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

function zero(): GpuCalls {
  return Object.fromEntries(CALLS.map(([name]) => [name, 0])) as GpuCalls;
}
