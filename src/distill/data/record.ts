// What is kept of a photo: the crop, the mesh that masks are fitted to, and the teacher's template.
// In a shard's file the templates of all its photos come first, then the meshes, then the crops, all little-endian, so
// that any program reads one of the three with a few lines.

import { CROP_BYTES } from "./crop.ts";

/** Numbers of a mesh: 468 points of x, y, z. */
const MESH_LENGTH = 468 * 3;
/** Meshes are kept in parts of a crop pixel: int16 then reaches from -512 to 512 pixels. */
const MESH_STEPS = 64;
/** Stands in the place of each number of a mesh that there is not. */
const NO_MESH = -32768;

/** A photo as the trainer needs it. */
export interface PhotoRecord {
  /** 144 x 144 RGB pixels: the aligned face with a margin of 16 pixels. */
  readonly crop: Uint8Array;
  /** The 468 points of FaceMesh in the crop's pixels, if they lie on the face. */
  readonly mesh?: Float32Array;
  /** The teacher's template of the clean frame and its mirror image: their sum, of length 1. */
  readonly template: Float32Array;
}

/** Where the parts of a shard's records begin in its file, in bytes. */
export interface ShardLayout {
  /** Bytes of one template; that of record i begins at `i * templateBytes`. */
  readonly templateBytes: number;
  /** Where the meshes begin; each has {@linkcode MESH_BYTES}. */
  readonly meshes: number;
  /** Where the crops begin; each has `CROP_BYTES`. */
  readonly crops: number;
  /** Bytes in all. */
  readonly length: number;
}

/** Bytes of a mesh. */
export const MESH_BYTES = 2 * MESH_LENGTH;

/** Returns where things are in the file of a shard of `count` records. */
export function shardLayout(count: number, templateSize: number): ShardLayout {
  const templateBytes = 4 * templateSize;
  const meshes = count * templateBytes, crops = meshes + count * MESH_BYTES;
  return { templateBytes, meshes, crops, length: crops + count * CROP_BYTES };
}

/** Returns how many records a shard's file of `length` bytes has; not whole if it is damaged. */
export function recordCount(length: number, templateSize: number): number {
  return length / shardLayout(1, templateSize).length;
}

/** Returns the bytes of a shard. */
export function encodeRecords(
  records: readonly PhotoRecord[],
  templateSize: number,
): Uint8Array<ArrayBuffer> {
  const { templateBytes, meshes, crops, length } = shardLayout(records.length, templateSize);
  const bytes = new Uint8Array(length), view = new DataView(bytes.buffer);
  records.forEach(({ crop, mesh, template }, i) => {
    template.forEach((value, k) => view.setFloat32(i * templateBytes + 4 * k, value, true));
    for (let k = 0; k < MESH_LENGTH; k++) {
      const steps = mesh ? clamp(Math.round(mesh[k] * MESH_STEPS)) : NO_MESH;
      view.setInt16(meshes + i * MESH_BYTES + 2 * k, steps, true);
    }
    bytes.set(crop, crops + i * CROP_BYTES);
  });
  return bytes;
}

function clamp(steps: number): number {
  return Math.min(32767, Math.max(NO_MESH + 1, steps));
}

/** Returns the mesh of its bytes. */
export function decodeMesh(bytes: Uint8Array): Float32Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getInt16(0, true) === NO_MESH) return undefined;
  const mesh = new Float32Array(MESH_LENGTH);
  for (let k = 0; k < MESH_LENGTH; k++) mesh[k] = view.getInt16(2 * k, true) / MESH_STEPS;
  return mesh;
}

/** Returns the numbers of templates from their bytes. */
export function decodeTemplates(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const values = new Float32Array(bytes.length / 4);
  for (let k = 0; k < values.length; k++) values[k] = view.getFloat32(4 * k, true);
  return values;
}
