// Launches shaders/blend_normalize.wgsl: templates from the network's embeddings, on the GPU.
// Its definition, and the path without a GPU, is cpu.ts.

import type { GpuContext } from "../../runtime/gpu/context.ts";
import type { Block } from "../../runtime/memory.ts";
import { foldWorkgroups } from "../../runtime/gpu/launch.ts";
import { blendNormalize as code } from "../shaders.ts";
import { uniformLayout } from "../../runtime/gpu/uniforms.ts";

/** `struct Params` of the shader. */
export const BLEND_NORMALIZE_PARAMS = uniformLayout({
  rows: "u32",
  dim: "u32",
  mirrored: "u32",
});

/** Compiles the kernel for a device. */
export async function createBlendNormalize(
  context: GpuContext,
): Promise<(embeddings: Block, mirrored: boolean) => Block> {
  const pipeline = await context.pipeline({
    label: "blend_normalize",
    code,
    bindings: ["uniform", "read", "read_write"],
  });
  return (given, mirrored) => {
    const embeddings = context.block(given);
    const [count, dim] = embeddings.shape;
    const rows = mirrored ? count / 2 : count;
    const params = BLEND_NORMALIZE_PARAMS.pack({ rows, dim, mirrored: mirrored ? 1 : 0 });
    return context.produce("blend_normalize", [rows, dim], [embeddings], (out) => [
      { pipeline, bindings: [params, embeddings, out], workgroups: foldWorkgroups(rows) },
    ]);
  };
}
