// A cure for lavapipe, Mesa's software Vulkan, under Deno: there every dispatch of many kernels leaks memory.
// Mesa 22.3 (Debian 12) compiles a kernel whose branches or loops rest on uniforms alone anew at each dispatch, with
// their values put in, and frees none of it before the pipeline goes: 5.6 MB a verify, most by onnxruntime's kernels.

const UNIFORM = /var<uniform> (\w+) ?: ?(\w+);/;
const MAIN = /fn main\(([^{]*)\{/;
const GROUPS = /@builtin\(num_workgroups\) (\w+)/;

/**
 * Whether a device wants {@linkcode shieldUniforms} and the reuse of `bind_groups.ts`. Hardware never does. Browsers must
 * not have the shield, as their WGSL compilers take barriers only where they can prove that all threads go the same way,
 * which it hides.
 */
export function isLavapipe(adapterName: string): boolean {
  return adapterName.startsWith("llvmpipe") && "Deno" in globalThis;
}

/** Makes a device shield all kernels that it gets from now on, onnxruntime's too. */
export function shieldDevice(device: GPUDevice): void {
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
