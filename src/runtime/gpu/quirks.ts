// Cures for drivers and hosts: everything that is done because of a fault of one of them, and for no other reason.
// So far all are of Deno, and of lavapipe, Mesa's software Vulkan, under Deno.

/** Applies to a device what its driver needs; before anything else is made on it. */
export function cureDriver(device: GPUDevice, adapterName: string): void {
  if ("Deno" in globalThis) mapLostBuffers(device);
  if (!isLavapipe(adapterName)) return;
  shieldDevice(device);
  reuseBindGroups(device);
}

// Deno 2.9 throws where a buffer that is made mapped is written to and its device is lost; WebGPU has it be memory like any
// other. The error would go through onnxruntime's WebAssembly, which is left with less of its stack each time, and
// after some of them, or one at the wrong moment, loads no network any more.

/** Makes a device give buffers that are mapped when they are made, and can be written to whatever comes. */
export function mapLostBuffers(device: GPUDevice): void {
  device.createBuffer = (descriptor): GPUBuffer => {
    const { createBuffer } = GPUDevice.prototype, { getMappedRange, unmap } = GPUBuffer.prototype;
    const buffer = createBuffer.call(device, descriptor);
    if (!descriptor.mappedAtCreation) return buffer;
    buffer.getMappedRange = (offset = 0, size = descriptor.size - offset): ArrayBuffer => {
      try {
        return getMappedRange.call(buffer, offset, size);
      } catch {
        return new ArrayBuffer(size);
      }
    };
    buffer.unmap = (): undefined => {
      try {
        unmap.call(buffer);
      } catch {
        // There is nothing to give to a device that is gone.
      }
    };
    return buffer;
  };
}

// Mesa 22.3 (Debian 12) compiles a kernel whose branches or loops rest on uniforms alone anew at each dispatch, with
// their values put in, and frees none of it before the pipeline goes: 5.6 MB a verify, most by onnxruntime's kernels.

const UNIFORM = /var<uniform> (\w+) ?: ?(\w+);/;
const MAIN = /fn main\(([^{]*)\{/;
const GROUPS = /@builtin\(num_workgroups\) (\w+)/;

/**
 * Returns whether an adapter is lavapipe under Deno. Browsers must not have the shield, as their WGSL compilers take barriers
 * only where they can prove that all threads go the same way, which it hides.
 */
export function isLavapipe(adapterName: string): boolean {
  return adapterName.startsWith("llvmpipe") && "Deno" in globalThis;
}

/**
 * Whether an adapter is Mesa's software renderer by way of GL, which takes minutes for what lavapipe, the same by way of
 * Vulkan, does in seconds, under the same name. GL has no storage textures of BGRA pixels, which tells them apart.
 *
 * @param adapterName The name that the driver gives.
 * @param features Gives the features of the adapter; asked for only where the name leaves it open.
 */
export function isSoftwareGl(adapterName: string, features: () => GPUSupportedFeatures): boolean {
  return /^(llvmpipe|softpipe)/.test(adapterName) && !features().has("bgra8unorm-storage");
}

/** Makes a device shield all kernels that it gets from now on, onnxruntime's too. */
function shieldDevice(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor): GPUShaderModule =>
    create({ ...descriptor, code: shieldUniforms(descriptor.code) });
}

/**
 * Has the kernel work on a private copy of its uniforms that would be zero if there were no workgroups. That never
 * happens, but the driver does not know, so that it compiles the kernel once. Lines keep their numbers.
 *
 * @param code WGSL with the entry point `main`.
 * @returns The same kernel; `code` itself if it has no uniforms.
 */
export function shieldUniforms(code: string): string {
  const [declaration, name, type] = UNIFORM.exec(code) ?? [];
  const [head, parameters] = MAIN.exec(code) ?? [];
  if (!declaration || !head) return code;
  const groups = GROUPS.exec(parameters)?.[1];
  const shieldedHead = groups
    ? head
    : head.replace("(", "(@builtin(num_workgroups) allGroups: vec3u, ");
  const copy = `${name} = given_${name}; if (${
    groups ?? "allGroups"
  }.x == 0u) { ${name} = ${type}(); }`;
  // Replacements are functions, as a `$` in a string would mean something else.
  return code
    .replace(
      declaration,
      () => `var<uniform> given_${name}: ${type}; var<private> ${name}: ${type};`,
    )
    .replace(head, () => `${shieldedHead} ${copy}`);
}

// Mesa 25 (22.3 did not) gives each bind group a memory map of its own, some 700 a verify, which lasts until JavaScript
// collects garbage: overlapping verifies reach Linux's limit of 65,530 maps, and the process dies. Hardware has pools.

/** As many are kept; the least recently used goes first. A verify has some 700, which come again with the next. */
const MAX_BIND_GROUPS = 8192;

/** Makes a device give out the bind group that it made of the same layout and buffers before, onnxruntime's too. */
export function reuseBindGroups(device: GPUDevice): void {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  const number = (object: object): number => {
    let known = numbers.get(object);
    if (known === undefined) numbers.set(object, known = ++last);
    return known;
  };
  const groups = new Map<string, GPUBindGroup>();
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor): GPUBindGroup => {
    const key = keyOf(descriptor, number);
    const group = groups.get(key) ?? create(descriptor);
    groups.delete(key);
    groups.set(key, group);
    if (groups.size > MAX_BIND_GROUPS) groups.delete(groups.keys().next().value!);
    return group;
  };
}

/** Returns what a bind group is made of, as far as it matters: neither the labels nor the order of the bindings. */
function keyOf(
  { layout, entries }: GPUBindGroupDescriptor,
  number: (object: object) => number,
): string {
  const parts = [...entries].map(({ binding, resource }) => {
    if (!("buffer" in resource)) return `${binding}:${number(resource)}`;
    const { buffer, offset = 0, size = "" } = resource;
    return `${binding}:${number(buffer)},${offset},${size}`;
  });
  return `${number(layout)} ${parts.sort().join(" ")}`;
}
