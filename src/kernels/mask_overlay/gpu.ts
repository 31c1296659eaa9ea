// Launches shaders/mask_overlay.wgsl: masks on a copy of an uploaded picture. The definition is cpu.ts.
// Layers whose boxes have no pixel in common share a dispatch; a layer over another waits for it in the next.

import type { MaskBlend, MaskLayer, MaskTexture } from "./layer.ts";
import {
  type Box,
  common,
  EDGE,
  isEmpty,
  planLayer,
  type PlannedLayer,
  type PlannedPiece,
  SNAP,
} from "./plan.ts";
import { matrixOf } from "../../math/matrix.ts";
import type { GpuContext } from "../../runtime/gpu/context.ts";
import type { Photo } from "../../runtime/memory.ts";
import { type Dispatch, MAX_WORKGROUPS } from "../../runtime/gpu/launch.ts";
import { type GpuBlock, type GpuMemory, GpuPhoto } from "../../runtime/gpu/memory.ts";
import { maskOverlay as code } from "../shaders.ts";
import { uniformLayout, type UniformValues } from "../../runtime/gpu/uniforms.ts";

/** `struct Params` of the shader. */
export const MASK_OVERLAY_PARAMS = uniformLayout({
  pictureWidth: "u32",
  edge: "f32",
  snap: "f32",
});

const LAYER_FIELDS = {
  origin: "vec2i",
  size: "vec2i",
  textureSize: "vec2i",
  textureStart: "u32",
  firstPiece: "u32",
  endPiece: "u32",
  blend: "u32",
  lightSize: "u32",
  lightStart: "u32",
  color: "vec3f",
} as const;

/** `struct Layer` of the shader. */
export const MASK_OVERLAY_LAYER = uniformLayout(LAYER_FIELDS);

const PIECE_FIELDS = {
  origin: "vec2i",
  size: "vec2i",
  edges: "mat3x3f",
  toTexture: "mat3x3f",
} as const;

/** `struct Piece` of the shader. */
export const MASK_OVERLAY_PIECE = uniformLayout(PIECE_FIELDS);

/** The textures of a call, each once, and the texel at which each begins. */
interface Atlas extends Disposable {
  readonly block: GpuBlock;
  readonly starts: ReadonlyMap<MaskTexture, number>;
}

/** Compiles the kernel for a device. */
export async function createMaskOverlay(
  context: GpuContext,
): Promise<(photo: Photo, layers: readonly MaskLayer[]) => Photo> {
  const pipeline = await context.pipeline({
    label: "mask_overlay",
    code,
    bindings: ["uniform", "read", "read", "read", "read", "read_write"],
  });
  return (given, layers) => {
    const photo = context.photo(given);
    const planned = layers.map((layer) => planLayer(layer, photo))
      .filter(({ pieces }) => pieces.length > 0);
    const out = copyPhoto(context, photo);
    if (planned.length === 0) return out;
    try {
      using atlas = uploadTextures(context, planned.map(({ layer }) => layer.texture));
      const params = MASK_OVERLAY_PARAMS.pack({
        pictureWidth: photo.width,
        edge: EDGE,
        snap: SNAP,
      });
      const dispatches = rounds(planned).map((round): Dispatch => {
        const { structs, pieces, lights } = packRound(round, atlas);
        const tiles = (side: (box: Box) => number): number =>
          Math.ceil(Math.max(...round.map(({ box }) => side(box))) / 8);
        return {
          pipeline,
          bindings: [params, structs, pieces, atlas.block, lights, out],
          workgroups: [
            tiles(({ left, right }) => right - left),
            tiles(({ top, bottom }) => bottom - top),
            round.length,
          ],
        };
      });
      context.launch("mask_overlay", dispatches);
      return out;
    } catch (error) {
      out[Symbol.dispose]();
      throw error;
    }
  };
}

/** Returns a new photo with the same pixels. */
function copyPhoto(context: GpuContext, photo: GpuPhoto): GpuPhoto {
  const { width, height, byteLength } = photo;
  const block = context.allocate([height, width], [photo]);
  const encoder = context.gpu.device.createCommandEncoder({ label: "mask_overlay" });
  encoder.copyBufferToBuffer(photo.buffer, 0, block.buffer, 0, byteLength);
  context.gpu.device.queue.submit([encoder.finish()]);
  const { buffer, mark } = block;
  const release = (memory: GpuMemory): void => {
    context.disown(memory);
    block[Symbol.dispose]();
  };
  return context.adopt(
    new GpuPhoto({ owner: context, buffer, byteLength, mark, release }, width, height),
  );
}

function uploadTextures(context: GpuContext, textures: readonly MaskTexture[]): Atlas {
  const starts = new Map<MaskTexture, number>();
  let texels = 0;
  for (const texture of textures) {
    if (starts.has(texture)) continue;
    starts.set(texture, texels);
    texels += texture.width * texture.height;
  }
  const block = context.allocate([texels], []);
  for (const [{ data }, start] of starts) {
    context.gpu.device.queue.writeBuffer(block.buffer, start * 4, data);
  }
  // Submitted work keeps its turn, so that the buffer may go to its next user right after.
  return { block, starts, [Symbol.dispose]: () => block[Symbol.dispose]() };
}

/** Layers that may be drawn at the same time; each comes after the last earlier one that it overlaps. */
function rounds(layers: readonly PlannedLayer[]): PlannedLayer[][] {
  const out: PlannedLayer[][] = [];
  for (const layer of layers) {
    const overlaps = (other: PlannedLayer): boolean => !isEmpty(common(layer.box, other.box));
    let round = out.findLastIndex((drawn) => drawn.some(overlaps)) + 1;
    while (out[round]?.length === MAX_WORKGROUPS) round++;
    (out[round] ??= []).push(layer);
  }
  return out;
}

function packRound(
  round: readonly PlannedLayer[],
  atlas: Atlas,
): { structs: ArrayBuffer; pieces: ArrayBuffer; lights: ArrayBuffer } {
  const structs: UniformValues<typeof LAYER_FIELDS>[] = [];
  const pieces: ArrayBuffer[] = [];
  const lights: number[] = [];
  let count = 0;
  for (const { layer: { texture, blend }, box, pieces: ofLayer } of round) {
    const light = blend.kind === "alpha" ? blend.light : undefined;
    structs.push({
      ...corner(box),
      textureSize: [texture.width, texture.height],
      textureStart: atlas.starts.get(texture)!,
      firstPiece: count,
      endPiece: count += ofLayer.length,
      blend: blend.kind === "alpha" ? 0 : 1,
      lightSize: light?.size ?? 0,
      lightStart: lights.length,
      color: blendColor(blend),
    });
    // One layer at a time, as a call takes only so many arguments.
    pieces.push(MASK_OVERLAY_PIECE.pack(...ofLayer.map(packPiece)));
    if (light) { for (const factor of light.factors) lights.push(factor); }
  }
  return {
    structs: MASK_OVERLAY_LAYER.pack(...structs),
    pieces: concat(pieces, count * MASK_OVERLAY_PIECE.size),
    // A binding of no bytes is not allowed.
    lights: Float32Array.from(lights.length > 0 ? lights : [1]).buffer,
  };
}

function blendColor(blend: MaskBlend): readonly [number, number, number] {
  if (blend.kind === "alpha") return blend.gain;
  const [red, green, blue] = blend.offset.map((offset) => Math.floor(offset * SNAP + 0.5));
  return [red, green, blue];
}

function packPiece({ box, edges, toTexture }: PlannedPiece): UniformValues<typeof PIECE_FIELDS> {
  return { ...corner(box), edges: matrixOf(edges), toTexture };
}

function concat(parts: readonly ArrayBuffer[], byteLength: number): ArrayBuffer {
  const whole = new Uint8Array(byteLength);
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole.buffer;
}

function corner({ left, top, right, bottom }: Box): {
  origin: readonly [number, number];
  size: readonly [number, number];
} {
  return { origin: [left, top], size: [right - left, bottom - top] };
}
