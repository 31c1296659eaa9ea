// What createPipeline says about broken shaders, that it compiles once, and that shaders.ts is up to date.
// Messages are for whoever edits a shader: they must name it and show the line.

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ShaderError } from "../../src/base/errors.ts";
import { shadersModule } from "../../src/kernels/generate_shaders.ts";
import { createPipeline } from "../../src/runtime/gpu/pipeline.ts";
import * as shaders from "../../src/kernels/shaders.ts";
import { webgpuTest } from "./helpers.ts";

const BROKEN = `@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1) fn main() {
  out[0] = nothing + 1.0;
}`;
const SOUND = BROKEN.replace("nothing", "2.0");

webgpuTest("a shader that does not compile is named with its line", async ({ gpu }) => {
  const spec = { label: "broken", code: BROKEN, bindings: ["read_write"] } as const;
  const { message } = await assertRejects(() => createPipeline(gpu.device, spec), ShaderError);
  assertMatch(message, /shader "broken" at line 3, column 12: .*nothing/);
  assertStringIncludes(message, "\n    out[0] = nothing + 1.0;\n");
  assertEquals(message.split("\n")[2].indexOf("^"), message.split("\n")[1].indexOf("nothing"));
});

webgpuTest("bindings that do not fit and missing entry points are refused", async ({ gpu }) => {
  const wrongKind = { label: "wrong kind", code: SOUND, bindings: ["read"] } as const;
  await assertRejects(() => createPipeline(gpu.device, wrongKind), ShaderError, "bindings read)");
  const none = {
    label: "none",
    code: SOUND,
    bindings: ["read_write"],
    entryPoint: "other",
  } as const;
  await assertRejects(() => createPipeline(gpu.device, none), ShaderError, "entry point other");
});

webgpuTest("pipelines are compiled once per device and entry point", async ({ gpu }) => {
  const spec = { label: "sound", code: SOUND, bindings: ["read_write"] } as const;
  const first = await createPipeline(gpu.device, spec);
  assert(first === await createPipeline(gpu.device, { ...spec, label: "again" }));
  const two = { ...spec, code: `${SOUND}\n@compute @workgroup_size(1) fn other() { out[0] = 3; }` };
  const main = await createPipeline(gpu.device, two);
  assert(main !== await createPipeline(gpu.device, { ...two, entryPoint: "other" }));
});

webgpuTest("overlapping builds do not mix up their errors", async ({ gpu }) => {
  const sound = { label: "sound", code: `${SOUND} // overlap`, bindings: ["read_write"] } as const;
  const broken = {
    label: "broken",
    code: `${BROKEN} // overlap`,
    bindings: ["read_write"],
  } as const;
  const [first, second, third] = await Promise.allSettled([
    createPipeline(gpu.device, broken),
    createPipeline(gpu.device, sound),
    createPipeline(gpu.device, { ...broken, label: "broken too", code: `${broken.code}!` }),
  ]);
  assertEquals([first.status, second.status, third.status], ["rejected", "fulfilled", "rejected"]);
});

Deno.test("shaders.ts is generated from shaders/*.wgsl", async () => {
  const actual = await Deno.readTextFile(new URL("../../src/kernels/shaders.ts", import.meta.url));
  assertEquals(actual, await shadersModule(), "run src/kernels/generate_shaders.ts");
  for await (const { name } of Deno.readDir(new URL("../../shaders/", import.meta.url))) {
    const source = await Deno.readTextFile(new URL(`../../shaders/${name}`, import.meta.url));
    assert(Object.values(shaders).includes(source), `${name} is missing from shaders.ts`);
  }
});
