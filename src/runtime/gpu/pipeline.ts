// The only place that makes shader modules and pipelines: explicit layouts, and errors that show the source line.
// Pipelines are kept per device, so that a second backend on the same device compiles nothing.

import { ShaderError } from "../../base/errors.ts";

/** What a binding is to the shader: `var<uniform>`, `var<storage, read>` or `var<storage, read_write>`. */
export type BindingKind = "uniform" | "read" | "read_write";

/** A kernel in WGSL. */
export interface PipelineSpec {
  /** What messages call it. */
  readonly label: string;
  /** The WGSL source. */
  readonly code: string;
  /** The entry point; `"main"` by default. */
  readonly entryPoint?: string;
  /** The kinds of `@group(0) @binding(0)`, `@binding(1)`, and so on. */
  readonly bindings: readonly BindingKind[];
}

/** A kernel that is ready to run. */
export interface Pipeline {
  /** What messages call it. */
  readonly label: string;
  /** The pipeline of the host. */
  readonly pipeline: GPUComputePipeline;
  /** The layout of its only bind group. */
  readonly layout: GPUBindGroupLayout;
  /** The kinds of its bindings. */
  readonly bindings: readonly BindingKind[];
}

const BUFFER_TYPES = {
  uniform: "uniform",
  read: "read-only-storage",
  read_write: "storage",
} as const;

const made = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/**
 * Compiles a kernel. The same kernel on the same device is compiled once.
 *
 * @param device The device.
 * @param spec The kernel and its bindings.
 * @returns The pipeline and its layout.
 * @throws {ShaderError} If the WGSL does not compile or does not fit the bindings; the message has line and source.
 *
 * @example
 * ```ts
 * import { acquireDevice, createPipeline, probeAdapter } from "@maskinv/maskinv/gpu";
 *
 * const adapter = await probeAdapter();
 * if (adapter) {
 *   using gpu = await acquireDevice(adapter);
 *   const { label } = await createPipeline(gpu.device, {
 *     label: "double",
 *     code: `@group(0) @binding(0) var<storage, read_write> values: array<f32>;
 *       @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
 *         if (id.x < arrayLength(&values)) { values[id.x] *= 2; }
 *       }`,
 *     bindings: ["read_write"],
 *   });
 *   console.log(label); // double
 * }
 * ```
 */
export function createPipeline(device: GPUDevice, spec: PipelineSpec): Promise<Pipeline> {
  let pipelines = made.get(device);
  if (!pipelines) made.set(device, pipelines = new Map());
  const key = [spec.entryPoint, ...spec.bindings, spec.code].join("\n");
  let pipeline = pipelines.get(key);
  if (!pipeline) {
    pipeline = compile(device, spec);
    pipelines.set(key, pipeline);
    pipeline.catch(() => pipelines.delete(key));
  }
  return pipeline;
}

async function compile(device: GPUDevice, spec: PipelineSpec): Promise<Pipeline> {
  const { label, code, bindings, entryPoint = "main" } = spec;
  // The scope is pushed and popped without an await between, as scopes of overlapping calls would mix.
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label, code });
  const layout = device.createBindGroupLayout({
    label,
    entries: bindings.map((kind, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: BUFFER_TYPES[kind] },
    })),
  });
  const pipeline = device.createComputePipeline({
    label,
    layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
    compute: { module, entryPoint },
  });
  const failure = device.popErrorScope();
  const { messages } = await module.getCompilationInfo();
  const error = messages.find((message) => message.type === "error");
  if (error) throw new ShaderError(describe(label, code, error));
  const scoped = await failure;
  if (scoped) {
    throw new ShaderError(
      `Cannot build shader "${label}" (entry point ${entryPoint}, bindings ${
        bindings.join(", ")
      }) as ` +
        `${scoped.message.trim()}: correct the bindings or the shader`,
    );
  }
  return { label, pipeline, layout, bindings };
}

function describe(label: string, code: string, message: GPUCompilationMessage): string {
  const { lineNum, linePos } = message;
  const source = code.split("\n")[lineNum - 1] ?? "";
  // Deno's message ends with a drawing of the source; its first line says what is wrong.
  const [reason] = message.message.trim().split("\n");
  return `Cannot compile shader "${label}" at line ${lineNum}, column ${linePos}: ${reason}\n` +
    `  ${source.trimEnd()}\n  ${" ".repeat(Math.max(0, linePos - 1))}^\nCorrect this line`;
}
