// The cure for lavapipe's leak: what it does to WGSL, and that dispatches keep no memory where there is lavapipe.
// That shielded kernels still compute the same is shown by all other tests of this folder, when they run on lavapipe.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isLavapipe, shieldUniforms } from "../../../src/runtime/gpu/quirks.ts";
import * as shaders from "../../../src/kernels/shaders.ts";
import { cropTimes, lavapipeTest, startWebgpu, texture } from "../../kernels/helpers.ts";

const KERNEL = `struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@compute @workgroup_size(1) fn main() {
  if (params.size == 0) { return; }
}`;

Deno.test("kernels work on a copy of their uniforms, line by line as before", () => {
  const shielded = shieldUniforms(KERNEL).split("\n");
  assertEquals(shielded.length, KERNEL.split("\n").length);
  assertStringIncludes(
    shielded[1],
    "var<uniform> given_params: Params; var<private> params: Params;",
  );
  assertStringIncludes(shielded[2], "fn main(@builtin(num_workgroups) allGroups: vec3u, ) {");
  assertStringIncludes(shielded[2], "params = given_params; if (allGroups.x == 0u)");
  assertEquals(shielded[3], KERNEL.split("\n")[3]);
});

Deno.test("a builtin is not asked for twice, and kernels without uniforms stay as they are", () => {
  const known = KERNEL.replace("main()", "main(@builtin(num_workgroups) all: vec3u)");
  const shielded = shieldUniforms(known);
  assertEquals(shielded.match(/num_workgroups/g)?.length, 1);
  assertStringIncludes(shielded, "if (all.x == 0u)");
  const none = KERNEL.replace("<uniform>", "<private>");
  assertEquals(shieldUniforms(none), none);
  assert(shieldUniforms(shaders.warpAffine) !== shaders.warpAffine);
});

Deno.test("only lavapipe is shielded", () => {
  assertEquals(isLavapipe("llvmpipe (LLVM 15.0.6, 256 bits)"), true);
  assertEquals(isLavapipe("NVIDIA GeForce RTX 4090"), false);
});

lavapipeTest("200 crops in a row keep no memory on lavapipe", async () => {
  await using backend = await startWebgpu();
  using photo = backend.upload(texture(64, 64));
  await cropTimes(backend, photo, 20);
  const before = Deno.memoryUsage().rss;
  await cropTimes(backend, photo, 200);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert(grown < 25, `${grown.toFixed(1)} MB`);
});
