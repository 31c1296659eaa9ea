// Decodes still WebP, lossy and lossless, through libwebp (WebAssembly).
// The header reader has refused animations before.

import { view } from "./chunks.ts";
import { wasmCodec } from "./codec.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";

const libwebp = wasmCodec("@jsquash/webp", () => import("@jsquash/webp/codec/dec/webp_dec.js"));

/** The pixels of a WebP as stored, or ImageDecodeError. */
export async function decodeWebp(
  bytes: Uint8Array,
  _header: ImageHeader,
  label: string,
): Promise<PixelData> {
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
