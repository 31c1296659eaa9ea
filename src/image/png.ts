// Decodes PNG of every colour type and depth with fast-png, behind a guard against files that inflate without end.
// fast-png gives samples as they are stored; here they become RGBA of 8 bits.

import type { DecodedPng } from "npm:fast-png@8.0.0";
import { pngChunks } from "./chunks.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { checkInflated } from "./inflate.ts";
import { undecodable } from "./limits.ts";

/** Returns the pixels of a PNG as stored (of an animated one its still picture), or ImageDecodeError. */
export async function decodePng(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  label: string,
): Promise<PixelData> {
  const [depth, , , , interlace] = bytes.subarray(24);
  if (depth < 8 && interlace > 0) {
    throw undecodable(
      label,
      `it is an interlaced PNG of ${depth} bits a sample`,
      "save it without interlace",
    );
  }
  // Four channels of 16 bits, a filter byte per row, and the rows that Adam7 adds.
  await checkInflated(imageData(bytes), width * height * 8 + height * 16 + 4096, "PNG", label);
  const { convertIndexedToRgb, decode } = await import("npm:fast-png@8.0.0");
  try {
    const png = decode(bytes, { checkCrc: true });
    const indexed = png.palette !== undefined || png.depth < 8;
    const whole = indexed
      ? spread(convertIndexedToRgb({ ...png, palette: png.palette ?? greys(png) }), width * height)
      : spread(png.data, width * height, png);
    return { width, height, data: whole };
  } catch (error) {
    throw undecodable(
      label,
      `its PNG data is corrupt (${(error as Error).message.replace(/\W+$/, "")})`,
    );
  }
}

/** Returns the colours of a grey picture of less than 8 bits, as a palette. */
function greys({ depth, transparency }: DecodedPng): [number, number, number, number][] {
  const max = 2 ** depth - 1;
  return Array.from({ length: max + 1 }, (_, value) => {
    const grey = Math.round(255 * value / max);
    return [grey, grey, grey, transparency?.[0] === value ? 0 : 255];
  });
}

/** Returns samples of 1 to 4 channels as RGBA of 8 bits. */
function spread(
  samples: ArrayLike<number>,
  pixels: number,
  { depth, transparency }: Partial<DecodedPng> = {},
): Uint8ClampedArray {
  const channels = samples.length / pixels;
  if (!Number.isInteger(channels)) throw new Error(`${samples.length} samples`);
  const shift = depth === 16 ? 8 : 0;
  const colours = channels < 3 ? 1 : 3;
  const out = new Uint8ClampedArray(pixels * 4);
  for (let i = 0, from = 0, to = 0; i < pixels; i++, from += channels, to += 4) {
    let clear = transparency !== undefined;
    for (let c = 0; c < colours; c++) clear &&= samples[from + c] === transparency![c];
    for (let c = 0; c < 3; c++) out[to + c] = samples[from + (colours === 1 ? 0 : c)] >> shift;
    const opaque = channels === colours ? 255 : samples[from + colours] >> shift;
    out[to + 3] = clear ? 0 : opaque;
  }
  return out;
}

function* imageData(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (const { type, start, end } of pngChunks(bytes)) {
    if (type === "IDAT") yield bytes.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }
}
