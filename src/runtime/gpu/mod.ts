// The device, its memory and its pipelines; and the part of them that is public, for kernels of others.
// Cures for drivers are added in quirks.ts; the kernels of maskinv are in src/kernels and may be changed only there.

/**
 * The WebGPU toolkit under maskinv: finds an adapter, makes a device, compiles kernels in WGSL, and lays out their
 * structs. For those who want kernels of their own next to maskinv's.
 *
 * @example Double four numbers on the GPU
 * ```ts
 * import { acquireDevice, createPipeline, probeAdapter } from "@maskinv/maskinv/gpu";
 *
 * const adapter = await probeAdapter();
 * if (adapter) {
 *   using gpu = await acquireDevice(adapter);
 *   const { pipeline, layout } = await createPipeline(gpu.device, {
 *     label: "double",
 *     code: `@group(0) @binding(0) var<storage, read_write> values: array<f32>;
 *       @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) {
 *         values[id.x] *= 2;
 *       }`,
 *     bindings: ["read_write"],
 *   });
 *   const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
 *   const values = gpu.device.createBuffer({ size: 16, usage: STORAGE | COPY_SRC | COPY_DST });
 *   const result = gpu.device.createBuffer({ size: 16, usage: MAP_READ | COPY_DST });
 *   gpu.device.queue.writeBuffer(values, 0, new Float32Array([1, 2, 3, 4]));
 *   const encoder = gpu.device.createCommandEncoder();
 *   const pass = encoder.beginComputePass();
 *   pass.setPipeline(pipeline);
 *   const entries = [{ binding: 0, resource: { buffer: values } }];
 *   pass.setBindGroup(0, gpu.device.createBindGroup({ layout, entries }));
 *   pass.dispatchWorkgroups(1);
 *   pass.end();
 *   encoder.copyBufferToBuffer(values, 0, result, 0, 16);
 *   gpu.device.queue.submit([encoder.finish()]);
 *   await result.mapAsync(GPUMapMode.READ);
 *   console.log(new Float32Array(result.getMappedRange())); // Float32Array [2, 4, 6, 8]
 * }
 * ```
 *
 * @module
 */

export { acquireDevice, probeAdapter } from "./device.ts";
export type { AdapterOptions, GpuAdapter, GpuDevice } from "./device.ts";
export { createPipeline } from "./pipeline.ts";
export type { BindingKind, Pipeline, PipelineSpec } from "./pipeline.ts";
export { uniformLayout } from "./uniforms.ts";
export type {
  UniformField,
  UniformFields,
  UniformLayout,
  UniformType,
  UniformValue,
  UniformValues,
} from "./uniforms.ts";
