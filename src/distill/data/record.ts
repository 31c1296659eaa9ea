// What is kept of a photo, as bytes of a fixed length: the crop, the mesh, and two templates of the teacher.
// Little-endian floats behind the crop's bytes, so that any program can read a shard with a few lines.

import { CROP_BYTES } from "./crop.ts";

/** Numbers of a mesh: 468 points of x, y, z. */
export const MESH_LENGTH = 468 * 3;

/** A photo as the trainer needs it. */
export interface PhotoRecord {
  /** 144 x 144 RGB pixels: the aligned face with a margin of 16 pixels. */
  readonly crop: Uint8Array;
  /** The 468 points of FaceMesh in the crop's pixels. */
  readonly mesh: Float32Array;
  /** The teacher's template of the clean frame, of length 1. */
  readonly template: Float32Array;
  /** The teacher's template of the frame's mirror image, of length 1. */
  readonly mirrorTemplate: Float32Array;
}

/** Bytes of a record. */
export function recordBytes(templateSize: number): number {
  return CROP_BYTES + 4 * (MESH_LENGTH + 2 * templateSize);
}

/** Writes a record at the start of `bytes`. */
export function writeRecord(record: PhotoRecord, bytes: Uint8Array): void {
  bytes.set(record.crop, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = CROP_BYTES;
  for (const values of [record.mesh, record.template, record.mirrorTemplate]) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
}

/** The record at the start of `bytes`; nothing of it is a view of them. */
export function readRecord(bytes: Uint8Array, templateSize: number): PhotoRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const floats = (from: number, length: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => view.getFloat32(from + 4 * i, true));
  const templates = CROP_BYTES + 4 * MESH_LENGTH;
  return {
    crop: bytes.slice(0, CROP_BYTES),
    mesh: floats(CROP_BYTES, MESH_LENGTH),
    template: floats(templates, templateSize),
    mirrorTemplate: floats(templates + 4 * templateSize, templateSize),
  };
}
