// Encodes dispatches and submits them: the one way in which kernels run.
// Structs travel in buffers of the pool, which are free again right after the submit, as queues keep their order.

import { DeviceError } from "../../base/errors.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { GpuMemory } from "./memory.ts";
import type { BindingKind, Pipeline } from "./pipeline.ts";

/** Every device has at least so many workgroups per dimension. */
export const MAX_WORKGROUPS = 65535;

/** A part of a buffer; `offset` must be a multiple of the device's alignment (256 suffices). */
export interface MemoryWindow {
  readonly memory: GpuMemory;
  readonly offset: number;
  readonly byteLength: number;
}

/** What can be bound: memory, a part of it, or the bytes of structs. */
export type Binding = GpuMemory | MemoryWindow | ArrayBuffer;

/** One dispatch. */
export interface Dispatch {
  readonly pipeline: Pipeline;
  /** In the order of the pipeline's bindings. */
  readonly bindings: readonly Binding[];
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/**
 * Submits dispatches, one after the other; each sees what those before it wrote.
 *
 * @throws {DeviceError} If a binding or a number of workgroups is beyond the limits of the device.
 */
export function launch(
  device: GPUDevice,
  pool: BufferPool,
  label: string,
  dispatches: readonly Dispatch[],
): void {
  const borrowed: GPUBuffer[] = [];
  try {
    const encoder = device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    for (const { pipeline, bindings, workgroups } of dispatches) {
      checkLimit(device, pipeline, Math.max(...workgroups), "maxComputeWorkgroupsPerDimension");
      if (workgroups.includes(0)) continue;
      const entries = bindings.map((binding, index) => {
        let window: GPUBufferBinding;
        if (binding instanceof ArrayBuffer) {
          const buffer = pool.take(binding.byteLength, structUsage(pipeline.bindings[index]));
          borrowed.push(buffer);
          device.queue.writeBuffer(buffer, 0, binding);
          window = { buffer, size: binding.byteLength };
        } else if (binding instanceof GpuMemory) {
          window = { buffer: binding.buffer, size: Math.max(4, binding.byteLength) };
        } else {
          const { memory: { buffer }, offset, byteLength } = binding;
          window = { buffer, offset, size: byteLength };
        }
        checkLimit(device, pipeline, window.size!, "maxStorageBufferBindingSize");
        return { binding: index, resource: window };
      });
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(
        0,
        device.createBindGroup({ label: pipeline.label, layout: pipeline.layout, entries }),
      );
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  } finally {
    for (const buffer of borrowed) pool.give(buffer);
  }
}

/** Workgroups for `count` items; beyond 65,535 they go on in y, and the shader skips those past the end. */
export function foldWorkgroups(count: number): [number, number, number] {
  const y = Math.ceil(count / MAX_WORKGROUPS);
  return y > 1 ? [MAX_WORKGROUPS, y, 1] : [count, 1, 1];
}

function structUsage(kind: BindingKind): GPUBufferUsageFlags {
  return GPUBufferUsage.COPY_DST |
    (kind === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE);
}

function checkLimit(
  device: GPUDevice,
  { label }: Pipeline,
  value: number,
  limit: "maxStorageBufferBindingSize" | "maxComputeWorkgroupsPerDimension",
): void {
  if (value <= device.limits[limit]) return;
  throw new DeviceError(
    `Cannot run kernel "${label}" as it needs ${limit} ${value} and this device has ${
      device.limits[limit]
    }: work in smaller parts or pass device: "wasm"`,
  );
}
