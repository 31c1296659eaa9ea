// Decodes still AVIF through libavif (WebAssembly); of an image sequence its first picture.

import { wasmCodec } from "./codec.ts";
import type { ImageHeader } from "./header.ts";
import type { PixelData } from "./image.ts";
import { undecodable } from "./limits.ts";
import { codecBytes } from "./package_file.ts";

const libavif = wasmCodec(
  "@jsquash/avif",
  () => import("npm:@jsquash/avif@2.1.1/codec/dec/avif_dec.js"),
  {
    arguments: [8], // bits a sample
    read: () =>
      codecBytes(
        "@jsquash/avif",
        import.meta.resolve("npm:@jsquash/avif@2.1.1/codec/dec/avif_dec.wasm"),
      ),
  },
);

/** libaom keeps several frames of up to 16 bits a sample; 24 bytes a pixel were the most that photos took. */
const HEAP_BYTES_PER_PIXEL = 40, HEAP_BYTES = 96 * 2 ** 20;

/** Returns the pixels of an AVIF as stored, or ImageDecodeError. */
export async function decodeAvif(
  bytes: Uint8Array,
  { width, height }: ImageHeader,
  label: string,
): Promise<PixelData> {
  const heap = HEAP_BYTES + HEAP_BYTES_PER_PIXEL * width * height + 2 * bytes.length;
  const { pixels, messages } = await libavif(bytes, heap);
  if (pixels) return pixels;
  throw undecodable(label, `it is truncated or corrupt (libavif: ${messages || "no picture"})`);
}
