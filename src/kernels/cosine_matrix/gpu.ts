// Launches shaders/cosine_matrix.wgsl: comparison scores of all probes with all references, on the GPU.
// References beyond the binding limit are scored window by window. The definition is cpu.ts.

import { checkDimensions } from "./cpu.ts";
import type { GpuContext } from "../../runtime/gpu/context.ts";
import type { Block } from "../../runtime/memory.ts";
import { MAX_WORKGROUPS } from "../../runtime/gpu/launch.ts";
import { cosineMatrix as code } from "../shaders.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";
import { checkNormalizations, type Normalizations } from "../normalizations.ts";

/** `struct Params` of the shader. */
export const COSINE_MATRIX_PARAMS = uniformLayout({
  probes: "u32",
  references: "u32",
  dim: "u32",
  firstColumn: "u32",
  columns: "u32",
  normalized: "u32",
});

/** References per workgroup of each entry point, and probes per workgroup of `many`. */
const FEW_REFERENCES = 128, MANY_REFERENCES = 64, MANY_PROBES = 64;
/** Windows start at multiples of this many references, which are multiples of the 256 bytes of alignment. */
const WINDOW_STEP = 64;
/** Up to so many probes reading the references once per probe beats a tile that is mostly empty. */
const MAX_FEW = 8;

/** Compiles the kernel for a device. */
export async function createCosineMatrix(
  context: GpuContext,
): Promise<
  (probes: Block, references: Block, normalizations?: Normalizations) => Promise<Block>
> {
  const bindings = ["uniform", "read", "read", "read_write", "read", "read"] as const;
  const [few, many] = await Promise.all(
    ["few", "many"].map((entryPoint) =>
      context.pipeline({ label: `cosine_matrix ${entryPoint}`, code, entryPoint, bindings })
    ),
  );
  // The call of the CPU waits for onnxruntime, so that calls are asynchronous; this one only submits.
  // deno-lint-ignore require-await
  return async (givenProbes, givenReferences, normalizations) => {
    const probes = context.block(givenProbes), references = context.block(givenReferences);
    const [m, dim] = probes.shape;
    const [n, referenceDim] = references.shape;
    checkDimensions(dim, referenceDim);
    if (normalizations) checkNormalizations(normalizations, m, n);
    const probeRows = normalizations && context.block(normalizations.probes);
    const referenceRows = normalizations && context.block(normalizations.references);
    const inputs = [
      probes,
      references,
      ...[probeRows, referenceRows].flatMap((rows) => rows ?? []),
    ];
    const isFew = m <= MAX_FEW;
    const perGroup = isFew ? FEW_REFERENCES : MANY_REFERENCES;
    const { maxStorageBufferBindingSize } = context.gpu.device.limits;
    const bindable = Math.floor(maxStorageBufferBindingSize / (4 * dim * WINDOW_STEP)) *
      WINDOW_STEP;
    const window = Math.min(bindable, MAX_WORKGROUPS * perGroup);
    return context.produce("cosine_matrix", [m, n], inputs, (out) => {
      if (m === 0) return [];
      return Array.from({ length: Math.ceil(n / window) }, (_, i) => {
        const firstColumn = i * window, count = Math.min(window, n - firstColumn);
        const part = {
          memory: references,
          offset: firstColumn * dim * 4,
          byteLength: count * dim * 4,
        };
        const params = COSINE_MATRIX_PARAMS.pack({
          probes: m,
          references: count,
          dim,
          firstColumn,
          columns: n,
          normalized: normalizations ? 1 : 0,
        });
        const partRows = referenceRows && {
          memory: referenceRows,
          offset: firstColumn * 2 * 4,
          byteLength: count * 2 * 4,
        };
        return {
          pipeline: isFew ? few : many,
          // Something must be bound also where nothing is normalised.
          bindings: [params, probes, part, out, probeRows ?? probes, partRows ?? part],
          workgroups: [Math.ceil(count / perGroup), isFew ? m : Math.ceil(m / MANY_PROBES), 1],
        };
      });
    });
  };
}
