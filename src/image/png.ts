// Decodes PNG of every colour type and depth, on the inflate of the platform.
// Written here as @jsquash/png breaks for good after some bad files and cannot be started anew.

import { type Chunk, pngChunks, uint32 } from "./chunks.ts";
import { crc32 } from "./crc32.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";
import { type PngLayout, pngPasses, readRow, rowReader } from "./png_rows.ts";

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Inflated at once; deflate makes up to 1032 bytes of one, so that a bomb is met by 17 MB. */
const INFLATE_STEP_BYTES = 16 * 1024;

/** The pixels of a PNG as stored (of an animated one its still picture), or ImageDecodeError. */
export async function decodePng(
  bytes: Uint8Array,
  header: ImageHeader,
  label: string,
): Promise<PixelData> {
  const { width, height } = header;
  const parts: Uint8Array[] = [];
  const found: Record<string, Uint8Array> = {};
  let whole = false;
  for (const chunk of pngChunks(bytes)) {
    if (!["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].includes(chunk.type)) continue;
    const payload = bytes.subarray(chunk.start, chunk.end);
    if (chunk.end + 4 <= bytes.length) checkCrc(bytes, chunk, label);
    if (chunk.type === "IDAT") parts.push(payload);
    else found[chunk.type] ??= payload;
    whole = chunk.type === "IEND";
  }
  const [bitDepth, colorType, , , interlace] = found.IHDR.subarray(8);
  const channels = CHANNELS[colorType];
  if (!DEPTHS[colorType]?.includes(bitDepth) || interlace > 1) {
    throw undecodable(label, `its PNG header has colour type ${colorType} of ${bitDepth} bits`);
  }
  if (colorType === 3 && !found.PLTE) throw undecodable(label, "its PNG palette is missing");
  const layout: PngLayout = { width, height, bitDepth, channels, interlaced: interlace === 1 };
  const passes = pngPasses(layout);
  const size = passes.reduce((sum, pass) => sum + (pass.rowBytes + 1) * pass.rows, 0);
  const raw = await inflate(parts, size);
  if (!raw) throw undecodable(label, whole ? "its PNG data is corrupt" : "it is truncated");

  const data = new Uint8ClampedArray(width * height * 4);
  const palette = colorType === 3 ? found.PLTE : undefined;
  const put = rowReader(layout, data, palette, found.tRNS);
  const pixelBytes = Math.max(1, (channels * bitDepth) >> 3);
  let at = 0;
  for (const pass of passes) {
    let above = new Uint8Array(pass.rowBytes);
    for (let row = 0; row < pass.rows; row++, at += pass.rowBytes + 1) {
      const line = raw.subarray(at + 1, at + 1 + pass.rowBytes);
      if (!readRow(raw[at], line, above, pixelBytes)) {
        throw undecodable(label, "its PNG data is corrupt");
      }
      put(line, pass, row);
      above = line;
    }
  }
  return { width, height, data };
}

function checkCrc(bytes: Uint8Array, { type, start, end }: Chunk<string>, label: string): void {
  if (crc32(bytes.subarray(start - 4, end)) !== uint32(bytes, end)) {
    throw undecodable(label, `its PNG chunk ${type} has a wrong checksum`);
  }
}

/** Inflates to exactly `size` bytes; undefined if there are fewer or more, or they are corrupt. */
async function inflate(
  parts: readonly Uint8Array[],
  size: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const steps = inflateSteps(parts);
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): void {
      const step = steps.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value);
    },
  });
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(size);
  let filled = 0;
  try {
    for (let step = await reader.read(); step.value; step = await reader.read()) {
      out.set(step.value, filled); // throws if there is no room
      filled += step.value.length;
    }
    return filled === size ? out : undefined;
  } catch {
    await reader.cancel().catch(() => {});
    return undefined;
  }
}

function* inflateSteps(parts: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += INFLATE_STEP_BYTES) {
      yield part.slice(at, at + INFLATE_STEP_BYTES) as Uint8Array<ArrayBuffer>;
    }
  }
}
