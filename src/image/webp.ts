// Decodes WebP, lossy and lossless, through libwebp (WebAssembly); of an animation its first picture.
// This build of libwebp reads still pictures only, so the first frame is made into a file of its own.

import { type Chunk, riffChunks, view } from "./chunks.ts";
import { wasmCodec } from "./codec.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";

const libwebp = wasmCodec(
  "@jsquash/webp",
  () => import("npm:@jsquash/webp@1.5.0/codec/dec/webp_dec.js"),
);

/** Returns the pixels of a WebP as stored, or ImageDecodeError. */
export async function decodeWebp(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  const frame = firstFrame(bytes);
  if (!frame) return await decodeStill(bytes, label);
  const { x, y, width, height } = frame;
  if (x + width > header.width || y + height > header.height) {
    throw undecodable(
      label,
      `its WebP frame of ${width}x${height} at ${x},${y} does not fit its canvas of ` +
        `${header.width}x${header.height}`,
    );
  }
  if (frame.end > bytes.length) throw undecodable(label, "it is truncated");
  const still = await decodeStill(asStill(bytes, frame), label);
  if (still.width !== width || still.height !== height) {
    throw undecodable(label, "its WebP frame has not the size that its header says");
  }
  return onCanvas(still, frame, header);
}

async function decodeStill(bytes: Uint8Array, label: string): Promise<PixelData> {
  const { pixels, messages } = await libwebp(bytes);
  if (pixels) return pixels;
  const whole = view(bytes).getUint32(4, true) + 8;
  throw undecodable(
    label,
    whole > bytes.length
      ? `it is truncated (${bytes.length} of ${whole} bytes)`
      : `it is corrupt (libwebp: ${messages || "no picture"})`,
  );
}

/** A frame of an animation: its place on the canvas, and its chunks between `start` and `end`. */
interface Frame extends Chunk<string> {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const FRAME_HEADER_BYTES = 16;

/** Returns the first frame of an animation; undefined for a still picture. */
function firstFrame(bytes: Uint8Array): Frame | undefined {
  for (const { type, start, end } of riffChunks(bytes)) {
    if (type === "VP8 " || type === "VP8L") return undefined;
    if (type !== "ANMF" || start + FRAME_HEADER_BYTES > bytes.length) continue;
    const uint24 = (at: number): number =>
      bytes[start + at] | (bytes[start + at + 1] << 8) | (bytes[start + at + 2] << 16);
    const place = { x: 2 * uint24(0), y: 2 * uint24(3) };
    const size = { width: uint24(6) + 1, height: uint24(9) + 1 };
    return { type, start: start + FRAME_HEADER_BYTES, end, ...place, ...size };
  }
  return undefined;
}

/** Returns the chunks of a frame as a WebP of its own, with the extended header that its alpha needs. */
function asStill(bytes: Uint8Array, { start, end, width, height }: Frame): Uint8Array {
  const chunks = bytes.subarray(start, end);
  const out = new Uint8Array(30 + chunks.length);
  const data = view(out);
  out.set(new TextEncoder().encode("RIFF....WEBPVP8X"));
  data.setUint32(4, out.length - 8, true);
  data.setUint32(16, 10, true);
  out[20] = 0x10; // it may have alpha
  data.setUint32(24, width - 1, true);
  data.setUint16(27, (height - 1) & 0xffff, true);
  out[29] = (height - 1) >> 16;
  out.set(chunks, 30);
  return out;
}

/** Returns a frame at its place on a transparent canvas. */
function onCanvas(
  { width, height, data }: PixelData,
  { x, y }: Frame,
  canvas: ImageHeader,
): PixelData {
  const out = new Uint8ClampedArray(canvas.width * canvas.height * 4);
  for (let row = 0; row < height; row++) {
    const to = ((y + row) * canvas.width + x) * 4;
    out.set(data.subarray(row * width * 4, (row + 1) * width * 4), to);
  }
  return { width: canvas.width, height: canvas.height, data: out };
}
