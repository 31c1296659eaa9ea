// The struct layouts against the structs of the shaders, against WGSL's rules, and against a device.
// A field that moves in only one of the two languages fails here rather than as wrong pixels.

import { assert, assertEquals } from "@std/assert";
import { mat3d } from "wgpu-matrix";
import { BLEND_NORMALIZE_PARAMS } from "../../src/kernels/blend_normalize/gpu.ts";
import { COSINE_MATRIX_PARAMS } from "../../src/kernels/cosine_matrix/gpu.ts";
import { CROP_MAP } from "../../src/kernels/crop_maps.ts";
import { LETTERBOX_PARAMS } from "../../src/kernels/letterbox/gpu.ts";
import {
  LIKELIEST_CROP_PARAMS,
  LIKELIEST_CROP_PICTURE,
} from "../../src/kernels/likeliest_crop/gpu.ts";
import {
  MASK_OVERLAY_LAYER,
  MASK_OVERLAY_PARAMS,
  MASK_OVERLAY_PIECE,
} from "../../src/kernels/mask_overlay/gpu.ts";
import * as shaders from "../../src/kernels/shaders.ts";
import { TOP_K_PARAMS } from "../../src/kernels/top_k/gpu.ts";
import {
  type UniformField,
  uniformLayout,
  type UniformType,
} from "../../src/runtime/gpu/uniforms.ts";
import { WARP_AFFINE_PARAMS } from "../../src/kernels/warp_affine/gpu.ts";
import { createCore } from "../../src/runtime/gpu/core.ts";
import { GpuContext } from "../../src/runtime/gpu/context.ts";
import { webgpuTest } from "./helpers.ts";

const LAYOUTS: Record<string, { fields: readonly UniformField[]; size: number }> = {
  "letterbox.Params": LETTERBOX_PARAMS,
  "warpAffine.Params": WARP_AFFINE_PARAMS,
  "warpAffine.CropMap": CROP_MAP,
  "likeliestCrop.Params": LIKELIEST_CROP_PARAMS,
  "likeliestCrop.Picture": LIKELIEST_CROP_PICTURE,
  "likeliestCrop.CropMap": CROP_MAP,
  "maskOverlay.Params": MASK_OVERLAY_PARAMS,
  "maskOverlay.Layer": MASK_OVERLAY_LAYER,
  "maskOverlay.Piece": MASK_OVERLAY_PIECE,
  "blendNormalize.Params": BLEND_NORMALIZE_PARAMS,
  "cosineMatrix.Params": COSINE_MATRIX_PARAMS,
  "topK.Params": TOP_K_PARAMS,
};

/** The alignment and size of the table "Alignment and size of host-shareable types" of the WGSL specification. */
const WGSL_TABLE: Record<string, [align: number, size: number]> = {
  u32: [4, 4],
  i32: [4, 4],
  f32: [4, 4],
  vec2u: [8, 8],
  vec2i: [8, 8],
  vec2f: [8, 8],
  vec3u: [16, 12],
  vec3i: [16, 12],
  vec3f: [16, 12],
  vec4u: [16, 16],
  vec4i: [16, 16],
  vec4f: [16, 16],
  mat3x3f: [16, 48],
};

function parseStructs(shader: string, code: string): [name: string, fields: [string, string][]][] {
  const source = code.replace(/\/\/.*/g, "");
  return [...source.matchAll(/struct\s+(\w+)\s*\{([^}]*)\}/g)].map(([, name, body]) => {
    const fields = [...body.matchAll(/(\w+)\s*:\s*(\w+)/g)].map(([, field, type]) =>
      [field, type] as [string, string]
    );
    return [`${shader}.${name}`, fields];
  });
}

Deno.test("every struct of every shader has its layout", () => {
  const structs = Object.entries(shaders).flatMap(([name, code]) => parseStructs(name, code));
  assertEquals(structs.map(([name]) => name).sort(), Object.keys(LAYOUTS).sort());
  for (const [name, fields] of structs) {
    let end = 0, largest = 0;
    const expected = fields.map(([field, type]) => {
      const [align, size] = WGSL_TABLE[type];
      while (end % align !== 0) end++;
      const offset = end;
      end += size;
      largest = Math.max(largest, align);
      return { name: field, type: type as UniformType, offset };
    });
    while (end % largest !== 0) end++;
    assertEquals([...LAYOUTS[name].fields], expected, name);
    assertEquals(LAYOUTS[name].size, end, name);
  }
});

const MIXED = {
  a: "u32",
  b: "vec3f",
  c: "f32",
  d: "vec2i",
  e: "vec3u",
  f: "vec4f",
  g: "i32",
  h: "vec2f",
  i: "vec4i",
  j: "vec3i",
  k: "vec2u",
  l: "mat3x3f",
} as const;

webgpuTest("the device reads the layout of all types", async (backend) => {
  const layout = uniformLayout(MIXED);
  const first = {
    a: 1,
    b: [2, 3, 4],
    c: 5,
    d: [-6, 7],
    e: [8, 9, 4e9],
    f: [11, 12, 13, 14.5],
    g: -15,
    h: [16, 17],
    i: [18, 19, -20, 21],
    j: [22, 23, 24],
    k: [25, 26],
    // Three columns of numbers that count, each with one that does not.
    l: mat3d.set(27, 28, 29, 30, 31, 32, 33, 34, 35),
  } as const;
  const second = { ...first, a: 101, c: 105, k: [125, 126] } as const;
  const reads = Object.entries(MIXED).flatMap(([name, type]) =>
    type === "mat3x3f"
      ? Array.from({ length: 9 }, (_, i) => `item.${name}[${Math.floor(i / 3)}][${i % 3}]`)
      : type.startsWith("vec")
      ? Array.from({ length: Number(type[3]) }, (_, i) => `f32(item.${name}[${i}])`)
      : [`f32(item.${name})`]
  );
  const context = new GpuContext(createCore(backend.gpu));
  const pipeline = await context.pipeline({
    label: "layout",
    code: `
      struct Item { ${Object.entries(MIXED).map((field) => field.join(": ")).join(", ")} }
      @group(0) @binding(0) var<storage, read> items: array<Item>;
      @group(0) @binding(1) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
        let item = items[id.x];
        let start = id.x * ${reads.length}u;
        ${reads.map((read, i) => `out[start + ${i}u] = ${read};`).join("\n")}
      }`,
    bindings: ["read", "read_write"],
  });
  using block = context.produce("layout", [2, reads.length], [], (out) => [
    { pipeline, bindings: [layout.pack(first, second), out], workgroups: [2, 1, 1] },
  ]);
  const [bytes] = await context.readBack.read([block]);
  assertEquals(
    [...new Float32Array(bytes)],
    [first, second].flatMap(({ l, ...item }) => [
      ...Object.values(item).flat(),
      ...[...l].filter((_, i) => i % 4 < 3),
    ]).map(Math.fround),
  );
});

Deno.test("a layout writes numbers where WGSL reads them", () => {
  const layout = uniformLayout({ a: "u32", b: "vec3i", c: "f32" });
  assertEquals(layout.size, 32);
  const view = new DataView(layout.pack({ a: 7, b: [-1, 2, 3], c: 0.5 }));
  assertEquals(view.getUint32(0, true), 7);
  assertEquals(view.getInt32(16, true), -1);
  assertEquals(view.getFloat32(28, true), 0.5);
  assert(layout.pack().byteLength === 0);
});
