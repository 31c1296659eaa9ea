// Where it is computed: one device with its memory, its networks (onnxruntime) and a place for kernels. cpu/ and gpu/ are
// its two kinds, start.ts chooses. Workarounds for drivers are added in gpu/quirks.ts; nothing here may know what a kernel computes.

export type { Kernel } from "./kernel.ts";
export type { Block, Photo } from "./memory.ts";
export type { Network, NetworkEntry, NetworkSource } from "./network.ts";
export type { Runtime } from "./runtime.ts";
export { checkDevice, type DeviceChoice, startRuntime } from "./start.ts";
export { tensorShape, type TensorSpec } from "./tensor_spec.ts";
