// Launches shaders/warp_affine.wgsl: crops of faces, and FaceMesh's crops, on the GPU.
// One dispatch per photo fills its crops of one common block. The definition is cpu.ts.

import type { Affine } from "../../math/affine.ts";
import { samplesPerSide } from "./cpu.ts";
import { channelPlan, tensorShape, type TensorSpec } from "../../runtime/tensor_spec.ts";
import type { GpuContext } from "../../runtime/gpu/context.ts";
import type { Block, Photo } from "../../runtime/memory.ts";
import { type Dispatch, MAX_WORKGROUPS } from "../../runtime/gpu/launch.ts";
import { warpAffine as code } from "../shaders.ts";
import { uniformLayout, type UniformValues } from "../../runtime/gpu/uniforms.ts";

/** `struct Params` of the shader. */
export const WARP_AFFINE_PARAMS = uniformLayout({
  photoSize: "vec2i",
  size: "u32",
  pixelStride: "u32",
  crops: "u32",
  mirrored: "u32",
  offset: "vec3u",
  gain: "vec3f",
  bias: "vec3f",
});

const JOB_FIELDS = {
  linear: "vec4f",
  fraction: "vec2f",
  origin: "vec2i",
  side: "u32",
  slot: "u32",
} as const;

/** `struct Job` of the shader. */
export const WARP_AFFINE_JOB = uniformLayout(JOB_FIELDS);

type Job = UniformValues<typeof JOB_FIELDS>;

/** One crop to cut out of an uploaded picture. */
interface PhotoWarp {
  readonly photo: Photo;
  readonly cropToPhoto: Affine;
}

/** Origins are kept within this, which is outside of every photo and fits an i32. */
const FAR = 1e9;

/** Compiles the kernel for a device. */
export async function createWarpAffine(
  context: GpuContext,
): Promise<(jobs: readonly PhotoWarp[], spec: TensorSpec, mirrored: boolean) => Block> {
  const pipeline = await context.pipeline({
    label: "warp_affine",
    code,
    bindings: ["uniform", "read", "read", "read_write"],
  });
  return (jobs, spec, mirrored) => {
    const { size } = spec;
    const plan = channelPlan(spec);
    const tiles = Math.ceil(size / 8);
    const shape = tensorShape(spec, jobs.length * (mirrored ? 2 : 1));
    const perPhoto = Map.groupBy(
      jobs.map(({ cropToPhoto }, slot) => ({ cropToPhoto, slot })),
      ({ slot }) => context.photo(jobs[slot].photo),
    );
    return context.produce("warp_affine", shape, [...perPhoto.keys()], (out) => {
      const dispatches: Dispatch[] = [];
      for (const [photo, ofPhoto] of perPhoto) {
        const params = WARP_AFFINE_PARAMS.pack({
          photoSize: [photo.width, photo.height],
          size,
          crops: jobs.length,
          mirrored: mirrored ? 1 : 0,
          ...plan,
        });
        for (let start = 0; start < ofPhoto.length; start += MAX_WORKGROUPS) {
          const part = ofPhoto.slice(start, start + MAX_WORKGROUPS);
          const packed = WARP_AFFINE_JOB.pack(
            ...part.map(({ cropToPhoto, slot }) => packJob(cropToPhoto, size, slot)),
          );
          dispatches.push({
            pipeline,
            bindings: [params, photo, packed, out],
            workgroups: [tiles, tiles, part.length],
          });
        }
      }
      return dispatches;
    });
  };
}

/** Splits off, in f64, what f32 has too few digits for: the photo point of the crop's centre. */
function packJob(cropToPhoto: Affine, size: number, slot: number): Job {
  // A map that leads nowhere gives a black crop, as in TypeScript.
  if (!cropToPhoto.every(Number.isFinite)) {
    return { linear: [0, 0, 0, 0], fraction: [0, 0], origin: [-FAR, -FAR], side: 1, slot };
  }
  const [a, b, c, d, e, f] = cropToPhoto;
  const middle = (size - 1) / 2;
  const x = clampFar((a + b) * middle + c), y = clampFar((d + e) * middle + f);
  const origin = [Math.floor(x), Math.floor(y)] as const;
  return {
    linear: [a, b, d, e],
    fraction: [x - origin[0], y - origin[1]],
    origin,
    side: samplesPerSide(cropToPhoto),
    slot,
  };
}

function clampFar(value: number): number {
  return Math.min(FAR, Math.max(-FAR, value));
}
